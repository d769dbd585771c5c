import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TLSConfig } from '@temporalio/worker'
import type { Config } from './config.ts'

/** How Temporal is reached, by the client of the controller and by the workers. */
export type TemporalAccess = { address: string; tls?: TLSConfig; apiKey?: string }

type Settings = Pick<
  Config,
  | 'temporalAddress'
  | 'temporalTls'
  | 'temporalTlsServerName'
  | 'temporalTlsCa'
  | 'temporalTlsCert'
  | 'temporalTlsKey'
  | 'temporalApiKeyFile'
>

/**
 * Reads the files that the settings name, once. Throws a sentence that names the setting and the file, and never what is
 * in it.
 */
export function readTemporalAccess(settings: Settings): TemporalAccess {
  const { temporalAddress: address, temporalTls: wanted, temporalApiKeyFile } = settings
  const tls = readTls(settings)
  const apiKey = temporalApiKeyFile === undefined ? undefined : readApiKey(temporalApiKeyFile)
  const isGiven = apiKey !== undefined || Object.keys(tls).length > 0
  if (wanted === false && isGiven) {
    throw new Error(
      '--temporal-tls is false: certificates, a server name or an API key need TLS; leave one of them out',
    )
  }
  return {
    address,
    ...(wanted === true || isGiven ? { tls } : {}),
    ...(apiKey === undefined ? {} : { apiKey }),
  }
}

function readTls({ temporalTlsServerName, temporalTlsCa, temporalTlsCert, temporalTlsKey }: Settings): TLSConfig {
  return {
    ...(temporalTlsServerName === undefined ? {} : { serverNameOverride: temporalTlsServerName }),
    ...(temporalTlsCa === undefined
      ? {}
      : { serverRootCACertificate: readCertificate('--temporal-tls-ca', temporalTlsCa).pem }),
    ...readPair(temporalTlsCert, temporalTlsKey),
  }
}

function readPair(cert: string | undefined, key: string | undefined): Pick<TLSConfig, 'clientCertPair'> {
  if (cert === undefined && key === undefined) return {}
  if (cert === undefined) throw new Error('--temporal-tls-key needs its certificate: --temporal-tls-cert')
  if (key === undefined) throw new Error('--temporal-tls-cert needs its key: --temporal-tls-key')
  const { pem: crt, certificate } = readCertificate('--temporal-tls-cert', cert)
  const pem = read('--temporal-tls-key', key)
  if (!certificate.checkPrivateKey(privateKey(pem, key))) {
    throw new Error(`--temporal-tls-key: ${key} is not the key of the certificate in ${cert}`)
  }
  return { clientCertPair: { crt, key: pem } }
}

/** Of several in one file the first is looked at: in a chain that is whose key it is. */
function readCertificate(setting: string, name: string): { pem: Buffer; certificate: X509Certificate } {
  const pem = read(setting, name)
  try {
    return { pem, certificate: new X509Certificate(pem) }
  } catch (error) {
    throw new Error(`${setting}: ${name} has no certificate in PEM`, { cause: error })
  }
}

function privateKey(pem: Buffer, name: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new Error(`--temporal-tls-key: ${name} has no private key in PEM without a passphrase`, { cause: error })
  }
}

function readApiKey(name: string): string {
  const key = read('--temporal-api-key-file', name).toString('utf8').trim()
  // It becomes a header.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new Error(`--temporal-api-key-file: ${name} has to hold one word in ASCII`)
  return key
}

function read(setting: string, name: string): Buffer {
  try {
    return readFileSync(name)
  } catch (error) {
    throw new Error(`${setting}: ${name} cannot be read`, { cause: error })
  }
}
