import type { Context } from 'hono'
import type { z } from 'zod'
import { Refusal } from './refusal.ts'

/** The body as it was asked for, or a 400 that names the field. */
export async function parsed<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const body: unknown = await c.req.json().catch(() => {
    throw new Refusal(400, 'the body has to be JSON')
  })
  return checked(body, schema)
}

/** As `parsed`, for what was read already. */
export function checked<T>(body: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const sentences = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`)
  throw new Refusal(400, sentences.join('; '))
}
