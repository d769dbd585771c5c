import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { ApiContext } from './context.ts'

/**
 * Where a request comes from. `proxies`: addresses and CIDRs of those whose X-Forwarded-For is believed, whoever they
 * name; everybody else may write what they like into it. Of IPv6 the network of 64 bits: that is what one customer has.
 */
export function addressBehind(proxies: readonly string[]): (c: ApiContext) => string {
  const trusted = listOf(proxies)
  const isTrusted = (address: string): boolean => isIP(address) !== 0 && trusted.check(address, familyOf(address))
  return (c) => {
    const named = c.req.header('x-forwarded-for')?.split(',') ?? []
    let address = bare(remoteOf(c))
    while (isTrusted(address)) {
      const before = bare(named.pop() ?? '')
      if (isIP(before) === 0) break
      address = before
    }
    return networkOf(address)
  }
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    if (bits === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(bits), familyOf(address))
  }
  return list
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6')

/** Without a socket there is nobody to tell apart: requests that are made inside the process. */
const remoteOf = (c: ApiContext): string =>
  (c.env as object | undefined)?.hasOwnProperty('incoming') ? (getConnInfo(c).remote.address ?? '') : ''

/** Some proxies write ports, sockets write zones, and IPv4 comes in the form of IPv6. */
const bare = (text: string): string =>
  text
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
    .replace(/%.*$/, '')
    .replace(/^::ffff:(?=[\d.]+$)/i, '')

function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const between = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  const groups = [...left, ...between, ...right].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
