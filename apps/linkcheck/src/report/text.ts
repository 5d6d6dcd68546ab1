/** The report for people. */
import { excerpt, showUrl } from "../domain/Escape.ts"
import { type Broken, type Place, type Report, tagOf } from "./Report.ts"

/** A link in the navigation is on every page: the first places say it all. */
const PLACES_SHOWN = 5

/** Ends in a line break; nothing that came from a page reaches the terminal unescaped. */
export const render = (report: Report): string => {
  const lines: Array<string> = []
  for (const broken of report.broken) lines.push(...renderBroken(broken), "")
  for (const { retries, url } of report.healed) {
    lines.push(`HEALED ${line(url)} (fine after ${counted(retries, "retry", "retries")})`)
  }
  if (report.healed.length > 0) lines.push("")
  lines.push(verdict(report))
  for (const note of notes(report)) lines.push(`  ${note}`)
  return `${lines.join("\n")}\n`
}

const renderBroken = ({ places, url, why }: Broken): ReadonlyArray<string> => {
  const lines = [`BROKEN ${line(url)}`, `  why: ${why}`]
  for (const place of places.slice(0, PLACES_SHOWN)) lines.push(`  found: ${renderPlace(place)}`)
  if (places.length > PLACES_SHOWN) {
    lines.push(`  and on ${counted(places.length - PLACES_SHOWN, "more page", "more pages")}`)
  }
  if (places.length === 0) lines.push("  found: it is the page to start from")
  return lines
}

const renderPlace = (place: Place): string => {
  const { line: at, page, text } = place
  const label = text === "" ? "" : ` "${excerpt(text, 60)}"`
  return `${line(page)} line ${at} ${tagOf(place)}${label}`
}

const verdict = ({ complete, start, summary }: Report): string => {
  const found =
    summary.broken === 0 ? "no broken links" : counted(summary.broken, "broken link", "broken links")
  return `${complete ? "" : "STOPPED EARLY: "}${found} at ${line(start)}`
}

const notes = ({ ignored, resumable, summary, turnedAway }: Report): ReadonlyArray<string> => {
  const checked = counted(summary.checked, "URL", "URLs")
  const pages = counted(summary.pages, "page", "pages")
  const result = [
    `${checked} checked, ${pages} read, ${counted(summary.links, "link", "links")} in ${seconds(summary.millis)}`
  ]
  const reasons = Object.entries(ignored)
  if (reasons.length > 0) {
    const listed = reasons.map(([reason, count]) => `${excerpt(reason, 30)} ${count}`)
    const hint = Object.hasOwn(ignored, "robots.txt") ? " (--robots none asks for those of robots.txt)" : ""
    result.push(`not checked: ${listed.slice(0, 10).join(", ")}${hint}`)
  }
  if (turnedAway > 0)
    result.push(`limit of URLs reached: ${counted(turnedAway, "link was", "links were")} not checked`)
  if (summary.pending > 0) {
    const hint = resumable ? ": --resume goes on from here" : ""
    result.push(`${counted(summary.pending, "URL", "URLs")} not got to${hint}`)
  }
  return result
}

const line = (url: string): string => excerpt(showUrl(url), 500)

const counted = (count: number, one: string, many: string): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`

const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`
