import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Ending, Endings, Scene } from './scene.ts'

/** Runs from one number on. */
export type Task = { scene: Scene; seed: number; from: number; to: number }

export type PoolOptions = { scenes: Scene[]; seed: number; onDone: (done: number, total: number) => void }

/** Runs per task: long enough that messages cost nothing, short enough that no thread waits for another. */
const PORTION = 250

/** Endings by scene and rule. Rejects with the first error of a thread. */
export async function playAll({ scenes, seed, onDone }: PoolOptions): Promise<Map<string, Record<string, Ending[]>>> {
  const tasks = scenes.flatMap((scene) =>
    Array.from({ length: Math.ceil(scene.runs / PORTION) }, (_, i): Task => {
      return { scene, seed, from: i * PORTION, to: Math.min(scene.runs, (i + 1) * PORTION) }
    }),
  )
  const endings = new Map<string, Record<string, Ending[]>>()
  let next = 0
  let done = 0
  const workers = Array.from({ length: Math.min(availableParallelism(), tasks.length) }, () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    const ended = new Promise<void>((resolve, reject) => {
      const takeNext = (): void => {
        const task = tasks[next++]
        if (!task) return resolve()
        worker.postMessage(task, [])
        worker.once('message', (played: Endings[]) => {
          collect(endings, task.scene.name, played)
          onDone((done += 1), tasks.length)
          takeNext()
        })
      }
      worker.on('error', reject)
      worker.on('exit', () => reject(new Error('a worker thread has ended before its work')))
      takeNext()
    })
    return { worker, ended }
  })
  try {
    await Promise.all(workers.map(({ ended }) => ended))
  } finally {
    await Promise.all(workers.map(({ worker }) => worker.terminate()))
  }
  return endings
}

/** Portions come in any order, which no figure depends on. */
function collect(endings: Map<string, Record<string, Ending[]>>, scene: string, played: Endings[]): void {
  const rules = endings.get(scene) ?? {}
  for (const run of played) for (const [rule, ending] of Object.entries(run)) (rules[rule] ??= []).push(ending)
  endings.set(scene, rules)
}
