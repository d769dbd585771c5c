import { judge as judgeLedger } from '../../analysis/index.ts'
import type { Terminal } from '../terminal.ts'
import { linesOf } from './input.ts'
import type { Found } from './ledger.ts'
import { svgFiles } from './svg-files.ts'
import { traceOf } from '../trace.ts'

export type JudgeOptions = { trace?: boolean; picture?: string }

/**
 * `sluice judge FILE|-`: one verdict object per ledger, as a line of JSON. Returns 1 when a line could not be judged;
 * the others are judged all the same. Throws `Refusal` when there is nothing to read.
 */
export async function judge(file: string, options: JudgeOptions, terminal: Terminal): Promise<number> {
  let code = 0
  const draw = options.picture === undefined ? undefined : svgFiles(options.picture, terminal)
  const complain = (line: number, what: string): void => {
    code = 1
    terminal.complain(`line ${line}: ${what}\n`)
  }
  for await (const read of linesOf(file)) {
    if ('complaint' in read) {
      complain(read.line, read.complaint)
      continue
    }
    for (const one of read.found) {
      for (const field of one.unknown) terminal.complain(`line ${read.line}: ${field} is unknown and ignored\n`)
      try {
        terminal.print(`${JSON.stringify(verdictOn(one, options))}\n`)
        await draw?.(one)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        complain(read.line, error.message)
      }
    }
  }
  return code
}

function verdictOn({ ledger, name }: Found, { trace }: JudgeOptions): object {
  return {
    ...(name === undefined ? {} : { release: name }),
    ...judgeLedger({ ledger }),
    ...(trace ? { trace: traceOf(ledger) } : {}),
  }
}
