import type { Layout } from '../layout.ts'

/** Paths of the tools by name, as `tools/` resolves them. */
export type Tools = Record<'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'istiod' | 'temporal', string> &
  Record<'prometheus' | 'envoy' | 'kubectl' | 'mesh-crds', string>

/** One real server: how it starts and how one sees that it works. */
export type Server = {
  /** Where people and `status` find it. */
  port?: number
  /** Writes the files that it reads at its start. */
  configure?(): Promise<void>
  command(tools: Tools): string
  args: string[]
  /** On top of the environment of whoever starts it. */
  env?: Record<string, string>
  /** False while it is not ready; asked again and again. `logFrom`: where its log began at this start, in bytes. */
  ready(logFrom: number): Promise<boolean>
}

export type ServerFactory = (layout: Layout) => Server
