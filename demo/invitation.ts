import { relative } from 'node:path'
import type { Stack } from '../stack/index.ts'
import type { Page } from './page.ts'
import type { Repository } from './repository.ts'
import type { Gate } from './story.ts'
import { SHOP } from './witness.ts'

/** In a terminal that knows nothing of the cluster yet; both lines can be pasted as they are. */
const ADDRESSES = 'eval "$(npm run -s stack -- env)"'
const SLUICE = 'npm run -s sluice --'
const ON = `${SHOP.rollout} -n ${SHOP.namespace}`

const QUERY = 'sum(rate(istio_requests_total[1m]))by(destination_service_name,response_code)'

/** What there is to see and to do while the cluster is up. */
export function invitation(
  { urls }: Pick<Stack, 'urls'>,
  { clone }: Pick<Repository, 'clone'>,
  page: Pick<Page, 'url' | 'token'>,
): string[] {
  const folder = relative(process.cwd(), clone)
  return [
    '',
    `  the page        ${page.url}`,
    `  as alice        ${page.token}   (the token to sign in with; she may approve and abort)`,
    '',
    `  the shop        curl -i ${urls.gateway}/checkout`,
    `  Temporal        ${urls.temporalUi}`,
    `  Prometheus API  curl -sg '${urls.prometheus}/api/v1/query?query=${QUERY}'`,
    '',
    '  In another terminal, in this folder:',
    `  ${ADDRESSES}`,
    `  ${SLUICE} get -A`,
    `  ${SLUICE} status ${ON}      (says what to type at a gate; --watch goes on looking)`,
    '  npm run -s stack -- kubectl get rollouts,releases -A',
    '',
    `  A release of your own: edit ${folder}/checkout.yaml, then`,
    `  git -C ${folder} commit -am "my release" && git -C ${folder} push`,
    '',
  ]
}

/** How to pass a gate, for somebody who has read nothing else. */
export const approval = (page: string, gate: Gate): string[] => [
  `  Look and click: ${page}/r/${SHOP.namespace}/${SHOP.rollout}`,
  '  Or in another terminal, in this folder:',
  `  ${ADDRESSES}`,
  `  ${SLUICE} approve ${ON} --release ${gate.release} --gate ${gate.name}`,
  '',
]
