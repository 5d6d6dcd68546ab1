import type { Deviation, Plan } from "./plan.ts"
import type { Mode } from "./fiberRecord.ts"

/**
 * A schedule as text. `Drawn`: a strategy and the number it starts from (`r:`, `p:`); `Planned`: the deviations from the
 * calm schedule one by one (`x1:`). Either begins with the mode, `r` or `o`, and `i` when interruptions are injected.
 *
 * @internal
 */
export type Seed =
  | {
      readonly _tag: "Drawn"
      readonly strategy: DrawnStrategy
      readonly mode: Mode
      readonly number: number
      /** How many opportunities to interrupt the run is thought to have; 0: it interrupts nothing. */
      readonly interruptSpan: number
      /** How many choice points the run is thought to have. */
      readonly choiceSpan: number
    }
  | { readonly _tag: "Planned"; readonly mode: Mode; readonly interrupts: boolean; readonly plan: Plan }

/** @internal */
export type DrawnStrategy = "random" | "pct"

/** @internal */
export const interruptsOf = (seed: Seed): boolean =>
  seed._tag === "Drawn" ? seed.interruptSpan > 0 : seed.interrupts

/** @internal */
export const print = (seed: Seed): string => {
  const flags = (seed.mode === "ops" ? "o" : "r") + (interruptsOf(seed) ? "i" : "")
  if (seed._tag === "Planned") return ["x1", flags, seed.plan.map(printDeviation).join("-")].join(":")
  const numbers = [seed.number, seed.choiceSpan, seed.interruptSpan].map((n) => n.toString(36))
  return [seed.strategy === "random" ? "r1" : "p1", flags, numbers.join(".")].join(":")
}

const printDeviation = (deviation: Deviation): string => {
  const { index, local, nth } = deviation
  const place = nth === 0 ? `${index}.${local}` : `${index}.${local}.${nth}`
  switch (deviation.kind) {
    case "Pick":
      return `${place}>${printLabel(deviation.label)}${deviation.preemptive ? "" : "f"}`
    case "Preempt":
      return `${place}*${printLabel(deviation.label)}`
    case "Resume":
      return `${place}~`
    case "Choose":
      return `${place}=${deviation.value}`
    case "Interrupt":
      return `${place}!`
  }
}

const printLabel = (label: number): string =>
  label >= 0 ? String(label) : `${(-1 - label) >> 12}t${(-1 - label) & 0xfff}`

/** The text read back; undefined when it is none. @internal */
export const parse = (text: string): Seed | undefined => {
  const [version, flags, body, ...rest] = text.trim().split(":")
  if (rest.length > 0 || flags === undefined || body === undefined || !/^[ro]i?$/.test(flags))
    return undefined
  const mode: Mode = flags[0] === "o" ? "ops" : "resumes"
  if (version === "x1") {
    const plan = body === "" ? [] : body.split("-").map(parseDeviation)
    if (plan.some((deviation) => deviation === undefined)) return undefined
    return { _tag: "Planned", mode, interrupts: flags.endsWith("i"), plan: plan as Plan }
  }
  if (version !== "r1" && version !== "p1") return undefined
  const numbers = body
    .split(".")
    .map((part) => (/^[0-9a-z]{1,8}$/.test(part) ? Number.parseInt(part, 36) : Number.NaN))
  if (numbers.length !== 3 || numbers.some(Number.isNaN)) return undefined
  const [number, choiceSpan, interruptSpan] = numbers as [number, number, number]
  return {
    _tag: "Drawn",
    strategy: version === "r1" ? "random" : "pct",
    mode,
    number,
    choiceSpan,
    interruptSpan
  }
}

const deviationPattern = /^(\d+)\.(\d+)(?:\.(\d+))?(?:([>*])(?:(\d+)|(\d+)t(\d+))(f?)|(~)|=(\d+)|(!))$/

const parseDeviation = (text: string): Deviation | undefined => {
  const match = deviationPattern.exec(text)
  if (match === null) return undefined
  const [, index, local, nth, arrow, fiber, creator, ordinal, free, resume, value] = match
  const place = { index: Number(index), local: Number(local), nth: Number(nth ?? 0) }
  if (arrow !== undefined) {
    const label = fiber !== undefined ? Number(fiber) : -1 - ((Number(creator) << 12) | Number(ordinal))
    return { ...place, kind: arrow === ">" ? "Pick" : "Preempt", label, preemptive: free !== "f" }
  }
  if (resume !== undefined) return { ...place, kind: "Resume", preemptive: true }
  if (value !== undefined) return { ...place, kind: "Choose", value: Number(value), preemptive: false }
  return { ...place, kind: "Interrupt", preemptive: false }
}
