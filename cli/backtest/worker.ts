import { parentPort, workerData } from 'node:worker_threads'
import { outcomesOf, type Setting, type Task } from '../../analysis/backtest/index.ts'

const setting = workerData as Setting
parentPort?.on('message', (task: Task) => parentPort?.postMessage(outcomesOf(setting, task), []))
