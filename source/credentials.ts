import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KubeObject } from '../kube/index.ts'
import { dialled, pinned, type Remote } from './remote.ts'
import { Trouble } from './trouble.ts'

export type Secret = KubeObject & { data?: Record<string, string> }

/** What opens a repository; all of it is secret but the last two. */
export type Credentials = {
  username?: string
  password?: string
  sshKey?: string
  knownHosts?: string
  authority?: string
}

/** Of a Secret of the type basic-auth or ssh-auth, or of any with these keys. Throws `Trouble` where one is missing. */
export function credentialsOf(secret: Secret, url: string): Credentials {
  const read = (...keys: string[]): string | undefined => {
    const found = keys.map((key) => secret.data?.[key]).find((value) => value !== undefined)
    return found === undefined ? undefined : Buffer.from(found, 'base64').toString('utf8')
  }
  const found = {
    username: read('username'),
    password: read('password'),
    sshKey: read('ssh-privatekey', 'identity'),
    knownHosts: read('known_hosts'),
    authority: read('ca.crt'),
  }
  const needed: [string, string | undefined][] = url.startsWith('ssh:')
    ? [
        ['ssh-privatekey', found.sshKey],
        ['known_hosts', found.knownHosts],
      ]
    : found.username === undefined && found.authority !== undefined
      ? []
      : [['password', found.password]]
  const missing = needed.filter(([, value]) => value === undefined).map(([key]) => key)
  if (missing.length > 0) {
    throw new Trouble('SecretUnusable', `Secret ${secret.metadata.name} has no ${missing.join(' and no ')}`)
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

/**
 * Writes git's whole configuration into a directory that nobody else reads, and gives its path. Credentials are in files
 * there and nowhere else: no argument and no variable of a process shows them.
 */
export async function writeConfig(directory: string, remote: Remote, credentials: Credentials): Promise<string> {
  const put = async (name: string, content: string): Promise<string> => {
    await writeFile(join(directory, name), content, { mode: 0o600 })
    return join(directory, name)
  }
  const { username = 'git', password, sshKey, knownHosts, authority } = credentials
  const { url } = remote
  const scheme = url.slice(0, url.indexOf(':'))
  const sections = [
    ...BASE,
    // Whatever a repository names leads to no other kind of place.
    section('protocol', { allow: 'never' }),
    section(`protocol "${scheme}"`, { allow: 'always' }),
    section('http', scheme === 'https' ? pinned(remote) : {}),
  ]
  if (password !== undefined) {
    const { protocol, host } = new URL(url)
    const line = `${protocol}//${encodeURIComponent(username)}:${encodeURIComponent(password)}@${host}\n`
    sections.push(section('credential', { helper: `store --file='${await put('credentials', line)}'` }))
  }
  if (authority !== undefined) sections.push(section('http', { sslCAInfo: await put('ca.crt', authority) }))
  if (sshKey !== undefined && knownHosts !== undefined) {
    const key = await put('key', `${sshKey.trimEnd()}\n`)
    sections.push(
      section('core', { sshCommand: `${ssh(key, await put('known_hosts', knownHosts))} ${dialled(remote)}` }),
    )
  }
  return put('config', sections.join(''))
}

const section = (name: string, values: Record<string, string>): string =>
  `[${name}]\n${Object.entries(values)
    .map(([key, value]) => `\t${key} = "${value.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`)}"\n`)
    .join('')}`

const BASE = [
  // A link could lead out of the repository; as a file it is only a name. No hook, no filter: nothing of it is run.
  section('core', { symlinks: 'false', hooksPath: '/dev/null' }),
  // Whoever is asked might send the engine, and its credentials, anywhere.
  section('http', { lowSpeedLimit: '1000', lowSpeedTime: '30', followRedirects: 'false' }),
  section('gc', { auto: '0' }),
  section('advice', { detachedHead: 'false' }),
]

const ssh = (key: string, knownHosts: string): string =>
  [
    `ssh -F none -i '${key}'`,
    `-o UserKnownHostsFile='${knownHosts}' -o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes`,
    '-o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=15',
  ].join(' ')
