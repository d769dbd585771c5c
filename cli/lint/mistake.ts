import type { Place, Written } from '../admission/documents.ts'

export type Mistake = { at: Place; field?: string; message: string }

/** An object of ours, or one beside it that it may speak of. */
export type Declaration = Extract<Written, { manifest: unknown }>
