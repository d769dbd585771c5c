import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Connection } from '@temporalio/client'
import { NativeConnection } from '@temporalio/worker'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { readConfig } from '../../config.ts'
import { readTemporalAccess, type TemporalAccess } from '../../temporal.ts'
import { certificateFor } from '../stage/certificate.ts'
import { openFrontend, type Frontend } from './frontend.ts'

const HOST = 'temporal.test'
const PERSON = 'sluice.test'
const API_KEY = 'key-of-the-engine'

const folder = mkdtempSync(join(tmpdir(), 'temporal-access-'))
let engine: Awaited<ReturnType<typeof certificateFor>>
beforeAll(async () => {
  engine = await certificateFor(PERSON)
  file('engine.crt', engine.certificate)
  file('engine.key', engine.key)
  file('api-key', `${API_KEY}\n`)
})
afterAll(() => rmSync(folder, { recursive: true }))

const path = (name: string): string => join(folder, name)

function file(name: string, content: string): string {
  writeFileSync(path(name), content)
  return path(name)
}

const accessWith = (...flags: string[]): TemporalAccess =>
  readTemporalAccess(readConfig(['node', 'main.ts', 'all', ...flags]))

/** `ca`: whom it trusts. */
const accessTo = ({ address }: Frontend, ca: string, ...flags: string[]): TemporalAccess =>
  accessWith('--temporal-address', address, '--temporal-tls-server-name', HOST, '--temporal-tls-ca', ca, ...flags)

const PAIR = (): string[] => ['--temporal-tls-cert', path('engine.crt'), '--temporal-tls-key', path('engine.key')]

const LATE = 'Failed to connect before the deadline'

/** The two clients of the engine, that of the controller and that of the workers, and how they say what is wrong. */
const CLIENTS = [
  {
    who: 'the controller',
    connect: (access: TemporalAccess) => Connection.connect({ ...access, connectTimeout: '3s' }),
    saysUnwanted: LATE,
    saysUnknown: LATE,
  },
  {
    who: 'a worker',
    connect: (access: TemporalAccess) => NativeConnection.connect(access),
    // By its alert, or by hanging up: which of both is heard is chance.
    saysUnwanted: 'transport::Error',
    saysUnknown: 'UnknownIssuer',
  },
]

it.each(CLIENTS)('shows its certificate and its API key, as $who', async ({ connect }) => {
  await using frontend = await openFrontend({ host: HOST, admits: engine.certificate })
  const ca = file('ca.crt', frontend.certificate)
  const access = accessTo(frontend, ca, '--temporal-api-key-file', path('api-key'), ...PAIR())
  const connection = await connect(access)
  await connection.close()
  expect(frontend.calls).toContainEqual({
    path: 'GetSystemInfo',
    body: expect.any(String),
    person: PERSON,
    authorization: `Bearer ${API_KEY}`,
  })
})

it.each(CLIENTS)('does not get in without its certificate, as $who', async ({ connect, saysUnwanted }) => {
  await using frontend = await openFrontend({ host: HOST, admits: engine.certificate })
  const access = accessTo(frontend, file('ca.crt', frontend.certificate))
  await expect(connect(access)).rejects.toThrow(saysUnwanted)
  expect(frontend.calls).toEqual([])
})

it.each(CLIENTS)('tells nothing to a server that nobody vouches for, as $who', async ({ connect, saysUnknown }) => {
  await using frontend = await openFrontend({ host: HOST })
  const access = accessTo(frontend, path('engine.crt'), '--temporal-api-key-file', path('api-key'))
  await expect(connect(access)).rejects.toThrow(saysUnknown)
  expect(frontend.calls).toEqual([])
})

it('has no TLS unless something asks for it', () => {
  expect(accessWith()).toEqual({ address: '127.0.0.1:7233' })
  expect(accessWith('--temporal-tls', 'false')).toEqual({ address: '127.0.0.1:7233' })
  expect(accessWith('--temporal-tls', 'true')).toHaveProperty('tls', {})
  expect(accessWith('--temporal-api-key-file', path('api-key'))).toMatchObject({ tls: {}, apiKey: API_KEY })
})

it('is set in the environment as other tools of Temporal are', () => {
  const names = { SERVER_NAME: HOST, CLIENT_CERT_PATH: path('engine.crt'), CLIENT_KEY_PATH: path('engine.key') }
  for (const [name, value] of Object.entries(names)) vi.stubEnv(`TEMPORAL_TLS_${name}`, value)
  vi.stubEnv('TEMPORAL_API_KEY_FILE', path('api-key'))
  const access = accessWith()
  vi.unstubAllEnvs()
  const clientCertPair = { crt: Buffer.from(engine.certificate), key: Buffer.from(engine.key) }
  expect(access).toMatchObject({ tls: { serverNameOverride: HOST, clientCertPair }, apiKey: API_KEY })
})

it.each<[flags: () => string[], sentence: string]>([
  [() => ['--temporal-tls-ca', path('gone')], `--temporal-tls-ca: ${path('gone')} cannot be read`],
  [
    () => ['--temporal-tls-ca', path('engine.key')],
    `--temporal-tls-ca: ${path('engine.key')} has no certificate in PEM`,
  ],
  [() => PAIR().slice(0, 2), '--temporal-tls-cert needs its key: --temporal-tls-key'],
  [() => PAIR().slice(2), '--temporal-tls-key needs its certificate: --temporal-tls-cert'],
  [
    () => [...PAIR().slice(0, 3), path('api-key')],
    `--temporal-tls-key: ${path('api-key')} has no private key in PEM without a passphrase`,
  ],
  [
    () => ['--temporal-api-key-file', file('two-lines', 'one\ntwo')],
    `--temporal-api-key-file: ${path('two-lines')} has to hold one word in ASCII`,
  ],
  [
    () => ['--temporal-tls', 'false', '--temporal-api-key-file', path('api-key')],
    '--temporal-tls is false: certificates, a server name or an API key need TLS; leave one of them out',
  ],
])('says which setting is wrong, and nothing of what is in the file: %#', (flags, sentence) => {
  expect(() => accessWith(...flags())).toThrow(new Error(sentence))
})

it('says when certificate and key do not belong together', async () => {
  const key = file('other.key', (await certificateFor(PERSON)).key)
  expect(() => accessWith(...PAIR().slice(0, 3), key)).toThrow(
    `--temporal-tls-key: ${key} is not the key of the certificate in ${path('engine.crt')}`,
  )
})
