import type {
  DecisionRequest,
  DecisionView,
  Failure,
  GateView,
  Me,
  ReleasePage,
  ReleaseView,
  SignIn,
} from '../../api/views.ts'
import { rolloutPath } from './page.ts'

/** The server said no, in its own words. */
export class Refused extends Error {
  status: number

  constructor(status: number, sentence: string) {
    super(sentence)
    this.status = status
  }
}

const TIMEOUT_MS = 15_000

/** Who the caller is; without a session, how to get one. */
export async function whoAmI(): Promise<Me | SignIn> {
  const response = await send('/api/me')
  if (response.ok) return (await response.json()) as Me
  if (response.status !== 401) throw await refusal(response)
  return read<SignIn>('/api/session')
}

/** Throws Refused when the API server does not know the token. */
export const signIn = (token: string): Promise<void> => change('POST', '/api/session', { token })
export const signOut = (): Promise<void> => change('DELETE', '/api/session')

export const gates = (): Promise<GateView[]> => read('/api/gates')

export const releases = (namespace: string, name: string): Promise<ReleaseView[]> =>
  read(`${rolloutPath(namespace, name)}/releases`)

export const release = (namespace: string, name: string, number: number): Promise<ReleaseView> =>
  read(`${rolloutPath(namespace, name)}/releases/${number}`)

/** What became of a decision; undefined while nobody knows of it. */
export async function decisionNow(namespace: string, rollout: string, name: string): Promise<DecisionView | undefined> {
  const { decisions } = await read<ReleasePage>(rolloutPath(namespace, rollout))
  return decisions.find((one) => one.name === name)
}

/** Throws Refused with the API server's sentence. That it was taken does not say that it had its effect yet. */
export async function decide(namespace: string, name: string, decision: DecisionRequest): Promise<DecisionView> {
  const response = await write('POST', `${rolloutPath(namespace, name)}/decisions`, decision)
  return (await response.json()) as DecisionView
}

async function read<T>(path: string): Promise<T> {
  const response = await send(path)
  if (!response.ok) throw await refusal(response)
  return (await response.json()) as T
}

async function change(method: string, path: string, body?: unknown): Promise<void> {
  await write(method, path, body)
}

async function write(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'x-sluice-csrf': '1' }
  const response = await send(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  if (!response.ok) throw await refusal(response)
  return response
}

const send = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })

async function refusal(response: Response): Promise<Refused> {
  const isSentence = response.headers.get('content-type')?.includes('json') === true
  const said = isSentence ? ((await response.json()) as Partial<Failure>).error : undefined
  return new Refused(response.status, said ?? `The server answered ${response.status} ${response.statusText}.`)
}
