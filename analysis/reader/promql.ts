import type { SampleRequest } from '../sampler.ts'

/** PromQL of a user's own: names are filled in, and nothing else is changed. */

export type Arm = 'canary' | 'baseline'

/** `$service`, `$revision`, `$namespace` and `$rollout` as they are for this arm. */
export function filled(text: string, request: SampleRequest, arm: Arm): string {
  const names: Record<string, string> = {
    service: request[arm],
    revision: request.revisions[arm],
    namespace: request.namespace,
    rollout: request.rollout,
  }
  const put = (part: string, escape: (name: string) => string): string =>
    part.replaceAll(PLACEHOLDER, (_, name: string) => escape(names[name] ?? ''))
  return text.trim().replaceAll(STRING_OR_REST, (part, operator: string | undefined, quoted: string | undefined) => {
    if (quoted === undefined) return put(part, (name) => name)
    const literal = operator === undefined ? quote : (name: string) => quote(forRegex(name))
    return put(
      part,
      quoted.startsWith('`') && operator !== undefined ? forRegex : quoted.startsWith('`') ? same : literal,
    )
  })
}

/** The raw samples of a series selector; `seconds` is the width of the window. */
export const ranged = (selector: string, seconds: number): string => `${selector}[${Math.ceil(seconds * 1_000)}ms]`

const PLACEHOLDER = /\$(service|revision|namespace|rollout)\b/g
/** A string, with the operator before it where it is a regular expression, or what lies between strings. */
const STRING_OR_REST = /([=!]~\s*)?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|[^"'`]+?(?=[=!]~|["'`]|$)/gs

const same = (name: string): string => name
const quote = (name: string): string => name.replace(/[\\"']/g, '\\$&')
const forRegex = (name: string): string => name.replace(/[\\.*+?^${}()|[\]]/g, '\\$&')
