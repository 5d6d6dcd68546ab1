/** Why no collection is forced: what it would do, measured. */
import { isSkein, table, times } from "./text.ts"
import { isMain } from "../results.ts"
import type { Row } from "../results.ts"
import type { Work } from "../work.ts"

export const collectionSection = (works: ReadonlyArray<Work>, rows: ReadonlyArray<Row>): string => {
  const lines = works.flatMap((work) => {
    const collected = rows.filter((row) => row.work === work.id && row.collected === true)
    return collected.flatMap((row) => {
      const plain = rows.find((one) => one.work === work.id && one.system === row.system && isMain(one))
      if (plain === undefined) return []
      const ratio = (one: Row) => times(one.ratioToFloor ?? one.ratioToEffect)
      return [
        [
          work.title,
          isSkein(row) ? `**${row.system}**` : row.system,
          String(plain.cpuUs),
          String(row.cpuUs),
          times(row.cpuUs / plain.cpuUs),
          ratio(plain),
          ratio(row)
        ]
      ]
    })
  })
  if (lines.length === 0) return ""
  return [
    "## Why no collection is forced",
    "Between two runs none of the work's objects is alive. A full collection at that moment takes their hidden classes away, V8 then throws away all code that was compiled for them (`--trace-deopt`: *embedded weak objects cleared*), and the next run measures interpreter and compiler. A program that is at work seldom meets that. All systems are hit, but not alike, so that ratios are bent too. Measured with `gc()` before each run and no untimed one:",
    table(
      ["", "", "CPU µs", "with forced collections", "", "to floor or Effect", "with forced collections"],
      lines
    )
  ].join("\n\n")
}
