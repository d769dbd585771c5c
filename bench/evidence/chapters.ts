import { latencyChapter } from './latency-table.ts'
import type { Chapter } from './line.ts'
import { rampChapter } from './ramp-table.ts'
import { lateChapter, quietChapter, s1Chapter, supremumChapter } from './s1.ts'
import { violationsChapter } from './violations.ts'

/** Every published table, in the order of analysis.md 13. */
export const allChapters = (): Chapter[] => [
  s1Chapter(),
  supremumChapter(),
  lateChapter(),
  quietChapter(),
  latencyChapter(),
  rampChapter(),
  violationsChapter(),
]
