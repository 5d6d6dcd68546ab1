/** The report for CI systems that show JUnit results: one failed test case per broken link. */
import { excerpt, showUrl } from "../domain/Escape.ts"
import { type Broken, type Report, tagOf } from "./Report.ts"
import { markup } from "./markup.ts"

/** A JUnit `testsuites` document. */
export const render = (report: Report): string => {
  const { broken, summary } = report
  const time = (summary.millis / 1000).toFixed(3)
  const tests = Math.max(summary.checked, broken.length)
  const counts = `tests="${tests}" failures="${broken.length}" errors="0" time="${time}"`
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites ${counts}>`,
    `  <testsuite name="${markup(`linkcheck ${showUrl(report.start)}`)}" ${counts}>`,
    ...broken.map(renderCase),
    `  </testsuite>`,
    `</testsuites>`,
    ""
  ].join("\n")
}

const renderCase = ({ places, problem, url, why }: Broken): string => {
  const found = places.map(
    (place) => `${showUrl(place.page)} line ${place.line} ${tagOf(place)} ${excerpt(place.text, 60)}`
  )
  return [
    `    <testcase classname="${markup(problem)}" name="${markup(showUrl(url))}">`,
    `      <failure type="${markup(problem)}" message="${markup(why)}">${markup(found.join("\n"))}</failure>`,
    `    </testcase>`
  ].join("\n")
}
