import { parentPort } from 'node:worker_threads'
import type { Task } from './pool.ts'
import { play } from './scene.ts'

parentPort?.on('message', ({ scene, seed, from, to }: Task) => {
  parentPort?.postMessage(
    Array.from({ length: to - from }, (_, i) => play(scene, seed, from + i)),
    [],
  )
})
