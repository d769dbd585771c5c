import type { TestProject } from 'vitest/node'
import { startGround, type Access } from './ground.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The stack and the engine that all files of the project `e2e` share. */
    access: Access
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const ground = await startGround()
  provide('access', ground.access)
  return async () => ground[Symbol.asyncDispose]()
}
