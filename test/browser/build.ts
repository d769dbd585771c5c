import { build } from 'vite'

/** What is tested is what is shipped. */
export default async function setup(): Promise<void> {
  await build({ configFile: 'ui/vite.config.ts', logLevel: 'warn' })
}
