import { stripVTControlCharacters } from 'node:util'

/** Borderless columns, padded to the widest cell. Cells may be coloured; a column whose cells are all numbers is right-aligned. */
export function table(header: string[], rows: string[][]): string[] {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))))
  const right = header.map((_, column) => rows.every((row) => /^[\d\u00A0.]*( %)?$/.test(plain(row[column] ?? ''))))
  return all.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, right[column] === true && rows.length > 0))
      .join('   ')
      .trimEnd(),
  )
}

/** Time since then in one unit, as `kubectl get` shows it; empty when unknown. */
export function age(since: string | undefined, now: number): string {
  if (since === undefined) return ''
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1_000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

/** Lines of at most `width` characters, every one after the first indented; breaks at blanks, and never within 12 345. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.replaceAll('\n', ' ').split(/(?<!\d) | (?!\d{3}(?!\d))/)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = indent + word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Local time of day. */
export const clock = (at: string): string => new Date(at).toLocaleTimeString('en-GB')

/** Thousands stand apart by a no-break space. At most three decimals. */
export const integer = (value: number): string => value.toLocaleString('en-US').replaceAll(',', '\u00A0')

const plain = (text: string): string => stripVTControlCharacters(text)
const widthOf = (text: string): number => plain(text).length

function pad(cell: string, width: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(cell)))
  return right ? blanks + cell : cell + blanks
}
