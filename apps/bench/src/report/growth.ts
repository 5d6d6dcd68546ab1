/** What an operation costs when there are twice and four times as many: anything quadratic shows. */
import { figure, number, table, times } from "./text.ts"
import type { Row } from "../results.ts"
import type { Work } from "../work.ts"

/** Above this it is not the noise, nor a cache that has become too small. */
const linear = 1.6

export const growthTable = (work: Work, rows: ReadonlyArray<Row>): string => {
  const mine = rows.filter((row) => row.work === work.id && row.collected === undefined)
  const grown = mine.filter((row) => row.scale !== undefined)
  if (grown.length === 0) return ""
  const first = mine.filter((row) => row.scale === undefined)
  const lines = first.flatMap((base) => {
    const at = (scale: number) => grown.find((row) => row.system === base.system && row.scale === scale)
    const last = at(4) ?? at(2)
    if (last === undefined) return []
    const factor = figure(last) / figure(base)
    const most = at(4) === undefined ? Math.sqrt(linear) : linear
    const cell = (row: Row | undefined) => (row === undefined ? "too slow" : String(figure(row)))
    return [
      [
        base.system,
        number(base.n),
        cell(base),
        cell(at(2)),
        cell(at(4)),
        times(factor),
        factor > most ? "**grows**" : ""
      ]
    ]
  })
  return [
    `Growth: CPU µs per ${work.unit} with n of them, with twice and with four times as many, and the last to the first. Linear is 1.`,
    table(["", "n", "µs at n", "at 2n", "at 4n", "growth", ""], lines)
  ].join("\n\n")
}
