import { element, escaped, label } from './svg.ts'

export type PageOptions = { width: number; height: number; title: string; lines: string[] }

const MARGIN = 24

/** A whole file: readable on white and on black, because it brings its own paper. */
export function page({ width, height, title, lines }: PageOptions, ...content: string[]): string {
  const frame = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
  }
  const said = lines.map((line, i) => label(MARGIN, 56 + i * 18, line, 'words'))
  const parts = [
    element('title', {}, escaped(title)),
    element('style', {}, STYLE),
    element('rect', { class: 'paper', width, height }),
    label(MARGIN, 32, title, 'headline'),
    ...said,
    ...content,
  ]
  return `${element('svg', frame, ...parts.map((part) => `\n${part}`), '\n')}\n`
}

/** Colours of the lines; the words beside a line may have its colour, so all are readable as text. */
const LIGHT = { paper: '#ffffff', ink: '#1c2128', faint: '#57606a', rule: '#e3e6ea', bad: '#cf222e' }
const DARK: typeof LIGHT = { paper: '#12161c', ink: '#e6edf3', faint: '#9aa4af', rule: '#2b323b', bad: '#ff7b72' }
const LINES = {
  one: ['#0b62c4', '#6cb6ff'],
  two: ['#b35900', '#f0a35e'],
  three: ['#1a7f37', '#57c46f'],
  four: ['#8250df', '#c297ff'],
} as const

/** Plain rules, without variables: not only browsers draw SVG. */
const STYLE = `
svg { font: 13px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif }
.headline { font-size: 17px; font-weight: 600 } .title { font-weight: 600 } .figure, .note { font-size: 12px }
.rule { stroke-width: 1 } .one, .two, .three, .four { fill: none; stroke-width: 2; stroke-linejoin: round }
.dashed { fill: none; stroke-width: 1.5; stroke-dasharray: 6 4 } .line { fill: none; stroke-width: 1.5; stroke-dasharray: 2 4 }
.band, .area { opacity: .18 } .spot { stroke-width: 1.5 }
${colours(LIGHT, 0)}
@media (prefers-color-scheme: dark) {
${colours(DARK, 1)}
}
`

function colours({ paper, ink, faint, rule, bad }: typeof LIGHT, scheme: 0 | 1): string {
  const lines = Object.entries(LINES).map(
    ([name, pair]) => `.${name} { stroke: ${pair[scheme]} } .spot-${name}, .words-${name} { fill: ${pair[scheme]} }`,
  )
  return [
    `text { fill: ${ink} } .words, .figure, .note { fill: ${faint} } .paper { fill: ${paper} }`,
    `.rule { stroke: ${rule} } .dashed { stroke: ${bad} } .line { stroke: ${faint} } .spot { stroke: ${paper} }`,
    `.band { fill: ${LINES.one[scheme]} } .area { fill: ${LINES.three[scheme]} }`,
    ...lines,
  ].join('\n')
}
