import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import type { Layout, Service, User } from './layout.ts'

/** How the API server knows whoever holds a token of the stack. Those of services come from the API server itself. */
const KNOWN_AS: Record<Exclude<User, Service>, { name: string; groups: string[] }> = {
  admin: { name: 'admin', groups: ['system:masters'] },
  alice: { name: 'alice', groups: ['approvers'] },
  bob: { name: 'bob', groups: ['viewers'] },
  ada: { name: 'ada', groups: ['operators'] },
  istiod: { name: 'istiod', groups: ['system:masters'] },
  controllers: { name: 'system:kube-controller-manager', groups: [] },
  agent: { name: 'node-agent', groups: ['system:masters'] },
}

/** Tokens and kubeconfigs of everybody but services; tokens are made once per stack. */
export async function makeUsers(layout: Layout): Promise<void> {
  const users = Object.entries(KNOWN_AS) as [Exclude<User, Service>, { name: string; groups: string[] }][]
  const known = existsSync(layout.tokens) ? readTokens(layout) : new Map<string, string>()
  // A stack of an earlier version may lack one.
  const lines = users
    .filter(([user]) => !known.has(user))
    .map(([user, { name, groups }]) => `${newToken()},${name},${user},"${groups.join(',')}"\n`)
  await appendFile(layout.tokens, lines.join(''), { mode: 0o600 })
  const tokens = readTokens(layout)
  await Promise.all(users.map(([user]) => writeKubeconfig(layout, user, tokens.get(user) ?? '')))
}

/** A kubeconfig file that holds the token and everything else it needs. */
export async function writeKubeconfig(layout: Layout, user: User, token: string): Promise<void> {
  const authority = readFileSync(layout.pki.ca).toString('base64')
  const server = `https://127.0.0.1:${layout.ports.apiserver}`
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': user,
    clusters: [{ name: 'stack', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: user, context: { cluster: 'stack', user } }],
  }
  await writeFile(layout.kubeconfig[user], JSON.stringify(config, undefined, 2), { mode: 0o600 })
}

function newToken(): string {
  return randomBytes(24).toString('hex')
}

/** Lines of `token,name,uid,"groups"`; the uid is our own word for the user. */
function readTokens({ tokens }: Layout): Map<string, string> {
  const lines = readFileSync(tokens, 'utf8').trim().split('\n')
  return new Map(
    lines.map((line) => {
      const [token = '', , user = ''] = line.split(',')
      return [user, token]
    }),
  )
}
