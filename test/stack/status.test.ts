import { expect, test } from 'vitest'
import { statusTable } from '../../stack/status.ts'

test('status is a table of what runs, where, and how well', () => {
  const table = statusTable([
    { server: 'etcd', pid: 4711, port: 12_000, health: 'healthy', uptimeMs: 3_725_000 },
    { server: 'temporal', pid: 12, port: 12_012, health: 'not ready', uptimeMs: 400 },
    { server: 'agent', pid: undefined, port: undefined, health: 'stopped', uptimeMs: undefined },
  ])
  expect(`\n${table}`).toBe(`
SERVER    PID   PORT   HEALTH     UPTIME
etcd      4711  12000  healthy    1h2m
temporal  12    12012  not ready  0s
agent     -     -      stopped    -
`)
})
