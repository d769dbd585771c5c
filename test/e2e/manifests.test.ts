import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { expect, inject, test } from 'vitest'
import { accepted, refusals } from '../fixtures/manifests.ts'

const access = inject('access')
/** kubectl processes at a time. */
const AT_ONCE = 4

test('a Rollout that uses what the language has is accepted', async () => {
  const refused: string[] = []
  for (const { name, manifest } of accepted()) {
    const { code, stderr } = await dryRun(manifest)
    if (code !== 0) refused.push(`${name}: ${stderr}`)
  }
  expect(refused).toEqual([])
})

test('every wrong manifest is refused at kubectl apply with a sentence that names the field', async () => {
  const waiting = refusals()
  expect(waiting.length).toBeGreaterThan(50)
  const taken: string[] = []
  const unclear: string[] = []
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { code, stderr } = await dryRun(next.manifest)
      if (code === 0) taken.push(next.name)
      const missing = next.refused.filter((words) => !stderr.includes(words))
      if (missing.length > 0) unclear.push(`${next.name}: no ${JSON.stringify(missing)} in ${stderr}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  expect({ taken, unclear }).toEqual({ taken: [], unclear: [] })
})

async function dryRun(manifest: object): Promise<{ code: number; stderr: string }> {
  const args = ['--kubeconfig', access.kubeconfig, 'apply', '--dry-run=server', '-n', 'default', '-f', '-']
  const child = spawn(access.kubectl, args, { stdio: ['pipe', 'ignore', 'pipe'] })
  child.stdin.end(JSON.stringify(manifest))
  const [stderr, code] = await Promise.all([
    text(child.stderr),
    new Promise<number>((resolve) => child.once('exit', (exit) => resolve(exit ?? 1))),
  ])
  return { code, stderr }
}
