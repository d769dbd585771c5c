import { decodeLedger, type Ledger, type Source } from '../../analysis/index.ts'
import { Refusal } from '../failure.ts'
import { fields, list, number, oneOf, refuse, text, type Fields } from './field.ts'
import { policyFrom } from './policy.ts'
import { rowsFrom } from './rows.ts'

export type Found = {
  ledger: Ledger
  /** What it is called where there are several: `shop/checkout-7`. */
  name?: string
  /** Fields that nobody knows. */
  unknown: string[]
}

/**
 * The ledgers in one JSON value: a ledger, its stored form (gzipped, in base64), a Release that holds one, or a List of
 * those, as `kubectl get -o json` prints them. Throws `Refusal` with the field.
 */
export function ledgersIn(value: unknown): Found[] {
  if (typeof value === 'string') return [stored(value)]
  const object = fields(value, 'a line')
  if (object.kind === 'Release') return [ofRelease(object)]
  if (Array.isArray(object.items)) return object.items.map((item) => ofRelease(fields(item, 'an item')))
  if (object.kind !== undefined) return refuse('kind', 'Release or List; a ledger has none', object.kind)
  return [written(object)]
}

function written(object: Fields): Found {
  if (object.v !== 1) refuse('v', '1, the version of the ledger', object.v)
  const rows = rowsFrom(object.rows)
  const { policy, unknown } = policyFrom(object.policy, rows)
  const ledger: Ledger = {
    v: 1,
    canary: text(object.canary ?? 'canary', 'canary'),
    baseline: text(object.baseline ?? 'stable', 'baseline'),
    policy,
    sources: list(object.sources ?? [], 'sources').map(sourceFrom),
    ...(object.before === undefined ? {} : { before: fields(object.before, 'before') }),
    ...(object.running === undefined ? {} : { running: runningFrom(fields(object.running, 'running')) }),
    ...(object.cut === undefined ? {} : { cut: number(object.cut, 'cut', { least: 0, whole: true }) }),
    rows,
  }
  return { ledger, unknown: unknown.map((key) => `policy.${key}`) }
}

function sourceFrom(value: unknown, index: number): Source {
  const at = `sources[${index}]`
  const { metric, query, window } = fields(value, at)
  return {
    metric: text(metric, `${at}.metric`),
    query: text(query, `${at}.query`),
    window: text(window ?? '', `${at}.window`),
  }
}

function runningFrom(running: Fields): NonNullable<Ledger['running']> {
  const kind = oneOf(running.kind, ['analyze', 'bake', 'ramp', 'abTest'] as const, 'running.kind')
  const from = number(running.from, 'running.from')
  if (kind === 'abTest') {
    return { kind, from, ...(running.metric === undefined ? {} : { metric: text(running.metric, 'running.metric') }) }
  }
  return kind === 'ramp' ? { kind, from } : { kind, from, for: number(running.for, 'running.for', { least: 0 }) }
}

function ofRelease({ metadata, status }: Fields): Found {
  const { name, namespace } = fields(metadata ?? {}, 'metadata')
  const called = [namespace, name].filter((part) => typeof part === 'string').join('/')
  const { ledger } = fields(status ?? {}, 'status')
  if (ledger === undefined) throw new Refusal(`Release ${called} holds no status.ledger: nothing was measured yet`)
  return { ...stored(text(ledger, 'status.ledger')), name: called }
}

function stored(base64: string): Found {
  try {
    return { ledger: decodeLedger(base64.trim()), unknown: [] }
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error))
  }
}
