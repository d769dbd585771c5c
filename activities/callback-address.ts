import { SignJWT } from 'jose'
import {
  CALLBACK_ACTIONS,
  CALLBACK_PATH,
  CALLBACK_TOKEN,
  type CallbackAction,
  type CallbackTerms,
} from '../crds/callback.ts'

export type Question = Omit<CallbackTerms, 'action'> & {
  /** The same for both addresses. */
  id: string
  /** Epoch milliseconds. */
  closesAt: number
}

/** An address, and what in it must not be repeated. */
export type SignedAddress = { url: string; token: string }

/** Where a question is answered; the same addresses for every attempt. `base`: the API, as others reach it. */
export async function addressesOf(
  question: Question,
  { base, secret }: { base: string; secret: string },
): Promise<Record<CallbackAction, SignedAddress>> {
  const [approve, reject] = await Promise.all(
    CALLBACK_ACTIONS.map(async (action) => {
      const token = await sign({ ...question, action }, secret)
      return { url: `${base.replace(/\/+$/, '')}${CALLBACK_PATH}?token=${token}`, token }
    }),
  )
  return { approve: approve as SignedAddress, reject: reject as SignedAddress }
}

const sign = ({ id, closesAt, ...terms }: Question & CallbackTerms, secret: string): Promise<string> =>
  new SignJWT(terms)
    .setProtectedHeader({ alg: CALLBACK_TOKEN.alg })
    .setAudience(CALLBACK_TOKEN.audience)
    .setJti(id)
    .setExpirationTime(Math.floor(closesAt / 1_000))
    .sign(new TextEncoder().encode(secret))
