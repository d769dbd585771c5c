import 'reflect-metadata'
import { generateKeyPairSync, type webcrypto } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { Layout } from './layout.ts'

type KeyPair = webcrypto.CryptoKeyPair

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const VALID_MS = 10 * 365 * 24 * 3_600_000
/** First address of the cluster's service range, under which pods would know the API server. */
const CLUSTER_ADDRESS = '10.96.0.1'
/** As whom the API server addresses the node when it asks for metrics. */
const METRICS_HOST = 'external-metrics.kube-system.svc'

/** A CA, one server certificate for all servers, and the key pair of service account tokens; made once per stack. */
export async function makePki({ pki }: Layout): Promise<void> {
  if (existsSync(pki.accountPublicKey)) return
  const [caKeys, serverKeys] = await Promise.all([generateKeys(), generateKeys()])
  const ca = await certificateAuthority(caKeys)
  const server = await serverCertificate(serverKeys, caKeys, ca)
  const account = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const serverKey = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', serverKeys.privateKey), 'PRIVATE KEY')
  await Promise.all([
    writeFile(pki.ca, ca.toString('pem')),
    writeFile(pki.certificate, server.toString('pem')),
    writeFile(pki.key, serverKey, { mode: 0o600 }),
    writeFile(pki.accountKey, account.privateKey, { mode: 0o600 }),
  ])
  // The last one: its presence says that all of them are there.
  await writeFile(pki.accountPublicKey, account.publicKey)
}

function generateKeys(): Promise<KeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

function validity(): { notBefore: Date; notAfter: Date } {
  // An hour back: clocks of one machine may still be set backwards.
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + VALID_MS) }
}

function certificateAuthority(keys: KeyPair): Promise<X509Certificate> {
  return X509CertificateGenerator.createSelfSigned({
    name: 'CN=sluice-stack',
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
    ],
  })
}

function serverCertificate(keys: KeyPair, caKeys: KeyPair, ca: X509Certificate): Promise<X509Certificate> {
  return X509CertificateGenerator.create({
    subject: 'CN=kube-apiserver',
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      // Servers ask each other with it too: the API server asks the node.
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: CLUSTER_ADDRESS },
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: 'kubernetes.default.svc' },
        { type: 'dns', value: METRICS_HOST },
      ]),
    ],
  })
}
