import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import { parseAllDocuments, stringify } from 'yaml'
import { untilAnswered } from './answer.ts'
import type { Access } from './ground.ts'
import { MANAGED_PATH } from './shop.ts'
import { openStage, type Stage } from './stage.ts'

/** A file of `deploy/examples`, performed in a namespace of its own that has the components which its comments ask for. */
export type Example = AsyncDisposable & {
  stage: Stage
  /** What the endpoints of the example were asked: method, path and body. */
  asked: Asked[]
  /** `kubectl apply -f` of the file, with these changes; waits until something serves. */
  apply: (...changes: Change[]) => Promise<void>
}

export type Asked = { method: string; url: string; authorization: string | undefined; body: unknown }
/** Words of the file, and what somebody writes instead. */
export type Change = [words: string, instead: string]

export async function openExample(access: Access, file: string): Promise<Example> {
  const stage = await openStage({ access, name: `example-${file}`, isBare: true })
  const asked: Asked[] = []
  const endpoint = await openEndpoint(asked)
  const host = `${stage.namespace}.shop.local`
  const source = readFileSync(new URL(`../../deploy/examples/${file}.yaml`, import.meta.url), 'utf8')
  const text = source
    .replaceAll('shop.example', host)
    .replaceAll('http://prometheus.monitoring:9090', access.prometheus)
    .replaceAll(/https:\/\/(change|smoke)\.example/g, endpoint.address)
    // The shop counts no visitors; whoever was answered is one.
    .replaceAll(/checkout_\w+_total\{revision="\$revision"\}/g, ANSWERED)
  for (const [, component = ''] of source.matchAll(/kubectl apply -n shop -k (\S+)/g))
    await kubectl(access, ['apply', '-n', stage.namespace, '-k', component])
  return {
    stage,
    asked,
    apply: async (...changes) => {
      const changed = changes.reduce((now, [words, instead]) => replaced(now, words, instead), text)
      await kubectlApply(access, stage.namespace, changed)
      await stage.until('a revision serves', ({ rollout }) => rollout?.status?.stable !== undefined)
      await untilAnswered(`${access.gateway}${MANAGED_PATH}`, host)
    },
    async [Symbol.asyncDispose]() {
      await stage[Symbol.asyncDispose]()
      await endpoint.close()
    },
  }
}

const ANSWERED = 'istio_requests_total{reporter="source",destination_service_name="$service"}'

function replaced(text: string, words: string, instead: string): string {
  if (!text.includes(words)) throw new Error(`the example does not say ${words}`)
  return text.replaceAll(words, instead)
}

/** Fields whose values in an example are those of a service, and would keep a test waiting. */
const HASTY: Record<string, unknown> = {
  namespace: undefined,
  for: '3s',
  interval: '2s',
  maxDuration: '8s',
  replicas: 2,
}

/** The machine has no image of a smoke test: any program will do. */
const SMOKE = { image: 'shop.local/checkout:1.4.0', command: [process.execPath, '-e', "console.log('all is well')"] }

function hasty(key: string, value: unknown): unknown {
  if ((key === 'maxDuration' && value === '2h') || (key === 'replicas' && value === 1)) return value
  if (key in HASTY && typeof value !== 'object') return HASTY[key]
  const container = value as { image?: string } | null
  return container?.image === 'shop.local/smoke:1.0.0' ? { ...container, ...SMOKE } : value
}

/** What an example does not say would keep a test waiting, too. */
const retiring = (object: { kind?: string; spec?: object }): object =>
  object.kind === 'Rollout' ? { ...object, spec: { ...object.spec, scaleDownDelay: '2s', drain: '5s' } } : object

async function kubectlApply(access: Access, namespace: string, text: string): Promise<void> {
  const objects = parseAllDocuments(text).map((document) =>
    stringify(retiring(JSON.parse(JSON.stringify(document.toJS()), (key, value: unknown) => hasty(key, value)))),
  )
  await kubectl(access, ['apply', '-n', namespace, '-f', '-'], objects.join('---\n'))
}

async function kubectl({ kubectl, kubeconfig }: Access, args: string[], input = ''): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const child = execFile(kubectl, ['--kubeconfig', kubeconfig, ...args], (error, _out, complaint) =>
    error ? reject(new Error(complaint)) : resolve(),
  )
  child.stdin?.end(input)
  await promise
}

/** Says yes to everything. */
async function openEndpoint(asked: Asked[]): Promise<{ address: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      asked.push({ method, url, authorization: headers.authorization, body: JSON.parse(body || 'null') as unknown })
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
