/** A gate that somebody outside may answer, by an address that the engine signs and the API takes. */

/** The API as the API server knows it; `deploy/base` makes it. Whoever answers by an address answers as this one. */
export const CALLBACK_USER = 'system:serviceaccount:sluice-system:sluice-api'

/** The same as gates name it. */
export const CALLBACK_ACCOUNT = 'sluice-system/sluice-api'

/** Where the API takes answers; the token follows as `?token=`. */
export const CALLBACK_PATH = '/callback'

/** Tokens are JSON web tokens (RFC 7519), signed with what the engine and the API both know. */
export const CALLBACK_TOKEN = { alg: 'HS256', audience: 'sluice-callback' } as const

export const CALLBACK_ACTIONS = ['approve', 'reject'] as const

export type CallbackAction = (typeof CALLBACK_ACTIONS)[number]

/** What a token is good for, and for nothing else. */
export type CallbackTerms = {
  namespace: string
  rollout: string
  /** Of the Rollout: another one of its name is another one. */
  uid: string
  release: number
  revision: string
  gate: string
  action: CallbackAction
}

/** Its Decision. Both addresses of a question have the same `id`: whichever is used first is the answer. */
export const callbackDecision = (rollout: string, id: string): string => `${rollout}-${id}`
