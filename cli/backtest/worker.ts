import { parentPort } from 'node:worker_threads'
import { outcomesOf, type Task, type Setting } from '../../analysis/backtest/index.ts'

/** One thread: gets the setting once, then task after task. */
export type ToWorker = { setting: Setting } | { task: Task; id: number }

let setting: Setting | undefined
parentPort?.on('message', (message: ToWorker) => {
  if ('setting' in message) setting = message.setting
  else if (setting) parentPort?.postMessage({ id: message.id, outcomes: outcomesOf(setting, message.task) }, [])
})
