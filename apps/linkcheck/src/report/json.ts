/** The report for programs. Strings are as found on the site: JSON escapes control characters by itself. */
import { showUrl } from "../domain/Escape.ts"
import type { Report } from "./Report.ts"

/** Indented JSON, ending in a line break. */
export const render = (report: Report): string =>
  `${JSON.stringify(
    {
      version: 1,
      ...report,
      broken: report.broken.map((broken) => ({ ...broken, url: showUrl(broken.url) }))
    },
    null,
    2
  ).replace(
    // Beyond JSON's own: C1 controls and direction marks, which a terminal that shows the file would act on.
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
  )}\n`
