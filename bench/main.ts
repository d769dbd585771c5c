import process from 'node:process'
import { printReport, type Report } from './report.ts'

/** `npm run bench -- NAME`: a table, and as the last line one JSON object. Exits 1 when a promised limit was not kept. */
const BENCHES: Record<string, { about: string; measure: (words: string[]) => Promise<Report> }> = {
  reaction: {
    about: 'how soon a release begins, a bad canary loses its traffic, and a person is obeyed',
    measure: async () => (await import('./reaction.ts')).measureReaction(),
  },
  idle: {
    about: 'what an engine costs that has nothing to do',
    measure: async () => (await import('./idle.ts')).measureIdle(),
  },
  cli: {
    about: 'how long the published command line takes to start, beside a bare Node (half a minute)',
    measure: async () => (await import('./cli.ts')).measureCli(),
  },
  judge: {
    about: 'how long a thousand verdicts take on one core (15 seconds)',
    measure: async () => (await import('./judge.ts')).measureJudge(),
  },
  backtest: {
    about: 'how long a thousand replays at five levels of harm take on two cores (a minute)',
    measure: async () => (await import('./backtest.ts')).measureBacktest(),
  },
  evidence: {
    about:
      'how often identical versions are rolled back, how soon bad ones, beside other tools (10 minutes; --full: 20 000 runs of each)',
    measure: async (words) => (await import('./evidence.ts')).measureEvidence(words),
  },
  live: {
    about: 'whether bad releases are found and good ones promoted, at what cost, on real traffic (35 minutes)',
    measure: async (words) => (await import('./live.ts')).measureLive(words),
  },
  stream: {
    about:
      'how far a page and ten more tabs are behind when 200 Rollouts change every second on a real API server, and what that is asked (a minute)',
    measure: async () => (await import('./stream.ts')).measureStream(),
  },
  page: {
    about:
      'whether the page keeps up with 500 Rollouts of which 200 change every second, over an API server in memory (a minute)',
    measure: async () => (await import('./page.ts')).measurePage(),
  },
  push: {
    about: 'how soon a push to a branch is on the page, and where the time goes (three minutes)',
    measure: async () => (await import('./push.ts')).measurePush(),
  },
  loss: {
    about:
      'whether a request is lost at any edge of a release, and how soon a weight is seen (20 minutes; --only, --cycles)',
    measure: async (words) => (await import('./loss.ts')).measureLoss(words),
  },
}

const [name = '', ...words] = process.argv.slice(2)
const bench = BENCHES[name]
if (bench) {
  const report = await bench.measure(words)
  printReport(name, report)
  process.exitCode = report.ok ? 0 : 1
} else {
  console.error(`${name === '' ? 'which bench?' : `there is no bench ${name}.`} There are:`)
  for (const [known, { about }] of Object.entries(BENCHES)) console.error(`  npm run bench -- ${known}   ${about}`)
  process.exitCode = 1
}
