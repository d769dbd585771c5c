import type { KubeEvent } from '../sight.ts'
import type { EventView } from '../views.ts'

/** The API server keeps an hour of them; a loud one is a line with a count. */
const MOST = 100

/** Newest first. */
export const eventViews = (events: KubeEvent[]): EventView[] =>
  events
    .map(eventView)
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .slice(0, MOST)

const eventView = (event: KubeEvent): EventView => ({
  at: timeOf(event),
  type: event.type === 'Warning' ? 'Warning' : 'Normal',
  reason: event.reason ?? '',
  message: event.note ?? '',
  count: event.series?.count ?? event.deprecatedCount ?? 1,
})

/** When it was seen last, to the millisecond. */
function timeOf({ series, eventTime, deprecatedLastTimestamp, metadata }: KubeEvent): string {
  const time = series?.lastObservedTime ?? eventTime ?? deprecatedLastTimestamp ?? metadata.creationTimestamp
  return new Date(time ?? 0).toISOString()
}
