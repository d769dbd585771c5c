import type { RowView } from '../../api/views.ts'
import { badOf } from '../words/figures.ts'
import { Wide } from '../parts/section.tsx'
import { absolute, clock } from '../words/times.ts'
import { labelOf } from './metric.tsx'
import { bucketsOf } from './series.ts'

const MOST_LINES = 40

/** The same for those who do not see, or want the integers: newest first. */
export function FiguresTable({ rows, names }: { rows: RowView[]; names: string[] }) {
  if (names.length === 0) return null
  return (
    <details class="figures">
      <summary>The same as figures</summary>
      <Wide words="Figures per interval">
        <table>
          <thead>
            <tr>
              <th scope="col">Until</th>
              <th scope="col">Weight</th>
              {names.map((name) => (
                <th key={name} scope="col">
                  {labelOf(name)}, canary : stable
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bucketsOf(rows, MOST_LINES)
              .reverse()
              .map(({ to, weight, metrics }) => (
                <tr key={to}>
                  <th scope="row" title={absolute(to)}>
                    {clock(to)}
                  </th>
                  <td>{weight} %</td>
                  {names.map((name) => (
                    <td key={name}>
                      {badOf(metrics[name]?.canary ?? [0, 0])} : {badOf(metrics[name]?.stable ?? [0, 0])}
                    </td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </Wide>
    </details>
  )
}
