import { runTasks } from '../../cli/backtest/pool.ts'
import type { Ending, Endings, Scene } from './scene.ts'

/** Runs from one number on. */
export type Task = { scene: Scene; seed: number; from: number; to: number }

export type PlayOptions = { scenes: Scene[]; seed: number; onDone: (done: number, total: number) => void }

/** Runs per task: long enough that messages cost nothing, short enough that no thread waits for another. */
const PORTION = 250

/** Endings by scene and rule. Rejects with the first error of a thread. */
export async function playAll({ scenes, seed, onDone }: PlayOptions): Promise<Map<string, Record<string, Ending[]>>> {
  const tasks = scenes.flatMap((scene) =>
    Array.from({ length: Math.ceil(scene.runs / PORTION) }, (_, i): Task => {
      return { scene, seed, from: i * PORTION, to: Math.min(scene.runs, (i + 1) * PORTION) }
    }),
  )
  const script = new URL('./worker.ts', import.meta.url)
  const played = await runTasks<Task, Endings[]>({ script, tasks, onDone })
  const endings = new Map<string, Record<string, Ending[]>>()
  tasks.forEach(({ scene }, i) => collect(endings, scene.name, played[i] ?? []))
  return endings
}

function collect(endings: Map<string, Record<string, Ending[]>>, scene: string, played: Endings[]): void {
  const rules = endings.get(scene) ?? {}
  for (const run of played) for (const [rule, ending] of Object.entries(run)) (rules[rule] ??= []).push(ending)
  endings.set(scene, rules)
}
