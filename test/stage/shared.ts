import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundleWorkflows } from '../rehearsals/rehearsal.ts'
import { startGround, type Access } from './ground.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The stack and the engine that all files of the project `e2e` share. */
    access: Access
    /** The workflow as one file, for rehearsals. */
    codePath: string
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-workflows-'))
  provide('codePath', await bundleWorkflows(folder))
  const ground = await startGround()
  provide('access', ground.access)
  return async () => {
    await ground[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  }
}
