import { Environment, type ParseResult } from '@marcbachmann/cel-js'

/** Whether the expression holds for a value, or why nobody can tell. */
export type Condition = (value: number) => boolean | string

/** What is wrong with a CEL expression over the number `value`, whatever that is; undefined where it can be asked. */
export function checkCel(expression: string): string | undefined {
  const parsed = parse(expression)
  if (typeof parsed === 'string') return parsed
  const { error, type } = parsed.check()
  if (error) return firstLine(error)
  return type === 'bool' || type === 'dyn' ? undefined : UNDECIDED
}

/** What a person reads about an expression that nobody can judge by. */
export const unjudgeable = (metric: string, why: string): string =>
  `the cel of ${metric} cannot be judged by: ${why}; mend analysis.metrics and release again, or promote or abort`

/** A bad expression is no reason to stop judging: it says so at every row, and the verdict holds. */
export function conditionOf(expression: string): Condition {
  const parsed = parse(expression)
  if (typeof parsed === 'string') return () => parsed
  return (value) => {
    try {
      const result: unknown = parsed({ value })
      return typeof result === 'boolean' ? result : UNDECIDED
    } catch (error) {
      return firstLine(error)
    }
  }
}

const UNDECIDED = 'is neither true nor false'
/** Verdicts are folded anew at every row, and parsing costs more than all the rest of a bound. */
const known = new Map<string, ParseResult | string>()
const MOST_KNOWN = 1_000
const environment = new Environment().registerVariable('value', 'double')

function parse(expression: string): ParseResult | string {
  const found = known.get(expression)
  if (found !== undefined) return found
  if (known.size >= MOST_KNOWN) known.clear()
  const parsed = parsedOrWhy(expression)
  known.set(expression, parsed)
  return parsed
}

function parsedOrWhy(expression: string): ParseResult | string {
  try {
    return environment.parse(expression)
  } catch (error) {
    return firstLine(error)
  }
}

/** The library draws the place below the message. */
const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''
