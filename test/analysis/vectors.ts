import type { Cell } from '../../analysis/index.ts'

/** Conformance vectors of the method: six rows in which the canary turns bad, and six in which it does not. */
export const A: Cell[] = [
  [75, 1425, 0, 2],
  [80, 1400, 1, 3],
  [70, 1450, 0, 1],
  [150, 1350, 2, 4],
  [155, 1330, 3, 2],
  [148, 1362, 4, 3],
]

export const B: Cell[] = [
  [75, 1425, 0, 30],
  [80, 1400, 2, 28],
  [70, 1450, 1, 35],
  [150, 1350, 3, 24],
  [155, 1330, 2, 31],
  [148, 1362, 4, 26],
]

/** 210 outcomes of two arms, most significant bit first; 1 is an outcome of the second arm. */
export const OUTCOMES: (0 | 1)[] = BigInt('0x10010331217480000292e94420a5278244ac0444c40440913c683')
  .toString(2)
  .padStart(210, '0')
  .split('')
  .map((bit) => (bit === '1' ? 1 : 0))
