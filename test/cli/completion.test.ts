import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SHELLS, type Shell } from '../../cli/completion/scripts.ts'
import { CANARY, stage } from './stage.ts'
import { folder, sluice } from './typed.ts'

describe('sluice __complete', () => {
  it('offers verbs, flags, and what flags can be', async () => {
    const words = async (...typed: string[]) => (await sluice('__complete', ...typed)).out.trimEnd().split('\n')
    expect((await words('sta'))[0]).toMatch(/^status\tshow a release/)
    expect(await words('__co')).toEqual([':4'])
    expect((await words('get', '--o')).map((line) => line.split('\t')[0])).toEqual(['--output', ':4'])
    expect(await words('get', '-o', '')).toEqual(['wide', 'json', 'yaml', ':4'])
    expect(await words('completion', 'z')).toEqual(['zsh', ':4'])
    expect((await words('help', 'appr'))[0]).toMatch(/^approve\t/)
    expect(await words('lint', '-f', '')).toEqual([':0'])
    expect(await words('judge', '')).toEqual([':0'])
    expect(await words('get', 'checkout', '')).toEqual([':4'])
  })

  it('completes a value behind a sign, as one word and as the three that bash makes of it', async () => {
    const words = async (...typed: string[]) => (await sluice('__complete', ...typed)).out.trimEnd().split('\n')
    expect(await words('get', '--output=j')).toEqual(['--output=json', ':4'])
    expect(await words('get', '--output', '=', 'y')).toEqual(['yaml', ':4'])
    expect(await words('get', '--output', '=')).toEqual(['wide', 'json', 'yaml', ':4'])
  })

  it('asks the cluster for Rollouts, releases and the gate that waits', async () => {
    const cli = await stage()
    const words = async (...typed: string[]) => {
      const flags = ['--kubeconfig', cli.server.kubeconfig, '-n', 'shop']
      return (await sluice('__complete', ...flags, ...typed)).out.trimEnd().split('\n')
    }
    cli.rollout('AwaitingApproval', 'Gate go-wide waits', { canary: CANARY, release: 2, gate: 'go-wide' })
    cli.rollout('Promoted', 'serves', {}, 'cart')
    cli.release(2, { stepIndex: 3 })
    expect(await words('status', 'c')).toEqual(['checkout\tAwaitingApproval', 'cart\tPromoted', ':4'])
    expect(await words('approve', 'checkout', '--gate', '')).toEqual(['go-wide\tGate go-wide waits', ':4'])
    expect(await words('status', 'checkout', '--release', '')).toEqual(['2\tRunning', ':4'])
    expect(await words('get', '--context', '')).toEqual(['fake', ':4'])
    expect(await words('--namespace=elsewhere', 'status', '')).toEqual([':4'])
  })

  it('offers nothing, and complains of nothing, where the cluster does not answer', async () => {
    expect(await sluice('__complete', '--kubeconfig', '/nowhere', 'status', '')).toMatchObject({
      code: 0,
      out: ':4\n',
      complaints: '',
    })
  })
})

describe('sluice completion', () => {
  it.each(['bash', 'zsh', 'fish'])('writes a script for %s that asks the program', async (shell) => {
    expect((await sluice('completion', shell)).out).toContain('__complete')
  })

  it('is a script that its shell can read', async () => {
    const place = folder()
    const refused: string[] = []
    for (const shell of SHELLS) {
      const { out } = await sluice('completion', shell)
      expect(balance(out, shell)).toEqual({ opened: true, left: 0 })
      writeFileSync(place(shell), out)
      const { error, status } = spawnSync(shell, ['-n', place(shell)])
      // Bash is everywhere, the others where somebody installed them.
      if (status !== 0 && (error === undefined || shell === 'bash')) refused.push(shell)
    }
    expect(refused).toEqual([])
  })

  it('shows in bash what the program offers, and files where it says so', async () => {
    const place = folder()
    const program =
      '#!/bin/sh\nprintf "%s\\n" "$*" >> "$0.typed"\ncase "$*" in *lint*) echo :0;; *) printf "checkout\\tPromoted\\ncart\\n:4\\n";; esac\n'
    writeFileSync(place('sluice'), program, { mode: 0o755 })
    writeFileSync(place('script'), (await sluice('completion', 'bash')).out)
    const shown = (...words: string[]): string => {
      const typed = [place('sluice'), ...words].map((word) => `'${word}'`).join(' ')
      const lines = [`source ${place('script')}`, `COMP_WORDS=(${typed})`, `COMP_CWORD=${words.length}`]
      const script = [...lines, '_sluice_complete', 'echo "${COMPREPLY[@]}"'].join('\n')
      return execFileSync('bash', ['-c', script], { encoding: 'utf8', cwd: place('') })
    }
    expect(shown('status', 'c')).toBe('checkout cart\n')
    expect(shown('lint', '-f', 'scr')).toBe('script\n')
    expect(readFileSync(place('sluice.typed'), 'utf8')).toBe('__complete status c\n__complete lint -f scr\n')
  })

  it('names the shells that it knows', async () => {
    expect((await sluice('completion', 'csh')).complaints).toContain('Allowed choices are bash, zsh, fish')
  })
})

/** Whether what begins in a script ends in it: a shell that is not on this machine cannot say it. */
function balance(script: string, shell: Shell): { opened: boolean; left: number } {
  const lines = script.split('\n').map((line) => line.trim())
  const count = (words: RegExp): number => lines.flatMap((line) => line.match(words) ?? []).length
  const [opens, closes] =
    shell === 'fish'
      ? [/^(function|for|switch|if|while|begin)\b/g, /^end\b/g]
      : [/^(if|case|while|for)\b|(?<=\(\) )\{$/g, /(?<=^|[;\s])(fi|esac|done)\b|^\}$/g]
  return { opened: count(opens) > 0, left: count(opens) - count(closes) }
}
