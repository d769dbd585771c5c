import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'

type Role = { kind: string; rules?: { resources: string[]; resourceNames?: string[]; verbs: string[] }[] }

const rulesOf = (file: string): NonNullable<Role['rules']> =>
  parseAllDocuments(
    readFileSync(new URL(`../../deploy/components/source/${file}.yaml`, import.meta.url), 'utf8'),
  ).flatMap((document) => (document.toJS() as Role).rules ?? [])

it('lets the engine read Sources, write their status, and act as one ServiceAccount by name', () => {
  expect(
    [...rulesOf('engine-role'), ...rulesOf('account-role')].map(({ resources, resourceNames, verbs }) => [
      resources,
      resourceNames,
      verbs,
    ]),
  ).toEqual([
    [['sources'], undefined, ['get', 'list', 'watch']],
    [['sources/status'], undefined, ['patch']],
    [['serviceaccounts/token'], ['sluice-source'], ['create']],
  ])
})

it('gives who applies no wildcard, no right to widen its own, and Secrets by name only', () => {
  const rules = rulesOf('account')
  const words = rules.flatMap(({ resources, verbs }) => [...resources, ...verbs])
  for (const word of ['*', 'roles', 'rolebindings', 'serviceaccounts/token', 'bind', 'escalate', 'impersonate']) {
    expect(words).not.toContain(word)
  }
  const secrets = rules.filter(({ resources }) => resources.includes('secrets'))
  expect(secrets.map(({ resourceNames, verbs }) => [resourceNames, verbs])).toEqual([[['git', 'git-webhook'], ['get']]])
})

it('lets Git hosts reach every controller, by the port that receives', () => {
  const read = (file: string): unknown =>
    parseAllDocuments(readFileSync(new URL(`../../deploy/${file}`, import.meta.url), 'utf8'))[0]?.toJS()
  const { metadata, spec } = read('components/source/receiver/service.yaml') as Service
  const { metadata: of, spec: controller } = read('engine/controller.yaml') as Controller
  const { metadata: pod, spec: containers } = controller.template
  expect(metadata.namespace).toBe(of.namespace)
  expect(pod.labels).toMatchObject(spec.selector)
  const ports = containers.containers.flatMap(({ ports }) => ports.map(({ name }) => name))
  expect(ports).toContain(spec.ports[0]?.targetPort)
})

type Meta = { namespace: string; labels: Record<string, string> }
type Service = { metadata: Meta; spec: { selector: Record<string, string>; ports: { targetPort: string }[] } }
type Pod = { metadata: Meta; spec: { containers: { ports: { name: string }[] }[] } }
type Controller = { metadata: Meta; spec: { template: Pod } }
