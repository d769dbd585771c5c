import process from 'node:process'
import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'

const ROLES = ['controller', 'worker', 'all'] as const

const schema = z.object({
  role: z.enum(ROLES),
  kubeconfig: z.string().optional(),
  temporalAddress: z.string().regex(/^\S+:\d+$/, 'must be HOST:PORT'),
  temporalNamespace: z.string().min(1),
  cluster: z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be lower case letters, digits and dashes'),
  leaseNamespace: z.string().min(1),
  healthPort: z.int().min(0).max(65_535),
  healthHost: z.string().min(1),
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

function commandLine(): Command {
  const option = (flags: string, about: string, env: string, fallback?: string): Option => {
    const made = new Option(flags, about).env(env)
    return fallback === undefined ? made : made.default(fallback)
  }
  return new Command('sluice-engine')
    .description('Releases new revisions of Rollouts: the controller sees changes, the worker carries releases out.')
    .argument('[role]', `what this process does: ${ROLES.join(' | ')}`, 'all')
    .addOption(
      option(
        '--kubeconfig <file>',
        'how to reach the API server; default: in-cluster, or the usual rules',
        'SLUICE_KUBECONFIG',
      ),
    )
    .addOption(option('--temporal-address <host:port>', 'Temporal frontend', 'TEMPORAL_ADDRESS', '127.0.0.1:7233'))
    .addOption(option('--temporal-namespace <name>', 'Temporal namespace', 'TEMPORAL_NAMESPACE', 'default'))
    .addOption(
      option(
        '--lease-namespace <name>',
        'where controllers agree on which of them leads',
        'SLUICE_NAMESPACE',
        'sluice-system',
      ),
    )
    .addOption(option('--cluster <name>', 'name of this cluster; part of every workflow id', 'SLUICE_CLUSTER', 'local'))
    .addOption(
      option(
        '--health-port <port>',
        'serves /healthz, /readyz and /metrics; 0 picks a free one',
        'SLUICE_HEALTH_PORT',
        '8080',
      )
        .argParser(portNumber)
        .default(8080),
    )
    .addOption(option('--health-host <address>', 'address of those', 'SLUICE_HEALTH_HOST', '0.0.0.0'))
    .addOption(option('--log-level <level>', 'debug | info | warn | error', 'SLUICE_LOG_LEVEL', 'info'))
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError('a port is 0 to 65535')
  return port
}
