import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker'
import { beforeAll, expect, test } from 'vitest'

/** Histories of releases that ran once (see `record.ts`): today's workflow would do the same with them. */
const HISTORIES = fileURLToPath(new URL('../histories', import.meta.url))
const files = globSync('*/*.json', { cwd: HISTORIES })

let bundle: WorkflowBundleWithSourceMap
beforeAll(async () => {
  const logger = new DefaultLogger('ERROR')
  Runtime.install({ logger, telemetryOptions: { logging: { filter: 'OFF' } } })
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url))
  bundle = await bundleWorkflowCode({ workflowsPath, logger })
})

test.for(files)('the release in %s would go the same way again', async (file) => {
  const history: unknown = JSON.parse(readFileSync(`${HISTORIES}/${file}`, 'utf8'))
  await expect(Worker.runReplayHistory({ workflowBundle: bundle }, history)).resolves.toBeUndefined()
})

test('histories of every end of a release are there', () => {
  const scenarios = files.map((file) => file.replace(/^.*\//, '').replace(/(-\d+)?\.json$/, ''))
  expect(new Set(scenarios)).toEqual(
    new Set([
      'promoted',
      'rolled-back',
      'aborted',
      'superseded',
      'withdrawn',
      'continued',
      'retreated',
      'ramped',
      'beside',
      'returned',
    ]),
  )
})

test('every cached workflow would pay for zod, so it is not in the bundle', () => {
  expect(bundle.code).toContain('workflows/release.ts')
  expect(bundle.code).not.toContain('node_modules/zod')
})
