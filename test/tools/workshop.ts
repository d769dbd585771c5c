import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tool } from '../../tools/catalogue.ts'
import { ensureTools, type ProgressReport } from '../../tools/resolve.ts'

/**
 * A place to build in without a network: recipes, an empty cache, and on PATH a `go` that keeps a diary and writes a
 * script where the real one would write a program.
 */
export type Workshop = {
  folder: string
  cache: string
  env: NodeJS.ProcessEnv
  tool: (name: string) => Tool
  ensure: (name: string | string[], onProgress?: ProgressReport) => Promise<Record<string, string>>
  /** Makes an executable that tells this version. */
  program: (path: string, version: string) => string
  /** What go was asked to do, in order: `list NAME`, `build NAME`. */
  diary: () => string[]
  entries: () => string[]
  [Symbol.dispose]: () => void
}

export function openWorkshop(tools: string[] = ['anvil']): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tools-'))
  const path = (...parts: string[]): string => join(folder, ...parts)
  const cache = path('cache', 'sluice', 'tools')
  for (const name of tools) {
    mkdirSync(path('recipes', name), { recursive: true })
    writeFileSync(path('recipes', name, 'go.mod'), `module example.com/${name}\n`)
  }
  mkdirSync(path('bin'))
  executable(path('bin', 'go'), FAKE_GO)
  const env = { PATH: `${path('bin')}:/usr/bin:/bin`, XDG_CACHE_HOME: path('cache'), DIARY: path('diary') }
  const catalogue = tools.map(toolNamed)
  return {
    folder,
    cache,
    env,
    tool: toolNamed,
    ensure: (names, onProgress) =>
      ensureTools<string>({
        names: [names].flat(),
        env,
        catalogue,
        recipes: path('recipes'),
        ...(onProgress === undefined ? {} : { onProgress }),
      }),
    program(file, version) {
      mkdirSync(join(folder, file, '..'), { recursive: true })
      return executable(path(file), `#!/bin/sh\necho "version ${version}"\n`)
    },
    diary: () => (existsSync(path('diary')) ? readFileSync(path('diary'), 'utf8').trim().split('\n') : []),
    entries: () => (existsSync(cache) ? readdirSync(cache).filter((name) => name !== 'logs') : []),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

/** WAIT_FOR makes a build wait for a line of the diary; FAIL makes it fail. */
const FAKE_GO = `#!/bin/sh
name=$(basename "$PWD")
case "$1" in
  version) echo "go version go1.26.1 linux/amd64"; exit 0 ;;
  list) echo "list $name" >> "$DIARY"; exit 0 ;;
esac
echo "build $name" >> "$DIARY"
if [ -n "$FAIL" ]; then echo "no rule to forge $name" >&2; exit 1; fi
tries=0
while [ -n "$WAIT_FOR" ] && ! grep -q "$WAIT_FOR" "$DIARY"; do
  tries=$((tries + 1)); [ $tries -gt 200 ] && exit 1; sleep 0.05
done
while [ "$1" != "-o" ]; do shift; done
printf '#!/bin/sh\\necho "built %s"\\n' "$name" > "$2"
chmod +x "$2"
`

function toolNamed(name: string): Tool {
  return {
    name,
    version: '1.4.2',
    variable: `SLUICE_${name.toUpperCase()}`,
    onPath: { command: name, args: ['--version'], version: /version (\S+)/ },
    source: { kind: 'go', recipe: name, package: '.' },
  }
}

function executable(file: string, content: string): string {
  writeFileSync(file, content)
  chmodSync(file, 0o755)
  return file
}
