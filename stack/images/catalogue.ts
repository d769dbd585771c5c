import { fileURLToPath } from 'node:url'
import type { Catalogue, Image } from '../node/command.ts'

const service = fileURLToPath(new URL('service.ts', import.meta.url))

/** A version of a shop service: one program, told by its environment who it is and how it behaves from the start. */
const shop = (name: string, version: string, behaviour: Record<string, string> = {}): Image => ({
  entrypoint: [process.execPath, service],
  env: { SERVICE: name, VERSION: version, ...behaviour },
  exposes: ['control'],
})

/** What this machine can run. A pod's own `env` wins over an image's: any behaviour can be declared on any version. */
export const catalogue: Catalogue = {
  'shop.local/catalog:2.1.0': shop('catalog', '2.1.0'),
  'shop.local/payment:3.0.2': shop('payment', '3.0.2'),
  'shop.local/checkout:1.4.0': shop('checkout', '1.4.0'),
  'shop.local/checkout:1.5.0': shop('checkout', '1.5.0'),
  'shop.local/checkout:1.6.0': shop('checkout', '1.6.0', { ERROR_SHARE: '0.05' }),
  'shop.local/checkout:1.7.0': shop('checkout', '1.7.0', { SLOW_SHARE: '0.1', SLOW_MS: '400' }),
  'shop.local/checkout:crash': shop('checkout', 'crash', {
    FAIL_AT_START: 'cannot read the price list: no such table',
  }),
}
