import type { Client } from './client.ts'
import type { Line } from './labels.ts'
import { lifeSigns, UP } from './queries.ts'
import { AskError } from './refusal.ts'

export type OriginOptions = {
  client: Client
  lines: readonly Line[]
  /** Epoch seconds: the window in which to look for signs of life. */
  from: number
  at: number
  /** Epoch seconds at which the release began. */
  startedAt: number
  timeoutMs: number
}

/**
 * Which of these new series began at 0: those whose target was scraped with success before they came, and those
 * whose process is younger than the release. Without proof a series' first sample is only a base.
 */
export async function beganAtZero(options: OriginOptions): Promise<(line: Line) => boolean> {
  const { lines, startedAt } = options
  const targets = lines.map(({ labels: { job, instance } }) => ({ job: job ?? '', instance: instance ?? '' }))
  if (targets.every(({ instance }) => instance === '')) return () => false
  const signs = await askForSigns(options, targets)
  return ({ labels, samples: [first] }) => {
    const own = signs.filter((sign) => sameTarget(sign.labels, labels))
    return own.some((sign) =>
      sign.labels.__name__ === UP
        ? sign.samples.some(([time, up]) => up === 1 && first !== undefined && time < first[0])
        : sign.samples.some(([, start]) => start > startedAt),
    )
  }
}

async function askForSigns(
  { client, from, at, timeoutMs }: OriginOptions,
  targets: { job: string; instance: string }[],
) {
  try {
    return await client.series({ query: lifeSigns(targets, at - from), at, timeoutMs })
  } catch (error) {
    // No proof: the first sample becomes the base, which counts too little and never too much.
    if (error instanceof AskError) return []
    throw error
  }
}

/** `up` has the labels of the target only; a pod label may be among them or not. */
function sameTarget(sign: Record<string, string>, labels: Record<string, string>): boolean {
  return sign.job === labels.job && sign.instance === labels.instance && (sign.pod ?? labels.pod) === labels.pod
}
