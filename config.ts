import process from 'node:process'
import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'

const ROLES = ['controller', 'worker', 'all', 'api'] as const

const file = z.string().min(1).optional()

const temporal = {
  temporalAddress: z.string().regex(/^\S+:\d+$/, 'must be HOST:PORT'),
  temporalNamespace: z.string().min(1),
  temporalTls: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  temporalTlsServerName: z.string().min(1).optional(),
  temporalTlsCa: file,
  temporalTlsCert: file,
  temporalTlsKey: file,
  temporalApiKeyFile: file,
}

const schema = z.object({
  role: z.enum(ROLES),
  kubeconfig: z.string().optional(),
  ...temporal,
  cluster: z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be lower case letters, digits and dashes'),
  leaseNamespace: z.string().min(1),
  healthPort: z.int().min(0).max(65_535),
  healthHost: z.string().min(1),
  uiUrl: z.url({ protocol: /^https?$/ }).optional(),
  callbackSecretFile: z.string().min(1).optional(),
  sourceFiles: z.string().min(1).optional(),
  kustomize: z.string().min(1).optional(),
  allowLocalTargets: z.enum(['true', 'false']).transform((text) => text === 'true'),
  apiPort: z.int().min(0).max(65_535),
  apiHost: z.string().min(1),
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  trustedProxies: z
    .string()
    .transform((text) => text.split(',').map((range) => range.trim()))
    .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be an address or a CIDR')))
    .optional(),
  sessionSecretFile: z.string().optional(),
  oidcIssuer: z.url({ protocol: /^https?$/ }).optional(),
  oidcClientId: z.string().min(1),
  oidcClientSecretFile: z.string().optional(),
  oidcScopes: z.string().regex(/(^| )openid( |$)/, 'must contain openid'),
  temporalUi: z.url({ protocol: /^https?$/ }).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']),
})

export type Config = z.output<typeof schema>

/** The only reader of the environment. Flags win over variables. Prints help or the mistake and exits on bad input. */
export function readConfig(argv = process.argv): Config {
  const command = commandLine()
  command.parse(argv)
  const parsed = schema.safeParse({ role: command.args[0] ?? 'all', ...command.opts() })
  if (parsed.success) return parsed.data
  return command.error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'))
}

const DESCRIPTION = `Releases new revisions of Rollouts: the controller sees changes, the worker carries releases out.
The api shows people what happens and takes their decisions: a process of its own, with an identity of its own.`

function commandLine(): Command {
  const command = new Command('sluice-engine')
    .description(DESCRIPTION)
    .argument('[role]', `what this process does: ${ROLES.join(' | ')}; all is controller and worker`, 'all')
  for (const each of [...sharedOptions(), ...peopleOptions(), ...temporalOptions(), ...apiOptions()])
    command.addOption(each)
  return command
}

function option(flags: string, about: string, env: string, fallback?: string): Option {
  const made = new Option(flags, about).env(env)
  return fallback === undefined ? made : made.default(fallback)
}

const port = (flags: string, about: string, env: string, fallback: number): Option =>
  option(flags, `${about}; 0 picks a free one`, env).argParser(portNumber).default(fallback)

const sharedOptions = (): Option[] => [
  option(
    '--kubeconfig <file>',
    'how to reach the API server; default: in-cluster, or the usual rules',
    'SLUICE_KUBECONFIG',
  ),
  option(
    '--lease-namespace <name>',
    'where controllers agree on which of them leads',
    'SLUICE_NAMESPACE',
    'sluice-system',
  ),
  option('--cluster <name>', 'name of this cluster; part of every workflow id', 'SLUICE_CLUSTER', 'local'),
  port(
    '--health-port <port>',
    'serves /healthz, /readyz, /metrics and the /hooks of Sources',
    'SLUICE_HEALTH_PORT',
    8080,
  ),
  option('--health-host <address>', 'address of those', 'SLUICE_HEALTH_HOST', '0.0.0.0'),
  option(
    '--source-files <folder>',
    'controller: where the repositories of Sources may be that are named by file://; default: nowhere',
    'SLUICE_SOURCE_FILES',
  ),
  option(
    '--kustomize <file>',
    'controller: kustomize, or a kubectl, for Sources that need it; default: the one on $PATH',
    'SLUICE_KUSTOMIZE',
  ),
  option(
    '--allow-local-targets <true|false>',
    'Channels, webhooks, Sources and analyses may name this machine, its link, and what a cloud tells its machines: where everything is on one machine',
    'SLUICE_ALLOW_LOCAL_TARGETS',
    'false',
  ),
  option('--log-level <level>', 'debug | info | warn | error', 'SLUICE_LOG_LEVEL', 'info'),
]

