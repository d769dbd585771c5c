import { createHash } from 'node:crypto'
import { context, SpanStatusCode, trace, TraceFlags, type Attributes, type Context } from '@opentelemetry/api'
import { describeError } from '../kube/index.ts'
import type { Deps } from './deps.ts'

/** What an activity may say about what it works for. */
type About = {
  ref?: Named
  target?: Named
  picture?: { ref: Named }
  release?: unknown
  number?: unknown
  canary?: unknown
  revision?: unknown
  stepIndex?: unknown
  step?: unknown
  fence?: { release?: unknown }
  notice?: { release?: unknown; revision?: unknown }
}
type Named = { namespace: string; name: string }

/**
 * A span around an activity. Those of a release are in one trace, whichever process they ran in: its id is known from the
 * cluster, the Rollout and the number. Without an SDK in the process nothing happens.
 */
export function traced<T>(site: Deps['site'], verb: string, input: unknown, work: () => Promise<T>): Promise<T> {
  const attributes = attributesOf(input ?? {}, site)
  return trace.getTracer('sluice').startActiveSpan(verb, { attributes }, parentOf(attributes), async (span) => {
    try {
      return await work()
    } catch (error) {
      // Not recordException: a stack is no words that were looked through for secrets.
      span.setStatus({ code: SpanStatusCode.ERROR, message: describeError(error) })
      throw error
    } finally {
      span.end()
    }
  })
}

function attributesOf({ ref, target, picture, notice, fence, ...input }: About, { cluster }: Deps['site']): Attributes {
  const about = ref ?? target ?? picture?.ref
  const facts: Record<string, unknown> = {
    'sluice.cluster': cluster,
    'sluice.namespace': about?.namespace,
    'sluice.rollout': about?.name,
    'sluice.release': input.release ?? input.number ?? fence?.release ?? notice?.release,
    'sluice.revision': input.canary ?? input.revision ?? notice?.revision,
    'sluice.step': typeof input.stepIndex === 'number' ? input.stepIndex + 1 : undefined,
  }
  const said = Object.entries(facts).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
  return Object.fromEntries(said) as Attributes
}

function parentOf(attributes: Attributes): Context {
  const names = ['cluster', 'namespace', 'rollout', 'release'].map((name) => attributes[`sluice.${name}`])
  if (names.includes(undefined)) return context.active()
  const digest = createHash('sha256').update(names.join('/')).digest('hex')
  const parent = {
    traceId: digest.slice(0, 32),
    spanId: digest.slice(32, 48),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  }
  return trace.setSpanContext(context.active(), parent)
}
