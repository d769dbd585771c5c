import { pino, type DestinationStream, type Logger } from 'pino'
import { withoutSecrets } from '../kube/secrets.ts'

export type { Logger }

/** What a line is about: `rolloutLog(log, about)` puts it on every line of that part of the work. */
export type About = { namespace: string; rollout: string; revision?: string; workflowId?: string }

export type LogOptions = {
  /** info: decisions only; debug: loops too. Default info. */
  level?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Which process: controller, worker, api. */
  component: string
  /** Default: standard output. */
  destination?: DestinationStream
}

/** JSON lines. Credentials are taken out by name of the field, and out of the texts of errors. */
export function createLog({ level = 'info', component, destination }: LogOptions): Logger {
  const options = {
    level,
    base: { component },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '***' },
    serializers: { error: describe, err: describe },
  }
  return destination ? pino(options, destination) : pino(options)
}

export const rolloutLog = (log: Logger, about: About): Logger => log.child(about)

const SECRET_FIELDS = ['authorization', 'Authorization', 'token', 'bearerToken', 'password', 'cookie', 'secret']

type Described = { name: string; message: string; code?: unknown; stack?: string; cause?: Described | string }

function describe(error: unknown): Described | string {
  if (!(error instanceof Error)) return withoutSecrets(typeof error === 'string' ? error : JSON.stringify(error))
  const { code } = error as { code?: unknown }
  return {
    name: error.name,
    message: withoutSecrets(error.message),
    ...(code === undefined ? {} : { code }),
    ...(error.stack === undefined ? {} : { stack: withoutSecrets(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: describe(error.cause) }),
  }
}
