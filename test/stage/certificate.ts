import 'reflect-metadata'
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const VALID_MS = 24 * 3_600_000
const HOUR_MS = 3_600_000

/** For one host, signed by itself, valid for a day; PEM. */
export async function certificateFor(host: string): Promise<{ certificate: string; key: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${host}`,
    keys,
    signingAlgorithm: ALGORITHM,
    // An hour back: clocks of one machine may still be set backwards.
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + VALID_MS),
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
  })
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { certificate: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') }
}
