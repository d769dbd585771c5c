import { writeFile } from 'node:fs/promises'
import { statusOf } from '../probe.ts'
import type { ServerFactory } from './server.ts'

const AUDIENCE = 'https://kubernetes.default.svc'
/** Every request once, when it is answered, with who asked what and how it ended, without bodies. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
}

export const apiserver: ServerFactory = ({ ports, pki, tokens, auditLog, path }) => ({
  port: ports.apiserver,
  configure: () => writeFile(path('config', 'audit-policy.json'), JSON.stringify(AUDIT_POLICY)),
  command: (tools) => tools['kube-apiserver'],
  args: [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.apiserver}`,
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--tls-cert-file=${pki.certificate}`,
    `--tls-private-key-file=${pki.key}`,
    `--kubelet-certificate-authority=${pki.ca}`,
    `--kubelet-client-certificate=${pki.certificate}`,
    `--kubelet-client-key=${pki.key}`,
    `--proxy-client-cert-file=${pki.certificate}`,
    `--proxy-client-key-file=${pki.key}`,
    '--authorization-mode=RBAC',
    '--anonymous-auth=true',
    `--token-auth-file=${tokens}`,
    `--service-account-issuer=${AUDIENCE}`,
    `--service-account-signing-key-file=${pki.accountKey}`,
    `--service-account-key-file=${pki.accountPublicKey}`,
    `--api-audiences=${AUDIENCE},istio-ca`,
    '--enable-priority-and-fairness=false',
    '--profiling=false',
    `--audit-policy-file=${path('config', 'audit-policy.json')}`,
    `--audit-log-path=${auditLog}`,
    '--audit-log-maxsize=1000',
    '--v=1',
  ],
  ready: async () => (await statusOf(`https://127.0.0.1:${ports.apiserver}/readyz`, pki.ca)) === 200,
})
