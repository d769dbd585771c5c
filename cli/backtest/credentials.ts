import { readFile } from 'node:fs/promises'
import type { Credentials } from '../../analysis/index.ts'
import { Refusal } from '../failure.ts'

export type CredentialOptions = {
  header?: string[]
  bearerTokenFile?: string
  basicUser?: string
  basicPasswordFile?: string
  caFile?: string
}

/** From flags and files; passwords and tokens are never arguments, which everybody on a machine can read. Throws `Refusal`. */
export async function credentialsFrom(options: CredentialOptions): Promise<Credentials> {
  const { header = [], bearerTokenFile, basicUser, basicPasswordFile, caFile } = options
  if (bearerTokenFile !== undefined && basicUser !== undefined) {
    throw new Refusal('--bearer-token-file and --basic-user exclude each other; keep one')
  }
  if ((basicUser === undefined) !== (basicPasswordFile === undefined)) {
    throw new Refusal('--basic-user and --basic-password-file belong together')
  }
  return {
    ...(header.length === 0 ? {} : { headers: Object.fromEntries(header.map(headerFrom)) }),
    ...(bearerTokenFile === undefined ? {} : { bearerToken: await secret(bearerTokenFile) }),
    ...(basicUser === undefined || basicPasswordFile === undefined
      ? {}
      : { basic: { username: basicUser, password: await secret(basicPasswordFile) } }),
    ...(caFile === undefined ? {} : { caBundle: await secret(caFile) }),
  }
}

function headerFrom(text: string): [name: string, value: string] {
  const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(text) ?? []
  if (name !== undefined && value !== undefined) return [name, value]
  throw new Refusal('a --header is written as NAME: VALUE, for example --header "X-Scope-OrgID: shop"')
}

async function secret(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new Refusal(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
