import type { Layout } from './layout.ts'
import { isHealthy, runningOf } from './process.ts'
import { SERVER_NAMES, serverOf } from './servers/index.ts'

export type ServerStatus = {
  server: string
  pid: number | undefined
  port: number | undefined
  health: 'healthy' | 'not ready' | 'stopped'
  /** How long it has been running, milliseconds. */
  uptimeMs: number | undefined
}

/** Every server as it is at this moment. */
export function statusOfServers(layout: Layout): Promise<ServerStatus[]> {
  return Promise.all(
    SERVER_NAMES.map(async (server) => {
      const running = runningOf(layout, server)
      const { port } = serverOf(layout, server)
      if (running === undefined) return { server, pid: undefined, port, health: 'stopped', uptimeMs: undefined }
      const health = (await isHealthy(layout, server)) ? 'healthy' : 'not ready'
      return { server, pid: running.pid, port, health, uptimeMs: Date.now() - Date.parse(running.since) }
    }),
  )
}

/** Padded columns with a head, one line per server. */
export function statusTable(servers: ServerStatus[]): string {
  const rows = servers.map(({ server, pid, port, health, uptimeMs }) => {
    return [server, String(pid ?? '-'), String(port ?? '-'), health, uptimeMs === undefined ? '-' : duration(uptimeMs)]
  })
  const all = [['SERVER', 'PID', 'PORT', 'HEALTH', 'UPTIME'], ...rows]
  const width = (column: number): number => Math.max(...all.map((row) => row[column]?.length ?? 0))
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(width(column)))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  const parts = {
    d: Math.floor(seconds / 86_400),
    h: Math.floor(seconds / 3_600) % 24,
    m: Math.floor(seconds / 60) % 60,
  }
  const said = Object.entries({ ...parts, s: seconds % 60 }).filter(([, count]) => count > 0)
  return said.length === 0
    ? '0s'
    : said
        .slice(0, 2)
        .map(([unit, count]) => `${count}${unit}`)
        .join('')
}
