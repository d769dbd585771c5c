/** Parts of a bootstrap that every Envoy of a stack has in common. */

const HTTP2 = 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

/** Listeners and clusters come from whom the static cluster `xds-grpc` leads to. */
export function dynamicResources(): object {
  const dynamic = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' }
  const backOff = { retry_back_off: { base_interval: '0.1s', max_interval: '0.5s' } }
  return {
    ads_config: {
      api_type: 'DELTA_GRPC',
      transport_api_version: 'V3',
      set_node_on_first_message_only: true,
      grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc', retry_policy: backOff } }],
    },
    lds_config: dynamic,
    cds_config: dynamic,
  }
}

/** A static cluster with one endpoint that speaks gRPC. */
export function grpcCluster(name: string, address: object): object {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': HTTP2,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  }
}

export const loopback = (port: number | string): object => ({
  socket_address: { address: '127.0.0.1', port_value: port },
})
