import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { build, type Plugin } from 'esbuild'

/**
 * `npm run build [-- DIRECTORY]`: the command line as one file that needs Node alone, `sluice.js`; the same file as
 * `kubectl-sluice`, which kubectl finds on PATH; and what kubectl asks for completion. Default: dist.
 */
const directory = process.argv[2] ?? 'dist'
const target = join(directory, 'sluice.js')

/**
 * What client-node loads for requests of its own, two thirds of the file: kube/ sends its requests itself. And what zod
 * says in forty languages.
 */
const UNUSED = [
  { module: /^undici$|\/gen\/(index|rxjsStub)\.js$/, importer: '/client-node/dist/' },
  { module: /locales\/index\.js$/, importer: '/zod/' },
]

/** Of what a kubeconfig may ask for: loaded when one does. */
const RARE: Record<string, string[]> = {
  'socks-proxy-agent': ['SocksProxyAgent'],
  socks: ['SocksClient'],
  hpagent: ['HttpProxyAgent', 'HttpsProxyAgent'],
  'openid-client': ['refreshTokenGrant', 'discovery', 'customFetch'],
}

const slim: Plugin = {
  name: 'slim',
  setup(bundle) {
    for (const { module, importer } of UNUSED) {
      bundle.onResolve({ filter: module }, ({ path, importer: by }) =>
        by.includes(importer) ? { path, namespace: 'unused' } : undefined,
      )
    }
    bundle.onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: 'module.exports = {}' }))
    bundle.onResolve({ filter: new RegExp(`^(${Object.keys(RARE).join('|')})$`) }, ({ path, importer, resolveDir }) =>
      importer.includes('/client-node/dist/') ? { path, namespace: 'rare', pluginData: resolveDir } : undefined,
    )
    bundle.onLoad({ filter: /./, namespace: 'rare' }, ({ path, pluginData }) => ({
      contents: `module.exports = { ${(RARE[path] ?? []).map((name) => `get ${name}() { return require('${path}').${name} }`).join(', ')} }`,
      resolveDir: pluginData as string,
    }))
  },
}

await mkdir(directory, { recursive: true })
await build({
  entryPoints: [join(import.meta.dirname, 'main.ts')],
  outfile: target,
  bundle: true,
  platform: 'node',
  // Not ESM: there, whatever is imported of Node is loaded before the first line runs.
  format: 'cjs',
  target: 'node22',
  minify: true,
  banner: { js: '#!/usr/bin/env node' },
  define: { 'import.meta.filename': '__filename', 'import.meta.dirname': '__dirname' },
  plugins: [slim],
  logLevel: 'warning',
})
await copyFile(target, join(directory, 'kubectl-sluice'))
await writeFile(join(directory, 'package.json'), '{ "type": "commonjs" }\n')
await writeFile(join(directory, 'kubectl_complete-sluice'), '#!/bin/sh\nexec kubectl-sluice __complete "$@"\n')
for (const name of ['sluice.js', 'kubectl-sluice', 'kubectl_complete-sluice']) {
  await chmod(join(directory, name), 0o755)
}
