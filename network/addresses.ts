import { BlockList, isIPv4 } from 'node:net'

type Kind = 'loopback' | 'link-local' | 'cloud metadata' | 'unspecified' | 'multicast'

/** What is no server of a network but this machine, its neighbours on the link, or nobody; undefined for all others. */
export function kindOfLocal(address: string): Kind | undefined {
  const bare = address.replace(/%.*$/, '')
  return LISTS.find(({ list }) => list.check(bare, isIPv4(bare) ? 'ipv4' : 'ipv6'))?.kind
}

/** Clouds tell their machines secrets there. */
export const isOfMetadata = (kind: Kind): boolean => kind === 'link-local' || kind === 'cloud metadata'

const RANGES: Record<Kind, [ipv4: string[], ipv6: string[]]> = {
  loopback: [['127.0.0.0/8'], ['::1/128']],
  // Above all 169.254.169.254.
  'link-local': [['169.254.0.0/16'], ['fe80::/10']],
  // Where AWS, Google, Alibaba, Azure and Oracle have them besides.
  'cloud metadata': [
    ['100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32'],
    ['fd00:ec2::254/128', 'fd20:ce::254/128'],
  ],
  // To connect there is to connect to this machine.
  unspecified: [['0.0.0.0/8'], ['::/96']],
  multicast: [['224.0.0.0/4', '255.255.255.255/32'], ['ff00::/8']],
}

/** An IPv4 address may be written as a part of an IPv6 one: mapped, which `check` knows, or for a translator (RFC 6052). */
const TRANSLATED = { prefix: '64:ff9b::', bits: 96 }

const LISTS = Object.entries(RANGES).map(([kind, [ipv4, ipv6]]) => {
  const list = new BlockList()
  for (const [address, bits] of ipv4.map(split)) {
    list.addSubnet(address, bits, 'ipv4')
    list.addSubnet(`${TRANSLATED.prefix}${address}`, TRANSLATED.bits + bits, 'ipv6')
  }
  for (const [address, bits] of ipv6.map(split)) list.addSubnet(address, bits, 'ipv6')
  return { kind: kind as Kind, list }
})

function split(range: string): [address: string, bits: number] {
  const [address = '', bits] = range.split('/')
  return [address, Number(bits)]
}
