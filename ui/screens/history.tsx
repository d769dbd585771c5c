import { useEffect, useState } from 'preact/hooks'
import type { ReleaseView } from '../../api/views.ts'
import { useKeys } from '../keys.ts'
import { release as readRelease, releases as readReleases } from '../live/api.ts'
import { watched } from '../live/page.ts'
import { useStore } from '../live/store.ts'
import { Comparison } from '../parts/comparison.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { Notice } from '../parts/notice.tsx'
import { Past } from '../parts/past.tsx'
import { Reading } from '../parts/reading.tsx'
import { Title } from '../parts/title.tsx'
import { address, go, refine, releaseHref } from '../place.ts'
import { plural } from '../words/figures.ts'

type Ref = { namespace: string; name: string }

/** The releases with their verdicts; one or two of them side by side. */
export function History(ref: Ref) {
  const { page, refusal } = useStore(watched)
  const chosen = chosenIn(useStore(address, ({ query }) => query))
  const running = page?.release
  const { list, refused } = useReleases(ref, `${running?.number} ${running?.outcome}`)
  useKeys({ h: () => go(releaseHref(ref)) })
  const why = refusal?.sentence ?? refused
  if (why) return <Notice title={`${ref.namespace}/${ref.name} cannot be shown`}>{why}</Notice>
  if (!list) return <Reading what={`the releases of ${ref.namespace}/${ref.name}`} />
  const phaseOf = ({ outcome, number }: ReleaseView) =>
    outcome ?? (page?.rollout.release === number ? page.rollout.phase : 'Progressing')
  const choose = (number: number) => {
    const rest = chosen.filter((each) => each !== number)
    const next = rest.length < chosen.length ? rest : [...chosen, number].slice(-2)
    refine(new URLSearchParams(next.length > 0 ? { compare: next.join() } : {}))
  }
  return (
    <article class="history">
      <Crumbs {...ref} here="history" />
      <Title words={historySentence(list)} tab={`History of ${ref.name}`} />
      <Past releases={list} phaseOf={phaseOf} chosen={chosen} onChoose={choose} />
      <Compared of={ref} numbers={chosen} phaseOf={phaseOf} />
    </article>
  )
}

function historySentence(list: ReleaseView[]): string {
  const count = (outcome: ReleaseView['outcome']) => list.filter((one) => one.outcome === outcome).length
  const parts = [
    `${count('Promoted')} promoted`,
    ...(count('RolledBack') > 0 ? [`${count('RolledBack')} rolled back`] : []),
    ...(count('Aborted') > 0 ? [`${count('Aborted')} aborted`] : []),
    ...(count('Superseded') + count('Withdrawn') > 0 ? [`${count('Superseded') + count('Withdrawn')} gave way`] : []),
    ...(count(undefined) > 0 ? [`${count(undefined)} under way`] : []),
  ]
  return list.length === 0
    ? 'There has been no release yet.'
    : `${plural(list.length, 'release')}: ${parts.join(', ')}.`
}

const chosenIn = (query: string): number[] =>
  (new URLSearchParams(query).get('compare') ?? '')
    .split(',')
    .map(Number)
    .filter((number) => number > 0)
    .slice(0, 2)

function useReleases({ namespace, name }: Ref, told: string): { list?: ReleaseView[]; refused?: string } {
  const [answer, setAnswer] = useState<{ list?: ReleaseView[]; refused?: string }>({})
  useEffect(() => {
    readReleases(namespace, name).then(
      (list) => setAnswer({ list: list.toSorted((one, other) => other.number - one.number) }),
      (error: Error) => setAnswer((before) => (before.list ? before : { refused: error.message })),
    )
  }, [namespace, name, told])
  return answer
}

type ComparedProps = { of: Ref; numbers: number[]; phaseOf: (release: ReleaseView) => string }

function Compared({ of, numbers, phaseOf }: ComparedProps) {
  const [found, setFound] = useState<ReleaseView[]>([])
  const [refused, setRefused] = useState('')
  useEffect(() => {
    Promise.all(numbers.map((number) => readRelease(of.namespace, of.name, number))).then(
      (each) => {
        setFound(each.toSorted((one, other) => one.number - other.number))
        setRefused('')
      },
      (error: Error) => setRefused(error.message),
    )
  }, [numbers.join()])
  if (refused) return <p class="told alert">{refused}</p>
  return found.length === 0 ? null : <Comparison releases={found} phaseOf={phaseOf} />
}
