/** Something that has to be put right in the repository. `line`: from 1. */
export type Fault = { file?: string; line?: number; message: string }

/** Why a branch is not applied, as the reason of the condition Ready. */
export type Reason =
  | 'AccessDenied'
  | 'SecretMissing'
  | 'SecretUnusable'
  | 'FetchFailed'
  | 'BuildFailed'
  | 'Refused'
  | 'ApplyFailed'
  | 'PruneFailed'

/** What is applied stays as it is; the message is a sentence for the condition. */
export class Trouble extends Error {
  readonly reason: Reason
  readonly faults: Fault[]
  constructor(reason: Reason, message: string, faults: Fault[] = []) {
    super(message)
    this.reason = reason
    this.faults = faults
  }
}

/** Something is wrong in the repository itself: time alone puts nothing right. */
export const isOfRepository = (reason: Reason): boolean => reason === 'BuildFailed' || reason === 'Refused'

export const faultWords = ({ file, line, message }: Fault): string =>
  file === undefined ? message : `${file}${line === undefined ? '' : `:${line}`}: ${message}`

/** All of them are kept in the status; a sentence names the first. */
export function troubleOf(reason: Reason, faults: Fault[]): Trouble {
  const [first = { message: 'something is wrong' }] = faults
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''
  return new Trouble(reason, `${faultWords(first)}${more}`, faults)
}
