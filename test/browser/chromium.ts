import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { chromium, type Browser } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The browser of `SLUICE_CHROMIUM`, else the one on PATH. Throws a sentence that says how to get one. */
export async function openChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: executable(), args: ARGUMENTS })
}

function executable(): string {
  const { SLUICE_CHROMIUM: named, PATH = '' } = process.env
  const found =
    named ??
    PATH.split(delimiter)
      .flatMap((folder) => NAMES.map((name) => join(folder, name)))
      .find(runs)
  if (found !== undefined) return found
  throw new Error('there is no Chromium: install one (apt-get install chromium), or name it in SLUICE_CHROMIUM')
}

function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    // Not there.
    return false
  }
}