/** Named in the environment as Temporal's own tools name them. */
const temporalOptions = (): Option[] => [
  option('--temporal-address <host:port>', 'Temporal frontend', 'TEMPORAL_ADDRESS', '127.0.0.1:7233'),
  option('--temporal-namespace <name>', 'Temporal namespace', 'TEMPORAL_NAMESPACE', 'default'),
  option(
    '--temporal-tls <true|false>',
    'TLS to Temporal; default: true as soon as one of the following is set',
    'TEMPORAL_TLS',
  ),
  option(
    '--temporal-tls-server-name <name>',
    'whose certificate Temporal has to show; default: the host of its address',
    'TEMPORAL_TLS_SERVER_NAME',
  ),
  option(
    '--temporal-tls-ca <file>',
    'PEM: who vouches for that certificate; default: those that this system trusts',
    'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  ),
  option('--temporal-tls-cert <file>', 'PEM: the certificate of the engine', 'TEMPORAL_TLS_CLIENT_CERT_PATH'),
  option('--temporal-tls-key <file>', 'PEM: the key of that, without a passphrase', 'TEMPORAL_TLS_CLIENT_KEY_PATH'),
  option('--temporal-api-key-file <file>', 'the API key of the engine at Temporal', 'TEMPORAL_API_KEY_FILE'),
]

/** How people come to what the worker tells them of. */
const peopleOptions = (): Option[] => [
  option(
    '--ui-url <url>',
    'worker: how people reach the UI; notifications link to it, and callbacks are answered there',
    'SLUICE_UI_URL',
  ),
  option(
    '--callback-secret-file <file>',
    'worker and api: what addresses of callbacks are signed with, at least 32 characters, the same for both; without such a file no gate is answered by an address',
    'SLUICE_CALLBACK_SECRET_FILE',
  ),
]

/** Secrets are files: what stands in a command line or the environment, others on the machine can read. */
const apiOptions = (): Option[] => [
  port('--api-port <port>', 'api: serves the API and the UI', 'SLUICE_API_PORT', 8090),
  option('--api-host <address>', 'api: address of that', 'SLUICE_API_HOST', '0.0.0.0'),
  option(
    '--public-url <url>',
    'api: how browsers reach it; https: where TLS ends before it; default: the port on localhost',
    'SLUICE_PUBLIC_URL',
  ),
  option(
    '--trusted-proxies <ranges>',
    'api: addresses and CIDRs, with commas between, of the proxies whose X-Forwarded-For is believed; default: of none',
    'SLUICE_TRUSTED_PROXIES',
  ),
  option(
    '--session-secret-file <file>',
    'api: what sign-ins are sealed with, at least 32 characters, the same for all replicas; without such a file a restart signs everybody out',
    'SLUICE_SESSION_SECRET_FILE',
  ),
  option(
    '--oidc-issuer <url>',
    'api: people sign in there; the API server has to trust the same issuer and client',
    'SLUICE_OIDC_ISSUER',
  ),
  option('--oidc-client-id <id>', 'api: how the issuer knows it', 'SLUICE_OIDC_CLIENT_ID', 'sluice'),
  option('--oidc-client-secret-file <file>', 'api: where the client has one', 'SLUICE_OIDC_CLIENT_SECRET_FILE'),
  option('--oidc-scopes <scopes>', 'api: what is asked for', 'SLUICE_OIDC_SCOPES', 'openid email groups'),
  option('--temporal-ui <url>', "api: where Temporal's own UI is; releases link to it", 'SLUICE_TEMPORAL_UI'),
]

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError('a port is 0 to 65535')
  return port
}
