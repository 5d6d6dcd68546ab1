/** One bar chart per work, as SVG, drawn by Vega. */
import * as vega from "vega"
import { compile } from "vega-lite"
import type { TopLevelSpec } from "vega-lite"

import type { Row } from "../results.ts"
import type { Work } from "../work.ts"

const kinds = ["Skein", "Effect", "others"] as const
const colors = ["#2f6f4f", "#8ab8a0", "#c3c8cc"]

const kindOf = (system: string): (typeof kinds)[number] =>
  system.startsWith("Skein")
    ? "Skein"
    : system.startsWith("Effect") || system === "floor"
      ? "Effect"
      : "others"

export const chart = async (work: Work, rows: ReadonlyArray<Row>): Promise<string> => {
  const values = rows.map((row) => ({
    system: row.system,
    kind: kindOf(row.system),
    figure: row.bytes ?? row.cpuUs,
    label: row.bytes === undefined ? `${row.cpuUs} µs` : `${row.bytes} B`
  }))
  const figures = values.map((value) => value.figure)
  // One slow peer must not make all others invisible.
  const logarithmic = Math.max(...figures) > 30 * Math.min(...figures)
  const title = work.memory === true ? `bytes per ${work.unit}` : `µs of CPU time per ${work.unit}`
  const order = values.toSorted((a, b) => a.figure - b.figure).map((value) => value.system)
  const y = { field: "system", type: "nominal", sort: order, title: null, axis: { labelLimit: 220 } } as const
  const spec: TopLevelSpec = {
    width: 460,
    height: { step: 24 },
    background: "white",
    padding: 12,
    title: { text: work.title, anchor: "start" },
    data: { values },
    layer: [
      {
        mark: { type: "bar", cornerRadiusEnd: 2 },
        encoding: {
          y,
          x: {
            field: "figure",
            type: "quantitative",
            title: logarithmic ? `${title} (logarithmic)` : title,
            ...(logarithmic && {
              scale: { type: "log" as const, domainMin: Math.min(...figures) / 3, nice: false },
              axis: { tickCount: 5, format: "~g" }
            })
          },
          // Bars of a logarithmic scale begin at its left edge.
          ...(logarithmic && { x2: { datum: Math.min(...figures) / 3 } }),
          color: {
            field: "kind",
            type: "nominal",
            scale: { domain: [...kinds], range: colors },
            legend: null
          }
        }
      },
      {
        mark: { type: "text", align: "left", dx: 4 },
        encoding: { y, x: { field: "figure", type: "quantitative" }, text: { field: "label" } }
      }
    ],
    config: { font: "sans-serif", view: { stroke: null }, axis: { grid: false } }
  }
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: "none" })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}
