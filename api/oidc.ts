import * as client from 'openid-client'
import type { Grant } from './session.ts'

export type OidcOptions = {
  issuer: string
  clientId: string
  clientSecret?: string | undefined
  /** Space-separated; `offline_access` where the issuer gives refresh tokens for it. */
  scopes: string
  /** Where the browser comes back to. */
  redirectUrl: string
}

/** What has to come back unchanged; kept in the browser, sealed. */
export type Begun = { state: string; nonce: string; verifier: string }

/** Authorization code flow with PKCE. The ID token is what the API server knows: it has the same issuer and client. */
export type Oidc = {
  issuer: string
  begin(): Promise<{ url: URL; begun: Begun }>
  /** `returned`: the address that the browser came back to. Throws when the issuer or its answer is not to be trusted. */
  end(returned: URL, begun: Begun): Promise<Grant>
  /** The same with a new token; undefined when the issuer gives none any more. */
  renew(grant: Grant): Promise<Grant | undefined>
}

const TIMEOUT_SECONDS = 10

/** Asks the issuer nothing before somebody signs in. */
export function createOidc(options: OidcOptions): Oidc {
  const { issuer, redirectUrl, scopes } = options
  const configuration = remembered(() => discover(options))
  const renewed = shared((refresh) => renew(configuration, refresh))
  return {
    issuer,
    async begin() {
      const begun = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      }
      const url = client.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUrl,
        scope: scopes,
        state: begun.state,
        nonce: begun.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: 'S256',
      })
      return { url, begun }
    },
    async end(returned, { state, nonce, verifier }) {
      const tokens = await client.authorizationCodeGrant(await configuration(), returned, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      return sessionOf(tokens)
    },
    renew: async ({ refresh }) => (refresh === undefined ? undefined : renewed(refresh)),
  }
}

async function discover({ issuer, clientId, clientSecret }: OidcOptions): Promise<client.Configuration> {
  const server = new URL(issuer)
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(server.hostname)
  return client.discovery(
    server,
    clientId,
    undefined,
    clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret),
    // Nobody listens between two processes of one machine.
    { timeout: TIMEOUT_SECONDS, ...(isLocal ? { execute: [client.allowInsecureRequests] } : {}) },
  )
}

async function renew(configuration: () => Promise<client.Configuration>, refresh: string) {
  try {
    const tokens = await client.refreshTokenGrant(await configuration(), refresh)
    return tokens.id_token === undefined ? undefined : { refresh, ...sessionOf(tokens) }
  } catch (error) {
    // It was used up, or taken back: the person signs in again.
    if (error instanceof client.ResponseBodyError) return undefined
    throw error
  }
}

type Tokens = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers

function sessionOf(tokens: Tokens): Grant {
  const until = tokens.claims()?.exp
  if (tokens.id_token === undefined || until === undefined) throw new Error('the issuer sent no ID token')
  return {
    token: tokens.id_token,
    until,
    ...(tokens.refresh_token === undefined ? {} : { refresh: tokens.refresh_token }),
  }
}

/** Issuers take a refresh token once: tabs that come together, or a moment later, share what it gave. */
function shared<T>(find: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const begun = new Map<string, Promise<T>>()
  return (key) => {
    const known = begun.get(key)
    if (known) return known
    const found = find(key)
    begun.set(key, found)
    const forget = (): boolean => begun.delete(key)
    found.then(() => setTimeout(forget, TIMEOUT_SECONDS * 1_000).unref(), forget)
    return found
  }
}

/** The first good result; a failure is tried again by whoever asks next. */
function remembered<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined
  return () => {
    found ??= find().catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }
}
