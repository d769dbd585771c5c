import { RELEASES } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import { describeError, type Kube, type Log } from '../kube/index.ts'
import { rowsOf } from './view/rows.ts'
import type { RowView } from './views.ts'

/** Intervals of releases, unpacked once per version of the object, for everybody who may read it. */
export type Ledgers = {
  /** With the rights of `kube`, where the Release is kept here without its ledger. */
  rows(release: Release, kube: Pick<Kube, 'get'>): Promise<RowView[]>
}

const MOST = 200

export function createLedgers(log: Log): Ledgers {
  const known = new Map<string, Promise<RowView[]>>()

  async function find(release: Release, kube: Pick<Kube, 'get'>): Promise<RowView[]> {
    const { ledger } = isWhole(release) ? release.status : ((await read(kube, release))?.status ?? {})
    if (ledger === undefined) return []
    try {
      return rowsOf(ledger)
    } catch (error) {
      const { namespace, name } = release.metadata
      log.warn({ namespace, release: name, error: describeError(error) }, 'a stored ledger cannot be read')
      return []
    }
  }

  return {
    rows(release, kube) {
      const { uid, resourceVersion } = release.metadata
      const key = `${uid}/${resourceVersion}`
      const rows = known.get(key) ?? find(release, kube)
      known.delete(key)
      known.set(key, rows)
      rows.catch(() => known.delete(key))
      if (known.size > MOST) known.delete(known.keys().next().value ?? '')
      return rows
    },
  }
}

type Whole = Release & { status: { ledger: string } }

const isWhole = (release: Release): release is Whole => release.status?.ledger !== undefined

/** Kept here without what makes it large, see `trimRelease`. */
function read(kube: Pick<Kube, 'get'>, { metadata: { namespace, name } }: Release): Promise<Release | undefined> {
  return kube.get<Release>({ resource: RELEASES, ...(namespace === undefined ? {} : { namespace }), name })
}
