import { createReadStream } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { Refusal } from '../failure.ts'
import { ledgersIn, type Found } from './ledger.ts'

/** What one line holds, or why nothing can be made of it. */
export type Line = { line: number; found: Found[] } | { line: number; complaint: string }

/**
 * Line by line, so that a file may be larger than memory. A line that is only a bracket begins a JSON document over
 * many lines, as kubectl prints it, and the next such line ends it. Throws `Refusal` when the file cannot be read.
 */
export async function* linesOf(file: string, stdin: NodeJS.ReadableStream = process.stdin): AsyncGenerator<Line> {
  const input = file === '-' ? stdin : createReadStream(file)
  let line = 0
  let document: { from: number; text: string[] } | undefined
  try {
    for await (const text of createInterface({ input })) {
      line += 1
      if (document) {
        document.text.push(text)
        if (!/^[}\]]\s*$/.test(text)) continue
        yield read(document.from, document.text.join('\n'))
        document = undefined
      } else if (/^\s*[[{]\s*$/.test(text)) document = { from: line, text: [text] }
      else if (text.trim() !== '') yield read(line, text)
    }
  } catch (error) {
    throw new Refusal(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (document) yield read(document.from, document.text.join('\n'))
  if (line === 0) throw new Refusal(`${file === '-' ? 'standard input' : file} is empty: write one ledger per line`)
}

function read(line: number, text: string): Line {
  try {
    return { line, found: ledgersIn(parse(text)) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { line, complaint: error.message }
  }
}

/** Gzip in base64 always begins like this: a ledger as the Release stores it, without quotes. */
const STORED = /^\s*H4sI[\w+/=\s]*$/

function parse(text: string): unknown {
  if (STORED.test(text)) return text
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Refusal(`this is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
