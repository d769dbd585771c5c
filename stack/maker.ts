import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Says in the folder of a stack that the demo makes it: the demo's next run clears it, and nobody else's. Before it starts. */
export function markAsDemo(stateDir: string): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  writeFileSync(markOf(stateDir), 'The next `npm start` clears this folder.\n')
}

export const isOfDemo = (stateDir: string): boolean => existsSync(markOf(stateDir))

const markOf = (stateDir: string): string => join(stateDir, 'made-by-demo')
