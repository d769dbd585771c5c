import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Outcome, Setting, Task } from '../../analysis/backtest/index.ts'
import type { ToWorker } from './worker.ts'

export type PoolOptions = {
  setting: Setting
  tasks: Task[]
  /** Threads; default: one per core. */
  threads?: number
  onDone: (done: number, total: number) => void
}

/** Outcomes per task, in the order of the tasks: the number of threads changes the time alone. Rejects with the first error. */
export async function runTasks({ setting, tasks, threads, onDone }: PoolOptions): Promise<Outcome[][]> {
  const results: Outcome[][] = []
  let next = 0
  let done = 0
  const workers = Array.from({ length: Math.min(threads ?? availableParallelism(), tasks.length) }, () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    const send = (message: ToWorker): void => worker.postMessage(message, [])
    const takeNext = (): boolean => {
      const task = tasks[next]
      if (task) send({ task, id: next++ })
      return task !== undefined
    }
    const ended = new Promise<void>((resolve, reject) => {
      worker.on('error', reject)
      worker.on('exit', () => reject(new Error('a worker thread has ended before its work')))
      worker.on('message', ({ id, outcomes }: { id: number; outcomes: Outcome[] }) => {
        results[id] = outcomes
        onDone((done += 1), tasks.length)
        if (!takeNext()) resolve()
      })
    })
    send({ setting })
    if (!takeNext()) void worker.terminate()
    return { worker, ended }
  })
  try {
    await Promise.all(workers.map(({ ended }) => ended))
  } finally {
    await Promise.all(workers.map(({ worker }) => worker.terminate()))
  }
  return results
}
