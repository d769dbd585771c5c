import type { ReleaseView } from '../../api/views.ts'
import { partsOf } from '../words/images.ts'
import { Icon } from './icon.tsx'
import { Revision } from './mood.tsx'
import { Section } from './section.tsx'

/** Where the revision comes from, and where its workflow can be read. */
export const Provenance = ({ release: { provenance, revision, from, workflowUrl } }: { release: ReleaseView }) => (
  <Section kind="provenance" title="Where it comes from">
    {provenance.message && <p>{provenance.message.split('\n')[0]}</p>}
    <dl class="facts">
      {provenance.author && <Fact name="Author">{provenance.author}</Fact>}
      {provenance.commit && (
        <Fact name="Commit">
          <code title={provenance.commit}>{provenance.commit.slice(0, 10)}</code>
        </Fact>
      )}
      {provenance.images.map((image) => (
        <Fact key={image} name="Image">
          <code>{partsOf(image).flatMap((part, index) => (index === 0 ? [part] : [<wbr key={part} />, part]))}</code>
        </Fact>
      ))}
      <Fact name="Revision">
        <Revision name={revision} of="canary" />
      </Fact>
      <Fact name="Replaces">
        <Revision name={from} of="stable" />
      </Fact>
    </dl>
    {workflowUrl && (
      <p>
        <a href={workflowUrl} target="_blank" rel="noreferrer">
          The workflow in Temporal <Icon name="link" />
        </a>
      </p>
    )}
  </Section>
)

const Fact = ({ name, children }: { name: string; children: preact.ComponentChildren }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
)
