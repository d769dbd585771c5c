import { run as sluice } from '../cli/program.ts'
import { createKube, describeError, type Log } from '../kube/index.ts'
import { startCrowd, type Crowd } from './crowd.ts'
import { approval } from './invitation.ts'
import { narrate } from './narrator.ts'
import { createRepository, type Repository } from './repository.ts'
import type { Screen } from './screen.ts'
import { openSource } from './source.ts'
import { CHAPTERS, FIRST_VERSION, install, play, went, type Gate, type Scene } from './story.ts'
import { render, type Entry } from './table.ts'
import { openWitness, SHOP } from './witness.ts'

/** A cluster with an engine in it. */
export type Ground = {
  /** Of an admin, who declares the Source and sees everything. */
  kubeconfig: string
  /** Of a person who may approve. */
  approver: string
  /** Base URLs. */
  gateway: string
  prometheus: string
  /** Base URL of the engine's webhooks. */
  engine: string
  /** Base URL of what people look at. */
  page: string
  /** The shop's repositories go to `git/` in it. */
  stateDir: string
}

export type Show = {
  repository: Repository
  crowd: Crowd
  /** Plays every chapter, prints the table, and says whether all of it happened as it has to. */
  perform: () => Promise<boolean>
  stop: () => Promise<void>
}

/** With nobody there, a release that takes longer than this does not end any more. */
const PATIENCE_MS = 150_000

/** Deploys the shop by its first push and sends customers there. `alone`: gates are approved without a person. */
export async function openShow(ground: Ground, { screen, alone }: { screen: Screen; alone: boolean }): Promise<Show> {
  const kube = createKube({ kubeconfig: ground.kubeconfig })
  const repository = await createRepository(`${ground.stateDir}/git`, { prometheus: ground.prometheus })
  screen.say(`git push ${repository.first.commit.slice(0, 10)}: the shop, checkout ${FIRST_VERSION}`)
  const witness = openWitness(kube, logTo(screen))
  const source = await openSource({
    kube,
    log: logTo(screen),
    remote: repository.remote,
    engine: ground.engine,
    tell: ({ isGood, words }) => screen[isGood ? 'murmur' : 'complain'](words),
  })
  const quiet = narrate(witness, screen)
  const first = await install({ witness })
  const crowd = startCrowd(ground.gateway)
  const atGate = (gate: Gate): Promise<void> =>
    alone ? approve(ground, gate, screen) : askForApproval(gate, ground, screen)
  const scene: Scene = { witness, crowd, repository, screen, atGate, ...(alone ? { patienceMs: PATIENCE_MS } : {}) }
  return {
    repository,
    crowd,
    perform: () => perform(scene, first),
    async stop() {
      quiet()
      await Promise.all([source.stop(), witness.stop(), crowd.stop()])
    },
  }
}

async function perform(scene: Scene, first: Entry): Promise<boolean> {
  const entries = [first]
  let asTold = true
  for (const chapter of CHAPTERS) {
    const entry = await play(chapter, scene)
    entries.push(entry)
    asTold &&= went(chapter, scene, entry)
  }
  scene.screen.title('What happened')
  scene.screen.print(render(entries))
  return asTold
}

/** The way of everybody's approval: the command line, with a person's kubeconfig. */
async function approve({ approver }: Ground, gate: Gate, screen: Screen): Promise<void> {
  const command = ['approve', SHOP.rollout, '-n', SHOP.namespace, '--release', `${gate.release}`, '--gate', gate.name]
  screen.say(`$ sluice ${command.join(' ')}`)
  const flags = ['--kubeconfig', approver]
  const heard: string[] = []
  const listen = (text: string): void => void heard.push(text)
  const terminal = { ...screen.terminal, print: listen, complain: listen }
  const code = await sluice([...command, ...flags], terminal)
  screen[code === 0 ? 'murmur' : 'complain'](heard[0]?.trim() ?? `exit code ${code}`)
}

// oxlint-disable-next-line typescript/require-await -- the other way of passing a gate takes time
async function askForApproval(gate: Gate, { page }: Ground, screen: Screen): Promise<void> {
  screen.title(`Your turn: the release waits at gate ${gate.name}.`)
  screen.print(approval(page, gate))
}

/** A picture that stands still has to say why. */
function logTo(screen: Screen): Log {
  const say = (fields: object, message: string): void =>
    screen.complain(`${message}: ${describeError((fields as { error?: unknown }).error)}`)
  return { debug: () => undefined, info: () => undefined, warn: say, error: say }
}
