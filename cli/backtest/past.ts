import { readPast } from '../../analysis/reader/index.ts'
import { totalsOf, type History } from '../../analysis/backtest/index.ts'
import { Refusal } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { credentialsFrom, type CredentialOptions } from './credentials.ts'
import { readCsv } from './csv.ts'
import type { Declared } from '../plan/rollouts.ts'
import { openProgress } from './progress.ts'

export type HistoryOptions = CredentialOptions & {
  prometheus?: string
  fromCsv?: string
  days: number
  service?: string
  namespace?: string
}

const STEP_SECONDS = 60
const DAY_SECONDS = 86_400

/** The past of the declared service, and what it is called. Throws `Refusal` when there is none. */
export async function readHistory(
  declared: Declared,
  options: HistoryOptions,
  terminal: Terminal,
): Promise<{ history: History; service: string }> {
  const { fromCsv, prometheus } = options
  if (fromCsv !== undefined && prometheus !== undefined) {
    throw new Refusal('--prometheus and --from-csv exclude each other; keep one')
  }
  const found =
    fromCsv === undefined
      ? await fromPrometheus(declared, options, terminal)
      : { history: await readCsv(fromCsv), service: fromCsv }
  if (totalsOf(found.history).n > 0) return found
  const where = `${found.service} had no request in this time`
  throw new Refusal(
    fromCsv === undefined
      ? `${where}; is it the Service that has the traffic? --service and -n name another one`
      : where,
  )
}

async function fromPrometheus(declared: Declared, options: HistoryOptions, terminal: Terminal) {
  const {
    prometheus: named,
    service = declared.spec.service.name,
    namespace = declared.namespace ?? 'default',
    days,
  } = options
  const address = named ?? declared.policy.prometheus?.address
  if (address === undefined) throw new Refusal('say where history comes from: --prometheus URL or --from-csv FILE')
  const to = Math.floor(terminal.now() / 1_000 / STEP_SECONDS - 1) * STEP_SECONDS
  const progress = openProgress('reading history', terminal)
  try {
    const history = await readPast({
      address,
      namespace,
      service,
      from: to - days * DAY_SECONDS,
      to,
      step: STEP_SECONDS,
      credentials: await credentialsFrom(options),
      withLatency: declared.policy.metrics.some(({ kind }) => kind === 'latency'),
      onProgress: (done, total) => progress.tell(done, total),
    })
    return { history, service: `${namespace}/${service}` }
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal(`${address}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    progress.end()
  }
}
