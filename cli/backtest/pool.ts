import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

export type PoolOptions<Task> = {
  /** What a thread runs: it answers every task, which is a message, with one message. */
  script: URL | string
  /** `workerData` of every thread. */
  setting?: unknown
  tasks: Task[]
  /** Threads; default: one per core. */
  threads?: number
  onDone: (done: number, total: number) => void
}

/** Results in the order of the tasks: the number of threads changes the time alone. Rejects with the first error of a thread. */
export async function runTasks<Task, Result>(options: PoolOptions<Task>): Promise<Result[]> {
  const { script, setting, tasks, threads = availableParallelism(), onDone } = options
  const results: Result[] = []
  let next = 0
  let done = 0
  const workers = Array.from({ length: Math.min(threads, tasks.length) }, () => {
    const worker = new Worker(script, { workerData: setting })
    const ended = new Promise<void>((resolve, reject) => {
      let id = 0
      const takeNext = (): void => {
        id = next++
        if (id < tasks.length) worker.postMessage(tasks[id], [])
        else resolve()
      }
      worker.on('error', reject)
      worker.on('exit', () => reject(new Error('a worker thread has ended before its work')))
      worker.on('message', (result: Result) => {
        results[id] = result
        onDone((done += 1), tasks.length)
        takeNext()
      })
      takeNext()
    })
    return { worker, ended }
  })
  try {
    await Promise.all(workers.map(({ ended }) => ended))
  } finally {
    await Promise.all(workers.map(({ worker }) => worker.terminate()))
  }
  return results
}
