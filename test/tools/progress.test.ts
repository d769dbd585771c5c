import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { showProgress } from '../../tools/progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function paper(isTTY: boolean) {
  let written = ''
  return {
    isTTY,
    write(text: string) {
      written += text
      return true
    },
    text: () => written,
  }
}

const building = { tool: 'istiod', state: 'building', position: 5, total: 8 } as const

test('on a terminal one line is redrawn every second', () => {
  const output = paper(true)
  const progress = showProgress(output)
  progress.report(building)
  vi.advanceTimersByTime(130_000)
  progress.end()
  expect(output.text().split('\r\u001B[2K').at(-1)).toBe('building istiod, 5 of 8 … 2:10')
  expect(output.text()).not.toContain('\n')
})

test('elsewhere a plain line comes now and then, and one when a tool is built', () => {
  const output = paper(false)
  const progress = showProgress(output)
  progress.report(building)
  vi.advanceTimersByTime(31_000)
  progress.report({ ...building, state: 'built' })
  vi.advanceTimersByTime(60_000)
  progress.end()
  expect(output.text().split('\n')).toEqual([
    'building istiod, 5 of 8 … 0:00',
    'building istiod, 5 of 8 … 0:15',
    'building istiod, 5 of 8 … 0:30',
    'built istiod, 5 of 8, in 0:31',
    '',
  ])
})

test('who builds for us is named while we wait', () => {
  const output = paper(false)
  const progress = showProgress(output)
  progress.report({ state: 'waiting', pid: 4711 })
  progress.end()
  expect(output.text()).toBe('waiting for process 4711, which is building … 0:00\n')
})
