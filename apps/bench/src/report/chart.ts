/** One chart per work, as SVG, drawn by Vega: bars, or dots on a logarithmic scale, where a bar's length would say nothing. */
import * as vega from "vega"
import { compile } from "vega-lite"
import type { TopLevelSpec } from "vega-lite"

import { figure } from "./text.ts"
import type { Row } from "../results.ts"
import type { Work } from "../work.ts"

const colors = { Skein: "#1b6e4a", Effect: "#7fb8dc", others: "#b9bec3" } as const

type Kind = keyof typeof colors

const kindOf = (system: string): Kind =>
  system.startsWith("Skein")
    ? "Skein"
    : system.startsWith("Effect ") || system === "floor"
      ? "Effect"
      : "others"

/** 1, 2, 5, 10, ... from the last one below `from` to the first above `to`. */
export const steps = (from: number, to: number): ReadonlyArray<number> => {
  const all: Array<number> = []
  for (let exponent = Math.floor(Math.log10(from)); 10 ** (exponent - 1) < to; exponent++) {
    for (const factor of [1, 2, 5]) all.push(Number((factor * 10 ** exponent).toPrecision(1)))
  }
  const first = all.findLastIndex((value) => value <= from)
  const last = all.findIndex((value) => value >= to)
  return all.slice(first, last + 1)
}

const isDecade = (value: number): boolean => Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6)

const label = (row: Row): string =>
  row.bytes === undefined
    ? `${Number(row.cpuUs.toPrecision(3))} µs`
    : `${row.bytes.toLocaleString("en-US")} B`

export const chart = async (work: Work, rows: ReadonlyArray<Row>): Promise<string> => {
  const sorted = rows.toSorted((a, b) => figure(a) - figure(b))
  const values = sorted.map((row) => ({
    system: row.system,
    kind: kindOf(row.system),
    figure: figure(row),
    label: label(row)
  }))
  const figures = values.map((value) => value.figure)
  const marks = steps(Math.min(...figures), Math.max(...figures))
  // One slow peer must not make all others invisible.
  const logarithmic = Math.max(...figures) > 30 * Math.min(...figures)
  const title = work.memory === true ? `bytes per ${work.unit}` : `µs of CPU time per ${work.unit}`
  const kinds = (Object.keys(colors) as ReadonlyArray<Kind>).filter((kind) =>
    values.some((value) => value.kind === kind)
  )
  const y = {
    field: "system",
    type: "nominal",
    sort: values.map((value) => value.system),
    title: null,
    axis: { labelLimit: 240, ticks: false, domain: !logarithmic, grid: logarithmic }
  } as const
  const x = {
    field: "figure",
    type: "quantitative",
    title: logarithmic ? `${title} (logarithmic)` : title,
    ...(logarithmic && {
      scale: { type: "log" as const, domain: [marks[0]!, marks.at(-1)!], nice: false },
      axis: { values: marks.length > 10 ? marks.filter(isDecade) : [...marks], format: "~r", grid: true }
    })
  } as const
  const spec: TopLevelSpec = {
    width: 460,
    height: { step: 24 },
    background: "white",
    // Room for the label of the longest.
    padding: { left: 12, top: 12, bottom: 12, right: 24 },
    title: { text: work.title, anchor: "start", frame: "bounds", offset: 10 },
    data: { values },
    layer: [
      {
        mark: logarithmic
          ? { type: "circle", size: 130, opacity: 1 }
          : { type: "bar", cornerRadiusEnd: 2, height: 16 },
        encoding: {
          y,
          x,
          color: {
            field: "kind",
            type: "nominal",
            scale: { domain: kinds, range: kinds.map((kind) => colors[kind]) },
            legend: { title: null, orient: "top", direction: "horizontal", symbolType: "square", offset: 6 }
          }
        }
      },
      {
        mark: { type: "text", align: "left", dx: logarithmic ? 9 : 4 },
        encoding: { y, x, text: { field: "label" } }
      }
    ],
    config: {
      font: "sans-serif",
      view: { stroke: null },
      axis: { grid: false, gridColor: "#e8eaec", titleFontWeight: "normal", labelFontSize: 11 },
      text: { fontSize: 11 }
    }
  }
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: "none" })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}
