import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import process from 'node:process'
import { abortable } from '../kube/index.ts'
import { OffLimits, type Reach } from '../network/reach.ts'

/** Where git connects, and as what it knows whoever answers. */
export type Remote = {
  /** Read in one way only, whoever reads it. */
  url: string
  host: string
  port: string
  /** One at least; none for file://. */
  addresses: string[]
}

/** Git looks up nothing by itself: a name could lead elsewhere by then. Rejects with a sentence. */
export async function remoteOf(url: string, reach: Reach, signal: AbortSignal): Promise<Remote> {
  const read = new URL(url)
  const isSsh = read.protocol === 'ssh:'
  if (read.protocol === 'file:') return { url, host: '', port: '', addresses: [] }
  const host = read.hostname.replace(/^\[(.*)\]$/, '$1')
  if (!/^[\w.:-]+$/.test(host)) throw new Error('spec.url has a host that no host can be called')
  const found = await abortable(reach(host), signal).catch((error: unknown) => hidden(error, isSsh))
  const addresses = found.map(({ address }) => address)
  return { url: isSsh ? url : read.href, host, port: read.port || (isSsh ? '22' : '443'), addresses }
}

/** For documentation (RFC 5737): nobody is there. */
const NOBODY: LookupAddress[] = [{ address: '192.0.2.1', family: 4 }]

/** A proxy may know hosts that nobody here does; should git find that it needs none, it gets nowhere. */
function hidden(error: unknown, isSsh: boolean): LookupAddress[] {
  if (error instanceof OffLimits) throw new Error(`spec.url ${error.message}`)
  const { code } = error as NodeJS.ErrnoException
  const isProxied = !isSsh && (process.env['HTTPS_PROXY'] ?? process.env['https_proxy'] ?? '') !== ''
  if (isProxied && (code === 'ENOTFOUND' || code === 'EAI_AGAIN')) return NOBODY
  throw error
}

/** Of git's section `http`: it connects there, whatever the name says by now (git 2.37 or later). */
export const pinned = ({ host, port, addresses }: Remote): Record<string, string> =>
  isIP(host) === 0 ? { curloptResolve: `${host}:${port}:${addresses.join(',')}` } : {}

/** Options of ssh: known by its name, as in `known_hosts`, and called by its address. */
export const dialled = ({ host, port, addresses }: Remote): string =>
  `-o HostName='${addresses[0]}' -o HostKeyAlias='${port === '22' ? host : `[${host}]:${port}`}'`
