/** The report as a web page of its own: no script, nothing loaded from anywhere. */
import { escape, excerpt, showUrl } from "../domain/Escape.ts"
import { markup } from "./markup.ts"
import { type Broken, type Place, type Report, tagOf } from "./Report.ts"

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h2 { font-size: 1rem; margin: 2rem 0 0; overflow-wrap: anywhere }
.why { color: #b00020 } li { overflow-wrap: anywhere } small { color: #666 }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd } .why { color: #ff8a80 } }`

/** A whole HTML document. Links of the site are followed only when clicked, and without a referrer. */
export const render = (report: Report): string => {
  const { broken, complete, start, summary } = report
  const title = `${broken.length} broken links at ${showUrl(start)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${markup(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${markup(title)}</h1>
<p>${summary.checked} URLs checked, ${summary.pages} pages read, ${summary.links} links, ${(summary.millis / 1000).toFixed(1)} s${
    complete ? "" : ". <strong>Stopped early.</strong>"
  }</p>
${broken.map(renderBroken).join("\n")}
</body>
</html>
`
}

const renderBroken = ({ places, url, why }: Broken): string => `<section>
<h2>${anchor(url)}</h2>
<div class="why">${markup(why)}</div>
<ul>${places.map((place) => `<li>${renderPlace(place)}</li>`).join("")}</ul>
</section>`

const renderPlace = (place: Place): string =>
  `${anchor(place.page)} <small>line ${place.line} ${markup(tagOf(place))} ${markup(excerpt(place.text, 60))}</small>`

// What is no URL (or a script) must not become something to click on.
const anchor = (url: string): string => {
  const shown = markup(escape(showUrl(url)))
  return /^https?:\/\//i.test(url) && URL.canParse(url)
    ? `<a href="${markup(showUrl(url))}">${shown}</a>`
    : shown
}
