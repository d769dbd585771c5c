import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import colors from 'picocolors'
import { onTestFinished } from 'vitest'
import { run } from '../../cli/program.ts'

/** `sluice ARGS` as a person types it who has no cluster. */
export async function sluice(...args: string[]): Promise<{ code: number; out: string; complaints: string }> {
  const said = { out: '', complaints: '' }
  const code = await run(args, {
    print: (text) => (said.out += text),
    complain: (text) => (said.complaints += text),
    colors: colors.createColors(false),
    now: () => Date.parse('2030-01-01T00:00:30Z'),
  })
  return { code, ...said }
}

/** Names files in a folder that is gone after the test. */
export function folder(): (name: string) => string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return (name) => join(path, name)
}
