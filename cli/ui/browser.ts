import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'

/** Opens it where the desktop has a way to; where it has none, the printed address has to do. Never rejects. */
export async function openInBrowser(url: string): Promise<void> {
  const [command, ...args] = process.platform === 'darwin' ? ['open'] : (WINDOWS ?? ['xdg-open'])
  if (command === undefined) return
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  child.unref()
  await Promise.race([once(child, 'spawn'), new Promise((resolve) => child.once('error', resolve))])
}

const WINDOWS = process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : undefined
