import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Refusal } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import type { Found } from './ledger.ts'
import { picture } from './picture.ts'

/** Draws one ledger after the other: the first into the named file, the next into `NAME-2.svg` and so on. */
export function svgFiles(file: string, terminal: Terminal): (found: Found) => Promise<void> {
  const { dir, name, ext } = path.parse(file)
  if (ext !== '.svg') throw new Refusal(`--picture draws SVG: write ${path.join(dir, name)}.svg instead of ${file}`)
  let drawn = 0
  return async ({ ledger }) => {
    drawn += 1
    const target = drawn === 1 ? file : path.join(dir, `${name}-${drawn}${ext}`)
    if (ledger.rows.length === 0) return terminal.complain(`${target} is not drawn: the ledger has no rows\n`)
    try {
      await writeFile(target, picture(ledger))
    } catch (error) {
      throw new Refusal(`cannot write ${target}: ${error instanceof Error ? error.message : String(error)}`)
    }
    terminal.complain(`${target} is drawn\n`)
  }
}
