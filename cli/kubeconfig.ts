import process from 'node:process'
import { contextsOf, describeError } from '../kube/index.ts'
import { nearest } from './nearest.ts'
import { isByNpm } from './self.ts'

type Asked = { kubeconfig?: string; context?: string }

/** Why a kubeconfig cannot be used, and what would help: a sentence. */
export function troubleWith({ kubeconfig, context }: Asked, error: unknown): string {
  const known = contextsIn(kubeconfig)
  if (context !== undefined && known && !known.includes(context)) {
    const meant = nearest(context, known)
    const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`
    return `the kubeconfig has no context ${context}; ${hint}`
  }
  const file = kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config'
  const why = isSyntax(error) ? `${file}: ${firstLine(error)}` : describeError(error)
  return `no usable kubeconfig: ${why}. Name one by --kubeconfig or KUBECONFIG${OF_STACK}`
}

/** Undefined where they cannot be read; why, the caller knows. */
function contextsIn(kubeconfig: string | undefined): string[] | undefined {
  try {
    return contextsOf(kubeconfig === undefined ? {} : { kubeconfig })
  } catch {
    return undefined
  }
}

const isSyntax = (error: unknown): error is Error => error instanceof Error && error.name === 'YAMLException'

/** The lines below show a piece of the file, in which a token may stand. */
const firstLine = ({ message }: Error): string => message.split('\n')[0] ?? ''

/** Whoever starts the program by npm has the project, and most likely its cluster. */
const OF_STACK = isByNpm ? '. For the cluster of this project: eval "$(npm run -s stack -- env)"' : ''
