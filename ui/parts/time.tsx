import { useEffect, useState } from 'preact/hooks'
import { absolute, relative, span } from '../words/times.ts'

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
  const moment = Date.parse(at)
  const words = useWords((now) => relative(moment, now))
  return (
    <time dateTime={at} title={absolute(moment)}>
      {words}
    </time>
  )
}

/** How long something took, or has taken until now. */
export function Lasting({ from, to }: { from: string; to?: string | undefined }) {
  const words = useWords((now) => span(Math.max(0, (to === undefined ? now : Date.parse(to)) - Date.parse(from))))
  return <span>{words}</span>
}
