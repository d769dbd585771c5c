import { parseArgs } from 'node:util'
import { acceptanceRows } from './evidence/acceptance.ts'
import { allChapters } from './evidence/chapters.ts'
import type { Chapter } from './evidence/line.ts'
import { playAll } from './evidence/pool.ts'
import { detailsOf, printChapter } from './evidence/print.ts'
import { figuresOf } from './evidence/published.ts'
import type { Scene } from './evidence/scene.ts'
import { kept, type Report } from './report.ts'

const SEED = 20_260_301
const FULL_RUNS = 20_000

/**
 * The tables of analysis.md 13 from the shipped evidence and checks, beside what other tools' rules make of the same
 * draws. Fast: as many runs as are published; `--full`: 20 000 of each; `--runs N`: at most N;
 * `--seed N`: other draws.
 */
export async function measureEvidence(words: string[]): Promise<Report> {
  const chapters = allChapters()
  const wish = wishOf(words)
  const { seed } = wish
  const scenes = scenesOf(chapters, wish)
  const runs = scenes.reduce((sum, scene) => sum + scene.runs, 0)
  console.log(`${runs} releases in ${scenes.length} worlds, seed ${seed}`)
  const started = performance.now()
  let told = 0
  const played = await playAll({
    scenes,
    seed,
    onDone(done, total) {
      const tenth = Math.floor((10 * done) / total)
      if (tenth > told) console.log(`  ${tenth * 10} % after ${((performance.now() - started) / 1_000).toFixed(0)} s`)
      told = tenth
    },
  })
  const tellings = chapters.map((chapter) => ({
    chapter,
    lines: chapter.lines.map((line) => ({
      line,
      figures: figuresOf(line, played.get(line.scene.name)?.[line.rule] ?? []),
    })),
  }))
  for (const { chapter, lines } of tellings) printChapter(chapter, lines)
  console.log('')
  const lines = tellings.flatMap((telling) => telling.lines)
  const rows = acceptanceRows(lines, played)
  return { ok: rows.every(kept), rows, details: { seed, runs, ...detailsOf(lines) } }
}

type Wish = { most: number; isFull: boolean; seed: number }

/** Throws for words that mean nothing. */
function wishOf(words: string[]): Wish {
  const options = { full: { type: 'boolean' }, runs: { type: 'string' }, seed: { type: 'string' } } as const
  const { full: isFull = false, runs, seed } = parseArgs({ args: words, options }).values
  const most = runs === undefined ? FULL_RUNS : Number(runs)
  if (!(Number.isSafeInteger(most) && most > 0)) throw new RangeError(`--runs is a whole number above 0, not ${runs}`)
  return { most, isFull, seed: seed === undefined ? SEED : Number(seed) }
}

/** Every world once, with as many runs as were asked for. */
function scenesOf(chapters: Chapter[], { most, isFull }: Wish): Scene[] {
  const scenes = new Map(chapters.flatMap(({ lines }) => lines.map(({ scene }) => [scene.name, scene])))
  return [...scenes.values()].map((scene) => ({ ...scene, runs: isFull ? most : Math.min(most, scene.runs) }))
}
