import type { WriteStream } from 'node:tty'
import type { ProgressReport } from './resolve.ts'

const REDRAW_MS = 1_000
const PLAIN_LINE_MS = 15_000

export type Output = Pick<WriteStream, 'write'> & { isTTY?: boolean }

/** Shows progress as one line that is redrawn on a terminal, or as a plain line now and then elsewhere. */
export function showProgress(output: Output): { report: ProgressReport; end: () => void } {
  const started = new Map<string, number>()
  let shown: { text: string; since: number } | undefined
  const timer = setInterval(draw, output.isTTY === true ? REDRAW_MS : PLAIN_LINE_MS)
  timer.unref()

  function draw(): void {
    if (shown === undefined) return
    const line = `${shown.text} … ${clock(Date.now() - shown.since)}`
    output.write(output.isTTY === true ? `\r\x1b[2K${line}` : `${line}\n`)
  }
  function say(line: string): void {
    output.write(output.isTTY === true ? `\r\x1b[2K${line}\n` : `${line}\n`)
  }
  const report: ProgressReport = (event) => {
    if (event.state === 'waiting') {
      shown = { text: `waiting for process ${event.pid}, which is building`, since: Date.now() }
      return draw()
    }
    const since = started.get(event.tool) ?? Date.now()
    started.set(event.tool, since)
    const place = `${event.tool}, ${event.position} of ${event.total}`
    shown = event.state === 'built' ? undefined : { text: `${event.state} ${place}`, since }
    return event.state === 'built' ? say(`built ${place}, in ${clock(Date.now() - since)}`) : draw()
  }
  return { report, end: () => clearInterval(timer) }
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
