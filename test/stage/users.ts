import { Agent, request } from 'node:http'
import type { Access } from './ground.ts'
import { MANAGED_PATH } from './shop.ts'

export type Answer = { status: number; version: string | undefined }

/** Somebody with a browser: keeps the cookies that are given, and sends them again. */
export type User = {
  visit(): Promise<Answer>
  /** By name. */
  cookies: ReadonlyMap<string, string>
}

export type UserOptions = {
  access: Access
  /** Of the stage: its shop's host is taken where none is given. */
  namespace: string
  host?: string
  headers?: Record<string, string>
  cookies?: Record<string, string>
}

const WITHIN_MS = 10_000
const agent = new Agent({ keepAlive: true, maxSockets: 32 })

export function createUser({ access, namespace, host, headers = {}, cookies = {} }: UserOptions): User {
  const jar = new Map(Object.entries(cookies))
  return {
    cookies: jar,
    visit() {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const sent = { ...headers, host: host ?? `${namespace}.shop.local`, ...(cookie ? { cookie } : {}) }
      const options = { agent, headers: sent, signal: AbortSignal.timeout(WITHIN_MS) }
      const asked = request(`${access.gateway}${MANAGED_PATH}`, options, (response) => {
        for (const given of response.headers['set-cookie'] ?? []) keep(jar, given)
        const version = response.headers['x-version'] as string | undefined
        response.resume().once('error', reject)
        response.once('end', () => resolve({ status: response.statusCode ?? 0, version }))
      })
      asked.once('error', reject).end()
      return promise
    },
  }
}

function keep(jar: Map<string, string>, given: string): void {
  const [pair = ''] = given.split(';')
  const at = pair.indexOf('=')
  jar.set(pair.slice(0, at), pair.slice(at + 1))
}
