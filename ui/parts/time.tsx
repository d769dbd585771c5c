import { useEffect, useState } from 'preact/hooks'
import { absolute, moment, relative, span } from '../words/times.ts'

const TICK_MS = 5_000

const readers = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | undefined

/** Words that follow the clock: drawn again only when they read otherwise. One timer, however many times are shown. */
function useWords(tell: (now: number) => string): string {
  const [, redraw] = useState('')
  const words = tell(Date.now())
  useEffect(() => {
    const read = () => redraw(tell(Date.now()))
    readers.add(read)
    ticking ??= setInterval(() => readers.forEach((each) => each()), TICK_MS)
    return () => {
      readers.delete(read)
      if (readers.size > 0) return
      clearInterval(ticking)
      ticking = undefined
    }
  })
  return words
}

/** `5 min ago`; the title has the whole moment. `at` as RFC 3339. */
export function Ago({ at }: { at: string }) {
  const then = Date.parse(at)
  const words = useWords((now) => relative(then, now))
  return (
    <time dateTime={at} title={absolute(then)}>
      {words}
    </time>
  )
}

/** `14:03:05`, for what stands in a list of times. */
export const At = ({ at }: { at: string }) => (
  <time dateTime={at} title={absolute(Date.parse(at))}>
    {moment(Date.parse(at), Date.now())}
  </time>
)

/** How long something took, or has taken until now. */
export function Lasting({ from, to }: { from: string; to?: string | undefined }) {
  const words = useWords((now) => span(Math.max(0, (to === undefined ? now : Date.parse(to)) - Date.parse(from))))
  return <span>{words}</span>
}
