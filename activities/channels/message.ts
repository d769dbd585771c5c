import type { Notice } from '../../crds/notices.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { RolloutRef } from '../picture.ts'

/** What people are told, whatever it is sent by. */
export type Message = Notice & {
  cluster: string
  namespace: string
  rollout: string
  commit?: string
  author?: string
  /** Of the release in the UI. */
  link?: string
}

/** Where the engine runs, as people know it. */
export type Site = { cluster: string; uiUrl?: string | undefined }

export function messageOf(notice: Notice, ref: RolloutRef, site: Site, release: Release | undefined): Message {
  const { commit, author } = release?.spec.provenance ?? {}
  return {
    ...notice,
    cluster: site.cluster,
    namespace: ref.namespace,
    rollout: ref.name,
    ...(commit === undefined ? {} : { commit }),
    ...(author === undefined ? {} : { author }),
    ...linkOf(ref, site),
  }
}

export const linkOf = ({ namespace, name }: RolloutRef, { uiUrl }: Site): Pick<Message, 'link'> =>
  uiUrl === undefined ? {} : { link: `${uiUrl.replace(/\/+$/, '')}/r/${namespace}/${name}` }

/** As in "RolledBack: shop/checkout". */
export const titleOf = ({ reason, namespace, rollout }: Message): string => `${reason}: ${namespace}/${rollout}`

/** Names and values, for those who want to look it up. */
export function factsOf({ release, revision, commit, author, cluster }: Message): [name: string, value: string][] {
  const facts: [string, string | undefined][] = [
    ['Release', release?.toString()],
    ['Revision', revision],
    ['Commit', commit],
    ['Author', author],
    ['Cluster', cluster],
  ]
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined)
}
