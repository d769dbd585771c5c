import { errors, jwtVerify } from 'jose'
import { z } from 'zod'
import { CALLBACK_ACTIONS, CALLBACK_TOKEN, type CallbackTerms } from '../crds/callback.ts'
import { Refusal } from './refusal.ts'

const name = z.string().min(1).max(253)

const claims = z.object({
  namespace: name,
  rollout: name,
  uid: name,
  release: z.int().min(1),
  revision: name,
  gate: name,
  action: z.enum(CALLBACK_ACTIONS),
  jti: z.uuid(),
}) satisfies z.ZodType<CallbackTerms>

/** What an address is good for; `jti` is the same for both of one question. */
export type Callback = z.output<typeof claims>

/** Throws `Refusal` for what this installation did not sign, and for what is too old. */
export async function callbackOf(token: string | undefined, secret: string): Promise<Callback> {
  if (!token) throw new Refusal(400, 'this address is not whole: it ends with ?token=… as it was sent')
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: [CALLBACK_TOKEN.alg],
      audience: CALLBACK_TOKEN.audience,
      requiredClaims: ['exp', 'jti'],
    })
    return claims.parse(payload)
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new Refusal(410, 'this address is too old: its gate has expired')
    if (error instanceof errors.JOSEError || error instanceof z.ZodError)
      throw new Refusal(403, 'this address is damaged, or nobody here has made it')
    throw error
  }
}
