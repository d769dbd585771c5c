import { z } from 'zod'
import { CALLBACK_PATH } from '../crds/callback.ts'
import { CSRF_HEADER } from './guard.ts'
import {
  callbackAnswer,
  decisionRequest,
  decisionView,
  failure,
  gateView,
  me,
  releasePage,
  releaseView,
  rolloutView,
  signIn,
  signInRequest,
} from './schema.ts'

type Operation = {
  method: 'get' | 'post' | 'delete'
  path: string
  summary: string
  /** Nobody has to be signed in. */
  open?: true
  /** A token in the address is what gives the right. */
  signed?: true
  body?: z.ZodType
  /** Status, and what comes with it: a shape, or a media type other than JSON. */
  answer: [status: number, content?: z.ZodType | 'text/event-stream' | 'text/html']
}

const ROLLOUT = '/api/rollouts/{namespace}/{name}'
const FLEET_STREAM =
  'Server-sent events: `snapshot` {rollouts} first, then `rollout` (a whole line) and `gone` {key}. Last-Event-ID goes on where it was cut off (`resumed`); `expired` means that everything comes again.'

/** Every route of the API, as `/openapi.json` tells it; a test holds it against the routes that there are. */
export const OPERATIONS: Operation[] = [
  { method: 'get', path: '/api/me', summary: 'Who the API server says the caller is.', answer: [200, me] },
  { method: 'get', path: '/api/session', summary: 'How one signs in here.', open: true, answer: [200, signIn] },
  {
    method: 'post',
    path: '/api/session',
    summary: 'Signs in with a token of the API server; the answer sets a cookie.',
    open: true,
    body: signInRequest,
    answer: [200, me],
  },
  { method: 'delete', path: '/api/session', summary: 'Signs out.', open: true, answer: [204] },
  { method: 'get', path: '/api/session/oidc', summary: 'Goes to the issuer to sign in.', open: true, answer: [302] },
  {
    method: 'get',
    path: '/api/session/oidc/callback',
    summary: 'Where the issuer sends the browser back to.',
    open: true,
    answer: [302, 'text/html'],
  },
  { method: 'get', path: '/api/stream', summary: FLEET_STREAM, answer: [200, 'text/event-stream'] },
  { method: 'get', path: '/api/rollouts', summary: 'The fleet, once.', answer: [200, z.array(rolloutView)] },
  { method: 'get', path: '/api/gates', summary: 'Every gate that waits.', answer: [200, z.array(gateView)] },
  { method: 'get', path: ROLLOUT, summary: 'Everything about one Rollout.', answer: [200, releasePage] },
  {
    method: 'get',
    path: `${ROLLOUT}/stream`,
    summary: 'Server-sent events: `page`, whole, at once and at every change; `gone` {key} at its end.',
    answer: [200, 'text/event-stream'],
  },
  {
    method: 'get',
    path: `${ROLLOUT}/releases`,
    summary: 'Its releases, newest first, without intervals.',
    answer: [200, z.array(releaseView)],
  },
  {
    method: 'get',
    path: `${ROLLOUT}/releases/{number}`,
    summary: 'One release with its intervals.',
    answer: [200, releaseView],
  },
  {
    method: 'post',
    path: `${ROLLOUT}/decisions`,
    summary: 'Says a word about a release, as the caller; 403 is the sentence of the API server.',
    body: decisionRequest,
    answer: [201, decisionView],
  },
  {
    method: 'get',
    path: CALLBACK_PATH,
    summary: 'A page that asks whether this is meant; it decides nothing.',
    signed: true,
    answer: [200, 'text/html'],
  },
  {
    method: 'post',
    path: CALLBACK_PATH,
    summary: 'Answers a gate by the address that a callback was told; good once. A form is answered by a page.',
    signed: true,
    body: callbackAnswer,
    answer: [201, decisionView],
  },
  { method: 'get', path: '/openapi.json', summary: 'This description.', open: true, answer: [200, z.object({})] },
  { method: 'get', path: '/healthz', summary: 'Whether the process answers.', open: true, answer: [200] },
]

/** OpenAPI 3.0. */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation) }
  }
  return {
    openapi: '3.0.3',
    info: { title: 'Sluice', version, description: 'What the UI is built on. Times are RFC 3339.' },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'sluice-session',
          description: 'Over HTTPS its name begins with `__Host-`.',
        },
      },
    },
    security: [{ bearer: [] }, { session: [] }],
  }
}

function operationObject(operation: Operation): object {
  const { method, path, summary, open, signed, body, answer } = operation
  const [status, content] = answer
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const inPath = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  const csrf = { name: CSRF_HEADER, in: 'header', required: true, schema: { type: 'string' } }
  return {
    summary,
    ...(open || signed ? { security: [] } : {}),
    parameters: [...inPath, ...(signed ? [TOKEN] : method === 'get' ? [] : [csrf])],
    ...(body ? { requestBody: { required: !signed, ...json(body) } } : {}),
    responses: {
      [status]: { description: summary, ...contentOf(content) },
      default: { description: 'Refused, and why.', ...json(failure) },
    },
  }
}

const TOKEN = { name: 'token', in: 'query', required: true, schema: { type: 'string' } }

function contentOf(content: Operation['answer'][1]): object {
  if (content === undefined) return {}
  return typeof content === 'string' ? { content: { [content]: { schema: { type: 'string' } } } } : json(content)
}

const json = (schema: z.ZodType): object => ({
  content: {
    'application/json': {
      schema: z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline', unrepresentable: 'any' }),
    },
  },
})
