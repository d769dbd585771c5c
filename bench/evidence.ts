import { acceptanceRows } from './evidence/acceptance.ts'
import { latencyChapter } from './evidence/latency-table.ts'
import type { Chapter } from './evidence/line.ts'
import { playAll } from './evidence/pool.ts'
import { detailsOf, printChapter } from './evidence/print.ts'
import { figuresOf } from './evidence/published.ts'
import { rampChapter } from './evidence/ramp-table.ts'
import { lateChapter, quietChapter, s1Chapter, supremumChapter } from './evidence/s1.ts'
import type { Scene } from './evidence/scene.ts'
import { violationsChapter } from './evidence/violations.ts'
import { kept, type Report } from './report.ts'

const SEED = 20_260_301
const FAST_RUNS = 4_000
const FULL_RUNS = 20_000

/**
 * The tables of analysis.md 13 from the shipped evidence and checks, beside what other tools' rules make of the same
 * draws. Fast: as many runs as are published, but never more than 4 000; `--full`: 20 000 of each; `--runs N`: at most N.
 */
export async function measureEvidence(words: string[]): Promise<Report> {
  const chapters = [
    s1Chapter(),
    supremumChapter(),
    lateChapter(),
    quietChapter(),
    latencyChapter(),
    rampChapter(),
    violationsChapter(),
  ]
  const scenes = scenesOf(chapters, words)
  const runs = scenes.reduce((sum, scene) => sum + scene.runs, 0)
  console.log(`${runs} releases in ${scenes.length} worlds, seed ${SEED}`)
  const started = performance.now()
  let told = 0
  const played = await playAll({
    scenes,
    seed: SEED,
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
  return { ok: rows.every(kept), rows, details: { seed: SEED, runs, ...detailsOf(lines) } }
}

/** Every world once, with as many runs as were asked for. Throws for words that mean nothing. */
function scenesOf(chapters: Chapter[], words: string[]): Scene[] {
  const [word, count] = words
  const isFull = word === '--full'
  const most = word === '--runs' ? Number(count) : isFull ? FULL_RUNS : FAST_RUNS
  if ((word !== undefined && !isFull && word !== '--runs') || !(Number.isInteger(most) && most > 0)) {
    throw new Error(`the bench evidence knows --full and --runs N, not ${words.join(' ')}`)
  }
  const scenes = new Map(chapters.flatMap(({ lines }) => lines.map(({ scene }) => [scene.name, scene])))
  return [...scenes.values()].map((scene) => ({ ...scene, runs: isFull ? most : Math.min(most, scene.runs) }))
}
