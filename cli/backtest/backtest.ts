import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  harmsOf,
  OTHER_RULES,
  summaryOf,
  targetOf,
  withBoundaries,
  type History,
  type Outcome,
  type RuleName,
  type Setting,
  type Task,
} from '../../analysis/backtest/index.ts'
import { Refusal } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import type { Declared } from '../plan/rollouts.ts'
import { readDeclared } from './declared.ts'
import { levelsFrom, usualLevels } from './levels.ts'
import { readHistory, type HistoryOptions } from './past.ts'
import { drawn } from './picture.ts'
import { runTasks } from './pool.ts'
import { openProgress } from './progress.ts'
import { told, type Result, type Story } from './report.ts'

export type BacktestOptions = HistoryOptions & {
  file: string
  replays: number
  seed: number
  harm?: string
  metric?: string
  compare?: string
  threads?: number
  json?: boolean
  svg?: string
}

/**
 * `sluice backtest -f FILE`: what the declared policy would have done in the service's own past. Throws `Refusal` for
 * whatever it cannot read.
 */
export async function backtest(options: BacktestOptions, terminal: Terminal): Promise<void> {
  const declared = await readDeclared(options.file)
  const rules = rulesFrom(options.compare)
  if (declared.policy.metrics.length === 0) {
    throw new Refusal(`${options.file} has no spec.analysis: there is no policy that could be replayed`)
  }
  const { history, service } = await readHistory(declared, options, terminal)
  const setting = inItsPast(declared, history, options)
  const tasks = tasksOf(setting, rules, options)
  const outcomes = await computed(setting, tasks, options, terminal)
  const results = summedUp(tasks, outcomes)
  const story: Story = {
    name: declared.name,
    service,
    setting,
    declared: declared.policy,
    results,
    replays: options.replays,
  }
  if (options.svg !== undefined) await save(options.svg, drawn(story), terminal)
  terminal.print(
    options.json ? `${JSON.stringify(forMachines(story), undefined, 2)}\n` : `${told(story, terminal).join('\n')}\n`,
  )
}

function rulesFrom(compare: string | undefined): RuleName[] {
  const named = (compare ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
  const rules = named.map((name) => OTHER_RULES.find((rule) => rule === name) ?? unknownRule(name))
  return ['sluice', ...new Set(rules)]
}

const unknownRule = (name: string): never => {
  throw new Refusal(`--compare does not know ${JSON.stringify(name)}; it knows ${OTHER_RULES.join(', ')}`)
}

/** Bad input of the arithmetic is bad input of the command. */
function inItsPast({ plan, policy: declared }: Declared, history: History, { seed, metric }: BacktestOptions): Setting {
  try {
    const policy = withBoundaries(declared, history)
    return { history, plan, policy, target: targetOf(policy, metric), seed }
  } catch (error) {
    throw error instanceof RangeError ? new Refusal(error.message) : error
  }
}

/** A thread runs the program again, which knows that it is one; published it is a single file. */
const SCRIPT = import.meta.filename.endsWith('.ts') ? join(import.meta.dirname, '../main.ts') : import.meta.filename

/** Small ones, so that threads end together and the bar moves. */
const REPLAYS_PER_TASK = 25

function tasksOf(setting: Setting, rules: RuleName[], { harm, replays }: BacktestOptions): Task[] {
  const { history, target } = setting
  try {
    const levels = harm === undefined ? usualLevels(history, target) : levelsFrom(harm)
    const harms = harmsOf(levels, history, target)
    const starts = Array.from({ length: Math.ceil(replays / REPLAYS_PER_TASK) }, (_, i) => i * REPLAYS_PER_TASK)
    return rules.flatMap((rule) =>
      harms.flatMap((harm) =>
        starts.map((from) => ({ rule, harm, from, to: Math.min(replays, from + REPLAYS_PER_TASK) })),
      ),
    )
  } catch (error) {
    throw error instanceof RangeError ? new Refusal(error.message) : error
  }
}

async function computed(setting: Setting, tasks: Task[], { threads }: BacktestOptions, terminal: Terminal) {
  const progress = openProgress('replaying', terminal)
  try {
    const bounds = threads === undefined ? {} : { threads }
    const onDone = (done: number, total: number): void => progress.tell(done, total)
    return await runTasks<Task, Outcome[]>({ script: SCRIPT, setting, tasks, ...bounds, onDone })
  } finally {
    progress.end()
  }
}

function summedUp(tasks: Task[], outcomes: Outcome[][]): Result[] {
  const groups = Map.groupBy(tasks.entries(), ([, { rule, harm }]) => `${rule} ${harm.label}`)
  return [...groups.values()].flatMap((group): Result[] => {
    const [[, task] = []] = group
    if (!task) return []
    return [{ rule: task.rule, harm: task.harm, ...summaryOf(group.flatMap(([id]) => outcomes[id] ?? [])) }]
  })
}

const forMachines = ({ name, service, setting, results, replays }: Story): object => ({
  rollout: name,
  service,
  history: { from: setting.history.from, step: setting.history.step, steps: setting.history.moments.length },
  target: setting.target,
  replays,
  seed: setting.seed,
  results,
})

async function save(file: string, picture: string, terminal: Terminal): Promise<void> {
  try {
    await writeFile(file, picture)
  } catch (error) {
    throw new Refusal(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  terminal.complain(`${file} is drawn\n`)
}
