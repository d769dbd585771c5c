import { build, type BuildOptions, type Plugin } from 'esbuild'

/** Of both: the file, and what is packed in it. Not ESM: there, whatever is imported of Node is loaded before the first line runs. */
export const COMMON = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  minify: true,
  logLevel: 'warning',
} as const satisfies BuildOptions

/**
 * What client-node loads for requests of its own, two thirds of the file: kube/ sends its requests itself. What zod says
 * in forty languages. The types of files in forms that nobody sends.
 */
const UNUSED = [
  { module: /^undici$|\/gen\/(index|rxjsStub)\.js$/, importer: '/client-node/dist/' },
  { module: /locales\/index\.js$/, importer: '/zod/' },
  { module: /^form-data$/, importer: '/axios/' },
]

/** What few commands need: unpacked where it is imported, which is when such a command runs. */
const OF_FEW_COMMANDS = ['@marcbachmann/cel-js', 'prometheus-query', 'yaml', 'zod']

/** What few kubeconfigs need, and what of it: client-node imports them at once, so each is unpacked when it is used. */
const OF_FEW_KUBECONFIGS: Record<string, string[]> = {
  hpagent: ['HttpProxyAgent', 'HttpsProxyAgent'],
  'jsonpath-plus': ['JSONPath'],
  'openid-client': ['refreshTokenGrant', 'discovery', 'customFetch'],
  socks: ['SocksClient'],
  'socks-proxy-agent': ['SocksProxyAgent'],
}

export const unused: Plugin = {
  name: 'unused',
  setup(bundle) {
    for (const { module, importer } of UNUSED) {
      bundle.onResolve({ filter: module }, ({ path, importer: by }) =>
        by.includes(importer) ? { path, namespace: 'unused' } : undefined,
      )
    }
    bundle.onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: 'module.exports = {}' }))
  },
}

/** Such packages travel as text: Node reads over a string in a fraction of the time that code takes, used or not. */
export const packed: Plugin = {
  name: 'packed',
  setup(bundle) {
    const packages = [...OF_FEW_COMMANDS, ...Object.keys(OF_FEW_KUBECONFIGS)]
    bundle.onResolve({ filter: new RegExp(`^(${packages.join('|')})$`) }, ({ path, resolveDir }) => ({
      path,
      namespace: 'packed',
      pluginData: resolveDir,
    }))
    bundle.onLoad({ filter: /./, namespace: 'packed' }, async ({ path, pluginData }) => {
      const resolveDir = pluginData as string
      const names = OF_FEW_KUBECONFIGS[path]
      const contents = `export ${names ? `{ ${names.join(', ')} }` : '*'} from '${path}'`
      const { outputFiles } = await build({
        ...COMMON,
        stdin: { contents, resolveDir },
        plugins: [unused],
        write: false,
      })
      return { contents: unpacking(outputFiles[0]?.text ?? '', names), resolveDir }
    })
  },
}

const unpacking = (text: string, names: string[] | undefined): string => `
let found
function all() {
  if (found) return found
  const module = { exports: {} }
  const run = require('node:vm').compileFunction(${JSON.stringify(text)}, ['module', 'exports', 'require'])
  run(module, module.exports, require)
  return (found = module.exports)
}
module.exports = ${names ? `{ ${names.map((name) => `get ${name}() { return all().${name} }`).join(', ')} }` : 'all()'}`
