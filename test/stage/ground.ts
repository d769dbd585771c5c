import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStack, type Stack } from '../../stack/index.ts'
import { createLog } from '../../telemetry/index.ts'
import { ensureTools } from '../../tools/resolve.ts'
import { createEngine, type Engine, type Role } from './engine.ts'

/** What a stage needs to know of the ground under it; plain data that other processes can be handed. */
export type Access = {
  /** Of the admin. */
  kubeconfig: string
  /** Of everybody. */
  kubeconfigs: Stack['kubeconfigs']
  kubectl: string
  /** http://host:port of the mesh's gateway. */
  gateway: string
  prometheus: string
  /** host:port */
  temporal: string
  cluster: string
  /** File with what engine and API sign and check addresses of callbacks with. */
  callbackSecret: string
  engineLogs: string[]
}

/** A cluster of its own with an engine at work. */
export type Ground = AsyncDisposable & {
  access: Access
  stack: Stack
  /** In the order of `roles`. */
  engines: Engine[]
}

export type GroundOptions = {
  /** Processes of the engine: one for everything, or the controller and the worker apart. */
  roles?: Role[]
  /** From a pod's readiness to its address in the mesh. */
  endpointDelayMs?: number
  /** Pods may have proxies with certificates. */
  sidecars?: boolean
}

const CLUSTER = 'local'
/** Nobody is there: tests go to an API of their own. */
const UI_URL = 'http://sluice.local'

/** Leaving its scope ends every process and removes every file. */
export async function startGround({
  roles = ['all'],
  endpointDelayMs = 100,
  sidecars = false,
}: GroundOptions = {}): Promise<Ground> {
  const { kubectl } = await ensureTools({ names: ['kubectl'] })
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-ground-'))
  const log = createLog({ component: 'stack', level: 'warn' })
  const stack = await startStack({ stateDir, endpointDelayMs, sidecars, log })
  const temporal = stack.urls.temporal
  const callbackSecret = join(stateDir, 'callback-secret')
  await writeFile(callbackSecret, randomBytes(32).toString('hex'), { mode: 0o600 })
  const engines = roles.map((role, index) => {
    const logFile = join(stateDir, `engine-${role}-${index}.log`)
    return {
      logFile,
      engine: createEngine({
        role,
        kubeconfig: stack.kubeconfigs.engine,
        temporal,
        cluster: CLUSTER,
        kustomize: kubectl,
        flags: { 'ui-url': UI_URL, 'callback-secret-file': callbackSecret },
        logFile,
      }),
    }
  })
  const ground: Ground = {
    access: {
      kubeconfig: stack.kubeconfigs.admin,
      kubeconfigs: stack.kubeconfigs,
      kubectl,
      gateway: stack.urls.gateway,
      prometheus: stack.urls.prometheus,
      temporal,
      cluster: CLUSTER,
      callbackSecret,
      engineLogs: engines.map(({ logFile }) => logFile),
    },
    stack,
    engines: engines.map(({ engine }) => engine),
    async [Symbol.asyncDispose]() {
      await Promise.all(ground.engines.map((engine) => engine.stop()))
      await stack.stop()
      await rm(stateDir, { recursive: true, force: true })
    },
  }
  await Promise.all(ground.engines.map((engine) => engine.start()))
  return ground
}
