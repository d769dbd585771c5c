import { ROLLOUTS } from '../crds/resources.ts'
import { adopting, ownPods, run } from '../test/stage/adopted.ts'
import { ROLLOUT } from '../test/stage/shop.ts'
import type { Sight } from '../test/stage/sight.ts'
import type { Play, PlayOptions } from './loss-play.ts'

/** A story that is played again and again. */
export type Story = Pick<PlayOptions, 'open'> & {
  /** `n` from 1. Ends at rest. */
  cycle: (play: Play, n: number) => Promise<void>
}

/** A Deployment that serves is taken over and handed back, by a deletion that waits for its dependents and by one that does not. */
export const adopt: Story = {
  async open(stage, access) {
    await run(stage, access, { version: '1.4.0', replicas: 2 })
    return undefined
  },
  async cycle(play) {
    await takeOver(play)
    await handBack(play, 'Background')
    await play.count('handBack')
    await takeOver(play)
    await handBack(play, 'Foreground')
    await play.count('foregroundDelete')
  },
}

/** Until none of its own pods is left. */
async function takeOver(play: Play): Promise<void> {
  const { stage } = play
  await stage.install(adopting({ steps: [{ setWeight: 50 }] }))
  await stage.until('its own pods have left', (sight) => ownPods(sight).length === 0)
  await play.count('adoption')
}

async function handBack({ stage }: Play, propagation: 'Background' | 'Foreground'): Promise<void> {
  const ref = { resource: ROLLOUTS, namespace: stage.namespace, name: ROLLOUT }
  await stage.kube.delete(ref, { propagation })
  await stage.until('it is handed back', isHandedBack)
}

const isHandedBack = ({ rollout, deployments, pods, services }: Sight): boolean =>
  rollout === undefined &&
  [...deployments, ...services].every(({ metadata }) => metadata.name === ROLLOUT) &&
  pods.every(({ metadata }) => metadata.labels?.['sluice.dev/revision'] === undefined)
