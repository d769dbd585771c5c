import { describe, expect, it } from 'vitest'
import { openFrame } from '../../cli/frame.ts'
import { openTerminal, paints } from '../../cli/terminal.ts'

describe('colours', () => {
  it('are for screens that have them, unless somebody wants none, or wants them anyway', () => {
    expect(paints({}, { isTTY: true })).toBe(true)
    expect(paints({ TERM: 'dumb' }, { isTTY: true })).toBe(false)
    expect(paints({ NO_COLOR: '1', FORCE_COLOR: '1' }, { isTTY: true })).toBe(false)
    expect(paints({ NO_COLOR: '' }, { isTTY: true })).toBe(true)
    expect(paints({ FORCE_COLOR: '1' }, {})).toBe(true)
    expect(paints({ FORCE_COLOR: '0' }, { isTTY: true })).toBe(false)
  })

  it('are in no log of a pipeline', () => {
    expect(paints({ CI: 'true', TERM: 'xterm' }, {})).toBe(false)
  })
})

describe('a frame on a screen', () => {
  function framed(screen = { columns: 10, rows: 5 }) {
    const said: string[] = []
    const say = (text: string): void => void said.push(text)
    return { said, screen, frame: openFrame({ ...openTerminal(), print: say, complain: say, screen }) }
  }

  it('draws over what it drew, cuts what is too wide or too long, and keeps still where nothing changes', () => {
    const { said, frame } = framed()
    frame.draw(['one', 'two'])
    frame.draw(['one', 'two'])
    frame.draw(['0123456789abc', '2', '3', '4', '5'])
    expect(said).toEqual(['one\ntwo\n', '\u001B[2A\u001B[0J012345678…\n2\n3\n4\n'])
  })

  it('goes as far up as its lines are high on a screen that became narrower', () => {
    const { said, screen, frame } = framed()
    frame.draw(['0123456789', 'two'])
    screen.columns = 4
    frame.draw(['one'])
    expect(said.at(-1)).toBe('\u001B[4A\u001B[0Jone\n')
  })

  it('puts complaints above itself', () => {
    const { said, frame } = framed()
    frame.complain('first\n')
    frame.draw(['one'])
    frame.complain('lost\n')
    expect(said).toEqual(['first\n', 'one\n', '\u001B[1A\u001B[0J', 'lost\n', 'one\n'])
  })
})
