import { reach } from '../access.ts'
import { apiServiceIn } from '../engine.ts'
import { Refusal } from '../failure.ts'
import { INTERRUPTED, whenInterrupted, type Terminal } from '../terminal.ts'
import { openInBrowser } from './browser.ts'
import { forward, type ForwardOptions } from './forward.ts'

export type UiOptions = ForwardOptions & { url?: string; open: boolean }

/**
 * `sluice ui`: prints where the page is, and opens it where there is a screen. Without an address of its own it is reached
 * through `kubectl port-forward`, until it is interrupted. Throws `Refusal` with what to do when there is no way.
 */
export async function ui(options: UiOptions, terminal: Terminal): Promise<number> {
  const { url, engineNamespace: namespace } = options
  if (url !== undefined) return show(url, options, terminal)
  const service = await apiServiceIn(reach(options), namespace)
  if (service === 'forbidden') {
    throw new Refusal(
      `you may not see the Services in ${namespace}: ask whoever runs Sluice where its page is, and name that by ` +
        `--url or SLUICE_UI_URL`,
    )
  }
  if (!service) {
    throw new Refusal(
      `there is no Service of the API in ${namespace}: kubectl apply -k deploy/engine installs it; ` +
        `--engine-namespace looks elsewhere, --url names an address`,
    )
  }
  if (service.url !== undefined) return show(service.url, options, terminal)
  await using forwarding = await forward(service, options)
  await show(forwarding.url, options, terminal)
  terminal.print(terminal.colors.dim('Ctrl-C ends it.\n'))
  const why = await Promise.race([whenInterrupted(terminal), forwarding.ended])
  if (why !== undefined) throw new Refusal(why)
  return INTERRUPTED
}

async function show(url: string, { open }: UiOptions, terminal: Terminal): Promise<number> {
  terminal.print(`${url}\n`)
  if (open && terminal.screen) await openInBrowser(url)
  return 0
}
