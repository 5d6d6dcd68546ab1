/**
 * A site to measure link checkers on: `node bench/site.ts [pages] [latency in ms]` prints its address and serves until
 * killed. Every page links to ten others; five links lead nowhere, so that a checker that skips pages is found out.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as delay } from "node:timers/promises"

const pages = Number(process.argv[2] ?? 5000)
const latency = Number(process.argv[3] ?? 20)
const LINKS = 10
const BROKEN = 5

const linksOf = (page: number): ReadonlyArray<string> => {
  // The first two make a tree that reaches every page, the others jump about.
  const targets = [2 * page + 1, 2 * page + 2]
  for (let n = targets.length; n < LINKS; n++) targets.push((page * 7919 + n * 104729) % pages)
  const links = targets.filter((target) => target < pages).map((target) => `/page/${target}`)
  return page % Math.ceil(pages / BROKEN) === 0 ? [...links, `/missing/${page}`] : links
}

const filler = "<p>Nothing to see here, and quite a lot of it, as on most pages of most sites.</p>\n".repeat(
  40
)

const render = (page: number): string =>
  `<!doctype html><html><head><title>Page ${page}</title></head><body>\n<h1 id="top">Page ${page}</h1>\n${linksOf(
    page
  )
    .map((link) => `<a href="${link}">${link}</a>\n`)
    .join("")}${filler}</body></html>`

const server = createServer(async (request, response) => {
  await delay(latency)
  const page = request.url === "/" ? 0 : Number(/^\/page\/(\d+)$/.exec(request.url ?? "")?.[1] ?? Number.NaN)
  const found = page < pages
  response.writeHead(found ? 200 : 404, { "content-type": "text/html" })
  response.end(request.method === "HEAD" ? "" : found ? render(page) : "not found")
})
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
)
