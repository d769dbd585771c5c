import { Option, type Command } from 'commander'
import { collected, durationText, positive, wholeNumber } from './arguments.ts'
import type { BacktestOptions } from '../backtest/backtest.ts'
import type { ExplainOptions } from '../explain/explain.ts'
import type { JudgeOptions } from '../judge/judge.ts'
import type { LintOptions } from '../lint/lint.ts'
import type { PlanOptions } from '../plan/plan.ts'
import { SELF } from '../self.ts'
import type { Terminal } from '../terminal.ts'

/** Commands on plans and evidence. They import what they need when they run. */

export function addExplain(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('explain <name>')
    .description('the whole evidence of a release, computed again')
    .option('--release <number>', 'another release than the running or last one', wholeNumber)
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json', 'yaml']))
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (name: string, _options, command: Command) => {
      const { explain } = await import('../explain/explain.ts')
      exit(await explain(name, command.optsWithGlobals<ExplainOptions>(), terminal))
    })
}

export function addPlan(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('plan')
    .description('what a release would be: steps, time, pods, failed requests at worst; asks no cluster')
    .requiredOption('-f, --file <rollout.yaml>', 'the Rollouts; - is standard input')
    .option('--rate <requests per second>', 'of the whole service', positive, 100)
    .option('--scrape <duration>', 'how often Prometheus scrapes', durationText, '15s')
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json', 'yaml']))
    .addHelpText('after', PLAN_HELP)
    .action(async (_options, command: Command) => {
      const { plan } = await import('../plan/plan.ts')
      exit(await plan(command.optsWithGlobals<PlanOptions>(), terminal))
    })
}

export function addLint(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('lint')
    .description('every mistake in manifests, with file, line and column; asks no cluster')
    .requiredOption(
      '-f, --file <rollout.yaml>',
      'a file, a folder, or - for standard input; may be repeated',
      collected,
    )
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json']))
    .addHelpText('after', LINT_HELP)
    .action(async (_options, command: Command) => {
      const { lint } = await import('../lint/lint.ts')
      exit(await lint(command.optsWithGlobals<LintOptions>(), terminal))
    })
}

export function addJudge(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('judge <file|->')
    .description('the verdict on ledgers, one JSON object per line; asks no cluster')
    .option('--trace', 'add ln E after every row')
    .option('--picture <out.svg>', 'draw evidence, ratio and weight over time; a second ledger goes to out-2.svg')
    .addHelpText('after', JUDGE_HELP)
    .action(async (file: string, options: JudgeOptions) => {
      const { judge } = await import('../judge/judge.ts')
      exit(await judge(file, options, terminal))
    })
}

export function addBacktest(program: Command, terminal: Terminal): void {
  program
    .command('backtest')
    .description('what the policy of a Rollout would have done in the past of its service')
    .requiredOption('-f, --file <rollout.yaml>', 'the Rollout')
    .option('--prometheus <url>', 'where its past is (default: spec.analysis.prometheus.address)')
    .option('--from-csv <file>', 'or a file that has it')
    .option('--days <number>', 'how much of it', wholeNumber, 14)
    .option('--service <name>', 'the Service that had the traffic (default: spec.service.name)')
    .option('--replays <number>', 'releases per level of harm', wholeNumber, 1_000)
    .option('--harm <levels>', 'levels of harm, for example 0,2x,5x,1%,100%')
    .option('--metric <name>', 'the metric that is harmed (default: the failed requests)')
    .option('--compare <rules>', 'the same with the rules of flagger,argo,kayenta')
    .option('--seed <number>', 'the same seed gives the same figures', wholeNumber, 1)
    .option('--threads <number>', 'default: one per core', wholeNumber)
    .option('--json', 'for machines')
    .option('--svg <file>', 'draw the figures')
    .option('--header <name: value>', 'sent to Prometheus; may be repeated', collected)
    .option('--bearer-token-file <file>', 'token for Prometheus')
    .option('--basic-user <name>', 'user for Prometheus, with --basic-password-file')
    .option('--basic-password-file <file>', 'password for Prometheus')
    .option('--ca-file <file>', 'certificates that are trusted for an https address')
    .addHelpText('after', BACKTEST_HELP)
    .action(async (_options, command: Command) => {
      const { backtest } = await import('../backtest/backtest.ts')
      await backtest(command.optsWithGlobals<BacktestOptions>(), terminal)
    })
}

const PLAN_HELP = `
Checks the Rollouts of a file as the API server would, with line and field, and shows the flat plan that each compiles to.
  ${SELF} plan -f rollout.yaml
  kustomize build overlays/prod | ${SELF} plan -f - --rate 2500 --scrape 30s
  ${SELF} plan -f rollout.yaml -o json | jq '.[].failed'
AT LEAST is what goes by on the clock however good everything is; WAITS FOR is what nobody can tell before. FAILED IF ALL
FAIL is the most that a version costs which fails every request from this step on, until the traffic is back on stable.
Exit code 1 when one of them would be refused.`

const LINT_HELP = `
Checks the objects of sluice.dev as the API server would, with its types and rules, and what they say about each other.
  ${SELF} lint -f deploy/
  kustomize build overlays/prod | ${SELF} lint -f - -o json
Exit code 1 when there is a mistake.`

const EXPLAIN_HELP = `
Tells from the stored rows of a release, even of last week's, which metric, how much, how sure, and where it comes from.
The verdict is computed again from them: exit code 1 when that gives another one.
  ${SELF} explain checkout -n shop
  ${SELF} explain checkout -n shop --release 7 -o json | jq .ledger | ${SELF} judge - --picture evidence.svg`

const JUDGE_HELP = `
FILE has one ledger per line: as JSON, or in base64 as a Release stores it. A Release works, too:
  kubectl get release checkout-7 -n shop -o json | ${SELF} judge -
  ${SELF} judge ledgers.ndjson --trace | jq '.sentence, .trace'
  ${SELF} judge ledgers.ndjson --picture evidence.svg
Lines that are no ledgers are named on standard error, with the field; the others are judged, and the exit code is 1.`

const BACKTEST_HELP = `
One replay is one release from a random moment of the service's past: its requests are dealt out to canary and stable
anew, harm is put on top, and the policy of the Rollout decides. Gates open at once. Asks no cluster.
  ${SELF} backtest -f rollout.yaml --prometheus http://localhost:9090 --days 14
  ${SELF} backtest -f rollout.yaml --from-csv minutes.csv --compare flagger,argo,kayenta --svg backtest.svg
  ${SELF} backtest -f rollout.yaml --prometheus https://thanos --bearer-token-file token --header "X-Scope-OrgID: shop"
Harm: 5x is five times as bad as stable was; 1% fails one good canary request of a hundred; 0 is an identical version.
A CSV has the columns time, requests, bad and, for latency, slower_250 (more than 250 ms), one line per minute.
Secrets that the Rollout names for its Prometheus are not read: give credentials by flags.`
