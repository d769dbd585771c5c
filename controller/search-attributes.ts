import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import type { Logger } from '../telemetry/index.ts'
import { describeError } from '../kube/index.ts'
import { SEARCH } from '../workflows/contract.ts'

/** Whether releases can be found in Temporal by what they are about. They go on without. */
export type SearchAttributes = {
  /** False where Temporal does not want them, and where it does not say soon. */
  known(): Promise<boolean>
  /** True when that is why Temporal refuses; from then on they are not known. */
  areMissing(error: unknown): boolean
}

type Options = { client: Client; namespace: string; log: Logger }

const DEADLINE_MS = 5_000
/** So long a release waits for the answer. */
const PATIENCE_MS = 1_000
/** Between two attempts while Temporal is away. */
const AWAY_MS = 5_000
/** A server tells its parts of what is new. */
const ATTEMPTS = 60
const BETWEEN_MS = 500

/** Codes of gRPC. */
const INVALID_ARGUMENT = 3
const ALREADY_EXISTS = 6
/** Temporal is away, or busy: another time it may answer. */
const PASSING: readonly unknown[] = [1, 4, 8, 14]
/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const KEYWORD = 2

const NAMES = Object.values(SEARCH).map(({ name }) => name)

/** Registers what Temporal does not know yet, at once, and as soon as it answers. */
export function searchAttributes(options: Options): SearchAttributes {
  let found: boolean | undefined
  const finding = untilFound(options).then((known) => (found ??= known))
  return {
    known: async () => found ?? Promise.race([finding, pause(PATIENCE_MS, false)]),
    areMissing(error) {
      if (codeOf(error) !== INVALID_ARGUMENT || !/search attribute/i.test(describeError(error))) return false
      if (found !== false) warn(options.log, error)
      found = false
      return true
    },
  }
}

async function untilFound(options: Options): Promise<boolean> {
  for (;;) {
    try {
      return await find(options)
    } catch (error) {
      options.log.debug({ error: describeError(error) }, 'Temporal does not say which search attributes it knows')
      // Nobody has to wait for that in order to end.
      await pause(AWAY_MS, undefined, { ref: false })
    }
  }
}

/** Rejects while Temporal does not answer. */
async function find(options: Options): Promise<boolean> {
  if (await areKnown(options)) return true
  const refusal = await register(options)
  if (refusal === undefined && (await becomeKnown(options))) return true
  warn(options.log, refusal ?? 'they were registered, and queries do not know them')
  return false
}

/** A query for them is what they are for, and Temporal's cloud answers it, too. */
async function areKnown({ client }: Options): Promise<boolean> {
  const query = NAMES.map((name) => `${name} = 'none'`).join(' AND ')
  try {
    await client.withDeadline(Date.now() + DEADLINE_MS, () => client.workflow.count(query))
    return true
  } catch (error) {
    if (PASSING.includes(codeOf(error))) throw error
    return false
  }
}

async function becomeKnown(options: Options): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (await areKnown(options)) return true
    await pause(BETWEEN_MS)
  }
  return false
}

/** What Temporal says against it. */
async function register({ client, namespace }: Options): Promise<unknown> {
  const wanted = { namespace, searchAttributes: Object.fromEntries(NAMES.map((name) => [name, KEYWORD])) }
  try {
    await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.connection.operatorService.addSearchAttributes(wanted),
    )
    return undefined
  } catch (error) {
    if (PASSING.includes(codeOf(error))) throw error
    return codeOf(error) === ALREADY_EXISTS ? undefined : error
  }
}

const warn = (log: Logger, why: unknown): void =>
  log.warn(
    { error: describeError(why) },
    `Temporal does not know the search attributes ${NAMES.join(', ')}: releases go on, and are found by their workflow id only`,
  )

function codeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined
  return 'code' in error ? error.code : codeOf(error.cause)
}
