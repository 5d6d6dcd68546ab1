/** Numbers: medians of rounds, ratios of rounds that were next to each other. */

export interface Sample {
  readonly cpuUs: number
  readonly wallUs: number
  readonly bytes?: number | undefined
}

/** One line of output. Times are microseconds per operation. */
export interface Row {
  readonly work: string
  readonly system: string
  readonly n: number
  readonly cpuUs: number
  readonly wallUs: number
  /** Per operation, for work that is about memory. */
  readonly bytes?: number
  /** Half of the rounds lie within so much of the median, as a part of it. */
  readonly spread: number
  readonly rounds: number
  /** 2 and 4: the rows of growth, with so many times the operations. */
  readonly scale?: number
  /** Measured with a full collection forced before each round, to show what that does. */
  readonly collected?: true
  readonly ratioToFloor?: number
  readonly ratioToEffect?: number
  /** Processors that were busy with other work just before or after. */
  readonly load?: number
  /** Milliseconds of a loop that is always the same, the slower of just before and after: how fast the machine itself was. */
  readonly loopMs?: number
  readonly note?: string
}

/** What was measured of one system. */
export interface Measured {
  readonly system: string
  readonly n: number
  readonly note: string | undefined
  readonly samples: ReadonlyArray<Sample>
}

export const quantile = (values: ReadonlyArray<number>, q: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  if (sorted.length === 0) return Number.NaN
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)]!
  const high = sorted[Math.ceil(at)]!
  return low + (high - low) * (at - Math.floor(at))
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** What counts: bytes where there are any. */
const figure = (sample: Sample): number => sample.bytes ?? sample.cpuUs

/** The median of the rounds' ratios: what slowed the machine down for a while slowed both. */
const ratio = (of: Measured, to: Measured | undefined): number | undefined =>
  to === undefined || to.samples.length !== of.samples.length
    ? undefined
    : median(of.samples.map((sample, i) => figure(sample) / figure(to.samples[i]!)))

const round = (value: number, digits: number): number => Number(value.toPrecision(digits))

export const toRows = (
  work: { readonly id: string; readonly floor?: string | undefined; readonly effect?: string | undefined },
  measured: ReadonlyArray<Measured>,
  extra: Pick<Row, "load" | "loopMs" | "scale" | "collected"> = {}
): ReadonlyArray<Row> => {
  const named = (name: string | undefined) => measured.find((one) => one.system === name)
  return measured
    .filter((one) => one.samples.length > 0)
    .map((one): Row => {
      const figures = one.samples.map(figure)
      const middle = median(figures)
      const toFloor = ratio(one, named(work.floor))
      const toEffect = ratio(one, named(work.effect))
      const bytes = one.samples.map((sample) => sample.bytes).filter((value) => value !== undefined)
      return {
        work: work.id,
        system: one.system,
        n: one.n,
        cpuUs: round(median(one.samples.map((sample) => sample.cpuUs)), 4),
        wallUs: round(median(one.samples.map((sample) => sample.wallUs)), 4),
        ...(bytes.length > 0 && { bytes: Math.round(median(bytes)) }),
        spread: round((quantile(figures, 0.75) - quantile(figures, 0.25)) / 2 / middle, 2),
        rounds: one.samples.length,
        ...(toFloor !== undefined && { ratioToFloor: round(toFloor, 3) }),
        ...(toEffect !== undefined && { ratioToEffect: round(toEffect, 3) }),
        ...extra,
        ...(one.note !== undefined && { note: one.note })
      }
    })
}

export const parse = (text: string): ReadonlyArray<Row> =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Row)

/** What a row belongs to: the growth and the collected rows of a work are measured apart. */
const kind = (row: Row): string => `${row.work} ${row.scale ?? 1} ${row.collected ?? false}`

/** The rows of a new run take the place of all earlier ones of the same kind. */
export const merge = (before: ReadonlyArray<Row>, now: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const again = new Set(now.map(kind))
  return [...before.filter((row) => !again.has(kind(row))), ...now]
}

/** The rows of the work as it is described: neither growth nor collected. */
export const isMain = (row: Row): boolean => row.scale === undefined && row.collected === undefined
