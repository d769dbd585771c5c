/** How the fake API server combines what is stored with what is sent. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Fields = { [key: string]: Json }

/** RFC 7386: null removes, objects merge, everything else replaces. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isFields(patch)) return patch
  const merged: Fields = isFields(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}

/**
 * Server-side apply, small: what the manager applied before and leaves out now is removed, the rest is merged. Lists are
 * atomic, except `conditions`, whose items are told apart by `type`. Ownership conflicts are not modelled.
 */
export function applyFields(stored: Json | undefined, previous: Json | undefined, applied: Json): Json {
  return unkeyed(combine(keyed(stored), keyed(previous), keyed(applied))) ?? null
}

function combine(stored: Json | undefined, previous: Json | undefined, applied: Json | undefined): Json | undefined {
  if (!isFields(applied)) return applied
  const result: Fields = isFields(stored) ? { ...stored } : {}
  const before: Fields = isFields(previous) ? previous : {}
  for (const key of Object.keys(before)) if (!(key in applied)) forget(result, before, key)
  for (const [key, value] of Object.entries(applied)) {
    const next = combine(result[key], before[key], value)
    if (next !== undefined) result[key] = next
  }
  return result
}

/** Removes only the leaves that the manager itself had applied: siblings belong to others. */
function forget(result: Fields, before: Fields, key: string): void {
  const [mine, current] = [before[key], result[key]]
  if (!isFields(mine) || !isFields(current)) {
    delete result[key]
    return
  }
  const rest: Fields = { ...current }
  for (const inner of Object.keys(mine)) forget(rest, mine, inner)
  if (Object.keys(rest).length === 0) delete result[key]
  else result[key] = rest
}

const KEYED = 'by-type:'

function keyed(value: Json | undefined): Json | undefined {
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]): [string, Json] => {
      if (key !== 'conditions' || !Array.isArray(inner)) return [key, keyed(inner) ?? null]
      return [KEYED + key, Object.fromEntries((inner as { type: string }[]).map((item) => [item.type, item]))]
    }),
  )
}

function unkeyed(value: Json | undefined): Json | undefined {
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]): [string, Json] =>
      key.startsWith(KEYED) && isFields(inner)
        ? [key.slice(KEYED.length), Object.values(inner)]
        : [key, unkeyed(inner) ?? null],
    ),
  )
}

const isFields = (value: Json | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
