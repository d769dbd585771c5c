import type { PodView, RolloutView } from '../../api/views.ts'
import { plural } from '../words/figures.ts'
import { Icon } from './icon.tsx'
import { Revision } from './mood.tsx'
import { Lasting } from './time.tsx'
import { Section } from './section.tsx'

type PodsProps = { pods: PodView[]; rollout: RolloutView }

/** The pods of both revisions. */
export function Pods({ pods, rollout: { stable, canary } }: PodsProps) {
  const revisions = [...new Set([canary, stable, ...pods.map(({ revision }) => revision)])].filter(
    (name) => name !== undefined,
  )
  return (
    <Section kind="arms" title="Pods">
      {revisions.length === 0 && <p class="quiet">There are none.</p>}
      {revisions.map((revision) => (
        <Arm
          key={revision}
          revision={revision}
          role={revision === stable ? 'stable' : revision === canary ? 'canary' : 'leaving'}
          pods={pods.filter((pod) => pod.revision === revision)}
        />
      ))}
    </Section>
  )
}

type ArmProps = { revision: string; role: 'stable' | 'canary' | 'leaving'; pods: PodView[] }

const Arm = ({ revision, role, pods }: ArmProps) => (
  <div class="arm">
    <h3>
      <Revision name={revision} {...(role === 'leaving' ? {} : { of: role })} /> {role}{' '}
      <span class="quiet">
        {pods.length === 0 ? 'no pods' : `${pods.filter(({ ready }) => ready).length} of ${pods.length} ready`}
      </span>
    </h3>
    <ul class="pods">
      {pods.map((pod) => (
        <li key={pod.name} class={pod.ready ? 'ready' : 'unready'}>
          <Icon name={pod.ready ? 'check' : 'ring'} />
          <span class="name">{pod.name}</span>
          <span class="quiet">
            {pod.ready ? 'ready' : pod.phase} for <Lasting from={pod.since} />
          </span>
          {pod.restarts > 0 && <b class="restarts">{plural(pod.restarts, 'restart')}</b>}
          {pod.message && <span class="message">{pod.message}</span>}
        </li>
      ))}
    </ul>
  </div>
)
