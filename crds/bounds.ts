/** Bounds of what the engine writes into a Release: objects in etcd cap near 1.5 MB, and every view ships them whole. */
export const MAX_TIMELINE = 100
export const MAX_LEDGER_CHARS = 262_144
export const MAX_MESSAGE_CHARS = 4096
