import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { certificateFor } from '../stage/certificate.ts'

/** The real `git http-backend` behind HTTPS, for one user with a password. Leaving its scope ends it. */
export type GitServer = AsyncDisposable & {
  /** Of a repository in the folder that is served. */
  url: (repository: string) => string
  /** Of the server, signed by itself. */
  certificate: string
  /** What is asked from now on gets this code, or is hung up; undefined: the truth. */
  trouble: (code: number | 'reset' | undefined) => void
  requests: () => number
}

/** Where whoever follows redirects would go. */
const ELSEWHERE = { location: 'https://elsewhere.example/' }

export async function startGitServer(folder: string, password: string, host = 'localhost'): Promise<GitServer> {
  const { certificate, key } = await certificateFor(host)
  let trouble: number | 'reset' | undefined
  let requests = 0
  const server = createServer({ cert: certificate, key }, (request, response) => {
    requests += 1
    const known = Buffer.from(`reader:${password}`).toString('base64')
    if (trouble === 'reset') request.socket.destroy()
    else if (trouble !== undefined) response.writeHead(trouble, ELSEWHERE).end('out of order')
    else if (request.headers.authorization !== `Basic ${known}`)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
    else void serve(request, response, folder)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: (repository) => `https://${host}:${port}/${repository}`,
    certificate,
    trouble: (code) => (trouble = code),
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** By CGI. */
async function serve(request: IncomingMessage, response: ServerResponse, folder: string): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '/', 'https://localhost')
  const backend = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH ?? '',
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      HTTP_GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'reader',
    },
  })
  backend.stdin.on('error', () => undefined)
  request.pipe(backend.stdin)
  const chunks: Buffer[] = []
  for await (const chunk of backend.stdout) chunks.push(chunk as Buffer)
  const answer = Buffer.concat(chunks)
  const end = answer.indexOf('\r\n\r\n')
  const headers = new Map(
    answer
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line): [string, string] => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
  )
  const status = Number((headers.get('status') ?? '200').split(' ')[0])
  headers.delete('status')
  response.writeHead(status, Object.fromEntries(headers)).end(answer.subarray(end + 4))
}
