import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createReach, lookupBy, OffLimits } from '../../network/reach.ts'

const careful = createReach({ refuses: 'local' })
const measuring = createReach({ refuses: 'metadata' })
const trusting = createReach({ refuses: 'nothing' })

describe('whom the engine calls because somebody in a namespace named him', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.99.3.1', 'loopback'],
    ['::1', 'loopback'],
    ['[::1]', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['169.254.169.254', 'link-local'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['64:ff9b::a9fe:a9fe', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['100.100.100.200', 'cloud metadata'],
    ['fd00:ec2::254', 'cloud metadata'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'multicast'],
    ['ff02::1', 'multicast'],
  ])('is not %s: %s', async (host, kind) => {
    const refused = careful(host)
    await expect(refused).rejects.toBeInstanceOf(OffLimits)
    await expect(refused).rejects.toThrow(`(${kind})`)
    await expect(trusting(host)).resolves.toHaveLength(1)
  })

  it.each(['10.96.0.1', '172.16.0.9', '192.168.1.1', '100.64.0.7', '203.0.113.9', 'fd12::7', '2001:db8::1'])(
    'may be %s: private ranges are ordinary addresses of clusters',
    async (host) => expect(await careful(host)).toEqual([{ address: host, family: host.includes(':') ? 6 : 4 }]),
  )

  it('is nobody of this machine under another name', async () => {
    await expect(careful('localhost')).rejects.toThrow(/leads to \S+ \(loopback\), .* --allow-local-targets true/)
    expect(await trusting('localhost')).not.toEqual([])
  })

  it('is not who has one good address and one bad', async () => {
    const find = async () => [
      { address: '203.0.113.9', family: 4 },
      { address: '169.254.169.254', family: 4 },
    ]
    await expect(createReach({ refuses: 'local', find })('two.example')).rejects.toThrow('169.254.169.254')
  })

  it('may be this machine where somebody measures, and never what tells machines their secrets', async () => {
    expect(await measuring('127.0.0.1')).toHaveLength(1)
    for (const host of ['169.254.169.254', 'fd00:ec2::254', '168.63.129.16']) {
      await expect(measuring(host)).rejects.toBeInstanceOf(OffLimits)
    }
  })
})

describe('a socket', () => {
  it('goes where it may', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const found = connect({ host: 'localhost', port, lookup: lookupBy(trusting) })
    await once(found, 'connect')
    found.destroy()
    const refused = connect({ host: 'localhost', port, lookup: lookupBy(careful) })
    await expect(once(refused, 'connect')).rejects.toBeInstanceOf(OffLimits)
  })

  it('hears that a host is unknown', async () => {
    const find = () => Promise.reject(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }))
    const lookup = lookupBy(createReach({ refuses: 'local', find }))
    const socket = connect({ host: 'nowhere.example', port: 80, lookup })
    await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })
})
