import { useEffect, useRef } from 'preact/hooks'

/** What a screen says first. It is where a reader begins after a link was followed. */
export function Title({ words, tab }: { words: string; tab?: string | undefined }) {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) title.current?.focus()
  }, [])
  useEffect(() => {
    document.title = `${tab ?? words} · Sluice`
  }, [tab ?? words])
  return (
    <h1 ref={title} tabIndex={-1}>
      {words}
    </h1>
  )
}
