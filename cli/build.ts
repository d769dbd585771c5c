import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { build } from 'esbuild'
import { COMMON, packed, unused } from './packing.ts'

/**
 * `npm run build [-- DIRECTORY]`: the command line as one file that needs Node alone, `sluice.js`; the same file as
 * `kubectl-sluice`, which kubectl finds on PATH; and what kubectl asks for completion. Default: dist.
 */
const directory = process.argv[2] ?? 'dist'
const target = join(directory, 'sluice.js')

await mkdir(directory, { recursive: true })
await build({
  ...COMMON,
  entryPoints: [join(import.meta.dirname, 'main.ts')],
  outfile: target,
  banner: { js: '#!/usr/bin/env node' },
  define: { 'import.meta.filename': '__filename', 'import.meta.dirname': '__dirname' },
  plugins: [unused, packed],
})
await copyFile(target, join(directory, 'kubectl-sluice'))
await writeFile(join(directory, 'package.json'), '{ "type": "commonjs" }\n')
await writeFile(join(directory, 'kubectl_complete-sluice'), '#!/bin/sh\nexec kubectl-sluice __complete "$@"\n')
for (const name of ['sluice.js', 'kubectl-sluice', 'kubectl_complete-sluice']) {
  await chmod(join(directory, name), 0o755)
}
