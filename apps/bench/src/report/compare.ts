/** What has changed since an earlier run: ratios, so that a slower machine is no regression. */
import type { Row } from "../results.ts"

export interface Change {
  readonly work: string
  readonly system: string
  readonly n: number
  readonly what: string
  readonly before: number
  readonly now: number
  /** 1.2: a fifth more than before. */
  readonly factor: number
}

const figures = (row: Row): ReadonlyArray<readonly [string, number | undefined]> => [
  ["to floor", row.ratioToFloor],
  ["to Effect", row.ratioToEffect],
  [row.bytes === undefined ? "CPU µs" : "bytes", row.bytes ?? row.cpuUs]
]

export const compare = (before: ReadonlyArray<Row>, now: ReadonlyArray<Row>): ReadonlyArray<Change> =>
  now
    .filter((row) => row.system.startsWith("Skein") && row.collected === undefined)
    .flatMap((row) => {
      const old = before.find(
        (one) =>
          one.work === row.work && one.system === row.system && one.n === row.n && one.collected === undefined
      )
      if (old === undefined) return []
      const earlier = new Map(figures(old))
      const first = figures(row).find(
        ([what, value]) => value !== undefined && earlier.get(what) !== undefined
      )
      if (first === undefined) return []
      const [what, value] = first as readonly [string, number]
      const was = earlier.get(what)!
      return [
        { work: row.work, system: row.system, n: row.n, what, before: was, now: value, factor: value / was }
      ]
    })

/** More than this is no noise. */
export const tolerance = 1.2

export const isRegression = (change: Change): boolean => change.factor > tolerance

export const describe = (change: Change): string => {
  const percent = Math.round((change.factor - 1) * 100)
  const sign = percent > 0 ? "+" : ""
  const mark = isRegression(change) ? "  REGRESSION" : ""
  return `${change.work}, ${change.system}, n ${change.n}: ${change.what} ${change.before} -> ${change.now} (${sign}${percent}%)${mark}`
}
