import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createRepository } from '../../demo/repository.ts'
import { startSource, type News } from '../../demo/source.ts'
import { gitIn } from '../../demo/git.ts'
import { createKube } from '../../kube/index.ts'
import { startApiServer } from '../fakes/api-server.ts'
import { eventually } from '../patience.ts'

/** A repository with the shop in it, a fake API server, and a source between them. */
async function stage() {
  const directory = await mkdtemp(join(tmpdir(), 'source-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const repository = await createRepository(directory, { prometheus: 'http://127.0.0.1:9' })
  const news: News[] = []
  const source = await startSource({
    remote: repository.remote,
    kube: createKube({ kubeconfig: server.kubeconfig }),
    tell: (one) => void news.push(one),
    lookAgainMs: 200,
  })
  onTestFinished(() => source.stop())
  const newsOf = (commit: string) =>
    eventually(() => {
      const found = news.findLast((one) => one.commit.hash === commit)
      if (!found) throw new Error(`no news of ${commit}`)
      return found
    })
  const written = () =>
    server.requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path.split('/').at(-1))
  return { ...repository, server, news, newsOf, written }
}

const upgrade = { file: 'checkout.yaml', replace: 'checkout:1.4.0', by: 'checkout:1.5.0', message: 'A faster basket' }

it('applies what is there, namespaces first, and says what it did', async () => {
  const { news, first, written } = await stage()
  expect(written()[0]).toBe('shop')
  expect(news).toEqual([
    {
      commit: { hash: first.commit, author: 'Ada Developer', message: 'The shop: three services behind one gateway' },
      applied: [
        'Namespace shop',
        'Deployment shop catalog',
        'Service shop catalog',
        'Rollout shop checkout',
        'Deployment shop payment',
        'Service shop payment',
        'VirtualService shop shop',
      ],
      complaints: [],
    },
  ])
})

it('applies of a new commit only what differs, with who declared it and why', async () => {
  const { push, newsOf, server } = await stage()
  const { commit } = await push(upgrade)
  expect((await newsOf(commit)).applied).toEqual(['Rollout shop checkout'])
  const [rollout] = server.store.list({ collection: 'sluice.dev/v1alpha1/rollouts' })
  expect(rollout?.metadata.annotations).toEqual({
    'sluice.dev/commit': commit,
    'sluice.dev/author': 'Ada Developer',
    'sluice.dev/message': 'A faster basket',
  })
})

it('leaves alone what others changed since, as long as its manifest stays the same', async () => {
  const { push, newsOf, written } = await stage()
  const before = written().length
  await newsOf((await push(upgrade)).commit)
  expect(written().slice(before)).toEqual(['checkout'])
})

it('complains about a file that it cannot read and applies the others', async () => {
  const { clone, newsOf } = await stage()
  await writeFile(join(clone, 'broken.yaml'), 'kind: [')
  await writeFile(join(clone, 'odd.yaml'), 'apiVersion: v1\nkind: Secret\nmetadata: { name: a, namespace: shop }\n')
  await writeFile(join(clone, 'more.yaml'), 'apiVersion: v1\nkind: Namespace\nmetadata: { name: more }\n')
  const git = gitIn(clone)
  await git.add('.')
  await git.commit('Three files')
  await git.push()
  const { applied, complaints } = await newsOf(await git.revparse('HEAD'))
  expect(applied).toEqual(['Namespace more'])
  expect(complaints.map(({ file }) => file)).toEqual(['broken.yaml', 'odd.yaml'])
  expect(complaints[1]?.message).toBe('v1 Secret is not applied from here')
})

it('tries again what was refused, and says so once', async () => {
  const { push, newsOf, news, server } = await stage()
  let refusals = 0
  server.interfere(({ path }) => {
    if (!path.endsWith('/rollouts/checkout') || refusals === 3) return undefined
    refusals += 1
    return { code: 422, reason: 'Invalid', message: 'spec.replicas: too many' }
  })
  const { commit } = await push(upgrade)
  await eventually(() => expect(news.filter((one) => one.commit.hash === commit)).toHaveLength(2))
  const [refused, accepted] = news.filter((one) => one.commit.hash === commit)
  expect(refused).toMatchObject({
    applied: [],
    complaints: [{ file: 'checkout.yaml', message: 'Rollout shop checkout: spec.replicas: too many' }],
  })
  expect(accepted).toMatchObject({ applied: ['Rollout shop checkout'], complaints: [] })
  expect((await newsOf(commit)).complaints).toEqual([])
})
