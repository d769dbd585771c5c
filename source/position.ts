import { isAlias, isMap, isScalar, isSeq, type Document, type LineCounter, type Node } from 'yaml'

/**
 * The line (from 1) of a field, as the API server names it: `spec.steps[0]`, `.spec.containers[name="x"].image`,
 * `metadata.labels[a.b/c]`. Of a field that is not there the line of the deepest one that is.
 */
export function lineOf(root: Node, field: string, document: Document, lines: LineCounter): number {
  let node: Node = root
  let offset = root.range?.[0] ?? 0
  for (const part of partsOf(field)) {
    const here = isAlias(node) ? node.resolve(document) : node
    const next = here && childOf(here, part)
    if (!next) break
    node = next.value
    offset = next.offset
  }
  return lines.linePos(offset).line
}

type Part = { key: string } | { item: string }
type Child = { value: Node; offset: number }

const partsOf = (field: string): Part[] =>
  [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, item, key]) =>
    item === undefined ? { key: key ?? '' } : { item },
  )

function childOf(node: Node, part: Part): Child | undefined {
  if (isMap(node)) {
    const key = 'key' in part ? part.key : part.item
    const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === key)
    const offset = (pair?.key as Node | undefined)?.range?.[0]
    return pair?.value && offset !== undefined ? { value: pair.value as Node, offset } : undefined
  }
  if (!isSeq(node) || !('item' in part)) return undefined
  const item = (/^\d+$/.test(part.item) ? node.items[Number(part.item)] : named(node.items, part.item)) as
    Node | undefined
  return item?.range ? { value: item, offset: item.range[0] } : undefined
}

/** `name="x",port=80`: the keys of a list, of which the API server fills in some by itself. */
function named(items: unknown[], keys: string): unknown {
  const wanted = [...keys.matchAll(/([^=,]+)=("[^"]*"|[^,]*)/g)]
  const isMeant = (item: unknown): boolean =>
    wanted.every(([, key = '', value = '']) => {
      const found = isMap(item) ? item.get(key) : null
      return found === undefined || JSON.stringify(found) === value
    })
  return wanted.length === 0 ? undefined : items.find(isMeant)
}
