/** Elements of SVG as text. */

export type Attributes = Record<string, string | number>

/** `<name a="…">children</name>`; attributes are escaped, children are taken as they are. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(figure(value))}"`)
  const inside = children.join('')
  return inside === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inside}</${name}>`
}

export type Anchor = 'start' | 'middle' | 'end'

export const label = (x: number, y: number, words: string, kind: string, anchor: Anchor = 'start'): string =>
  element('text', { x, y, class: kind, 'text-anchor': anchor }, escaped(words))

export type Point = [x: number, y: number]

export const polyline = (points: Point[], kind: string): string =>
  points.length === 0 ? '' : element('path', { class: kind, d: pathOf(points) })

/** Between an upper and a lower line over the same places. */
export const band = (upper: Point[], lower: Point[], kind: string): string =>
  upper.length === 0 ? '' : element('path', { class: kind, d: `${pathOf([...upper, ...lower.toReversed()])}Z` })

/** Goes on at its height until the next point. */
export const steps = (points: Point[]): Point[] =>
  points.flatMap(([x, y], i): Point[] => {
    const next = points[i + 1]
    return next
      ? [
          [x, y],
          [next[0], y],
        ]
      : [[x, y]]
  })

export const escaped = (text: string): string =>
  text.replace(/[<>&"]/g, (sign) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;' })[sign] ?? '&quot;')

const pathOf = (points: Point[]): string => `M${points.map(([x, y]) => `${figure(x)} ${figure(y)}`).join('L')}`

const figure = (value: string | number): string =>
  typeof value === 'number' ? `${Math.round(value * 10) / 10}` : value
