import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { expect, it, onTestFinished } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import type { Progress } from '../../activities/report.ts'
import { REF, stage } from './stage.ts'

const progress: Progress = {
  ref: REF,
  number: 2,
  canary: 'bbb',
  stable: 'aaa',
  step: '3/7',
  stepIndex: 2,
  weight: 20,
  epoch: 1,
  generation: 1,
  at: 1_000,
  phase: 'Progressing',
  message: 'Going on',
}

function record(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  onTestFinished(() => trace.disable())
  return exporter
}

const notice = { id: 'n', at: 0, type: 'Normal', reason: 'Promoted', message: 'Promoted' } as const

it('shows what was done for a release as spans of one trace, with its words where it failed', async () => {
  const exporter = record()
  const { deps } = await stage({})
  const { act, notify } = createActivities(deps)
  await act.report(progress)
  const about = { ...notice, release: 2, revision: 'bbb' }
  await expect(notify.notify({ ref: REF, channel: 'nobody', notice: about })).rejects.toThrow(
    'spec.notify names Channel nobody',
  )
  await expect(notify.notify({ ref: REF, channel: 'nobody', notice })).rejects.toThrow(
    'spec.notify names Channel nobody',
  )
  const [reported, told, between] = exporter.getFinishedSpans()
  expect(reported).toMatchObject({
    name: 'report',
    attributes: {
      'sluice.cluster': 'test',
      'sluice.namespace': 'shop',
      'sluice.rollout': 'checkout',
      'sluice.release': 2,
      'sluice.revision': 'bbb',
      'sluice.step': 3,
    },
  })
  expect(told).toMatchObject({
    name: 'notify',
    status: { message: expect.stringContaining('spec.notify names Channel nobody') },
  })
  expect(told?.spanContext().traceId).toBe(reported?.spanContext().traceId)
  expect(between?.spanContext().traceId).not.toBe(told?.spanContext().traceId)
})

it('does nothing where there is no SDK', async () => {
  const { deps } = await stage({})
  const { notify } = createActivities(deps)
  await expect(notify.notify({ ref: REF, channel: 'nobody', notice })).rejects.toThrow(
    'spec.notify names Channel nobody',
  )
})
