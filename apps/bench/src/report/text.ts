/** Cells and tables. */
import type { Row } from "../results.ts"

/** What counts: bytes where there are any. */
export const figure = (row: Row): number => row.bytes ?? row.cpuUs

export const isSkein = (row: Row): boolean => row.system.startsWith("Skein")

export const times = (ratio: number | undefined): string =>
  ratio === undefined ? "" : `${ratio.toFixed(2)}x`

export const number = (value: number): string => value.toLocaleString("en-US")

export const table = (header: ReadonlyArray<string>, lines: ReadonlyArray<ReadonlyArray<string>>): string =>
  [header, header.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
