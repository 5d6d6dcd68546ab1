/** The whole command as a process, on the faulty site: it finds exactly the planted faults. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { faults, healing } from "../src/site/faults.ts"
import * as Site from "../src/site/Site.ts"
import { inFolder, run, start } from "./process.ts"

const MINUTE = 60_000
const FAST = ["--timeout", "1s", "--max-body", "2m"]

let site: Site.Site
const scope = Scope.makeUnsafe()
const serve = (): Promise<Site.Site> => Effect.runPromise(Scope.provide(Site.serve, scope))

beforeAll(async () => {
  site = await serve()
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const listed = (items: Iterable<{ readonly url: string; readonly problem: string }>) =>
  Array.from(items, ({ problem, url }) => `${problem} ${url}`).sort()

describe("linkcheck without arguments", () => {
  it("finds the planted faults of its own site, no more and no fewer", { timeout: MINUTE }, async () => {
    const { status, stderr, stdout } = await run([])
    expect(status).toBe(1)
    expect(stderr).toContain(`all ${faults(site).length} planted faults were found, and nothing else`)
    expect(stdout).toContain(`\n${faults(site).length} broken links at http://127.0.0.1:`)
  })
})

describe("linkcheck <url>", () => {
  it("finds exactly the planted faults, heals what heals, and stores it all", { timeout: MINUTE }, () =>
    inFolder(async (cwd) => {
      const site = await serve()
      const { status, stderr, stdout } = await run(["--json", ...FAST, site.site], { cwd })
      expect(status).toBe(1)
      const report = JSON.parse(stdout)
      expect(listed(report.broken)).toEqual(listed(faults(site)))
      expect(report.healed.map((healed: { readonly url: string }) => healed.url)).toEqual(healing(site))
      expect(report.complete).toBe(true)
      expect(report.ignored).toEqual({ javascript: 1, mailto: 1 })
      // Plain lines: nothing is redrawn, and nothing of the hostile page reaches a terminal as it is.
      // eslint-disable-next-line no-control-regex
      expect(`${stdout}${stderr}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
      const database = await readFile(join(cwd, "linkcheck.sqlite"))
      expect(database.includes("/lost-in-malformed-html")).toBe(true)
    })
  )

  it("sends credentials to the site alone and writes them nowhere", { timeout: MINUTE }, () =>
    inFolder(async (cwd) => {
      const site = await serve()
      const url = site.site.replace("http://", "http://user:hunter2@")
      const { stderr, stdout } = await run([...FAST, "--header", "X-Token: opensesame", url], { cwd })
      expect(site.authorized()).toBeGreaterThan(10)
      expect(site.leaks()).toEqual([])
      const database = await readFile(join(cwd, "linkcheck.sqlite"), "latin1")
      const basic = Buffer.from("user:hunter2").toString("base64")
      for (const secret of ["hunter2", "opensesame", basic]) {
        expect(`${stdout}${stderr}${database}`.includes(secret)).toBe(false)
      }
    })
  )

  it("says 0 for a clean site", { timeout: MINUTE }, async () => {
    const { status, stdout } = await run(["--db", ":memory:", "--depth", "0", `${site.site}/about`])
    expect(stdout).toMatch(/^no broken links at /)
    expect(status).toBe(0)
  })

  it("names what is wrong with the start page, as a broken link", { timeout: MINUTE }, async () => {
    const whyOf = async (url: string) => {
      const { status, stdout } = await run(["--db", ":memory:", "--retries", "0", ...FAST, url])
      expect(status).toBe(1)
      expect(stdout).toContain("found: it is the page to start from")
      return /why: (.*)/.exec(stdout)?.[1]
    }
    expect(await whyOf("http://127.0.0.1:1/")).toBe("cannot reach 127.0.0.1:1: connection refused")
    expect(await whyOf(site.site.replace("http:", "https:"))).toBe(
      "TLS: the server does not speak TLS on this port"
    )
    expect(await whyOf(`${site.site}/error`)).toBe("500 Internal Server Error")
    expect(await whyOf(`${site.site}/endless`)).toBe("body larger than 2 MiB")
    expect(await whyOf(`${site.site}/loop/1`)).toMatch(/^redirect loop: /)
    expect(await whyOf(`${site.site}/manual.pdf`)).toBe(
      "not an HTML page but application/pdf: there is nothing to follow"
    )
  })
})

describe("Ctrl-C", () => {
  it(
    "ends the check within a second, reports and stores what was found; --resume does the rest",
    {
      timeout: MINUTE
    },
    () =>
      inFolder(async (cwd) => {
        const site = await serve()
        const running = start(["--timeout", "30s", "--max-body", "2m", site.site], { cwd })
        await running.said(/broken .*\/missing/)
        const asked = performance.now()
        running.kill("SIGINT")
        const { status, stdout } = await running.ended
        expect(performance.now() - asked).toBeLessThan(1000)
        expect(status).toBe(130)
        expect(stdout).toContain(`BROKEN ${site.site}/missing`)
        expect(stdout).toContain("STOPPED EARLY")
        expect(stdout).toContain("--resume goes on from here")

        const requests = site.requests("/missing")
        const resumed = await run(["--resume", "--json", ...FAST, site.site], { cwd })
        expect(resumed.status).toBe(1)
        expect(listed(JSON.parse(resumed.stdout).broken)).toEqual(listed(faults(site)))
        expect(site.requests("/missing")).toBe(requests)
      })
  )
})

describe("wrong use", () => {
  it("ends with 2 and one clear line", { timeout: MINUTE }, async () => {
    const complaint = async (...args: ReadonlyArray<string>) => {
      const { status, stderr, stdout } = await run(args)
      expect(status).toBe(2)
      return `${stdout}${stderr}`
    }
    expect(await complaint("example.org")).toBe(
      "linkcheck: example.org cannot be checked: it must start with http:// or https://\n"
    )
    expect(await complaint("http://user:hunter2@/")).toBe("linkcheck: http:/// cannot be checked: no host\n")
    expect(await complaint("--timeout", "soon", "http://127.0.0.1:1/")).toContain(
      'a time between 1ms and 24h like 500ms, 10s or 2m, got "soon"'
    )
    expect(await complaint("--per-host", "0", "http://127.0.0.1:1/")).toContain(
      "--per-host must be between 1 and 1024, got 0"
    )
    expect(await complaint("--no-such-flag")).toBe(
      "linkcheck: Unrecognized flag: --no-such-flag in command linkcheck\nlinkcheck --help lists what can be said\n"
    )
    expect(await complaint("--header", "Authorization hunter2", "http://127.0.0.1:1/")).toBe(
      'linkcheck: --header takes a header like "Name: value"\n'
    )
    expect(await complaint("http://127.0.0.1:1/", "http://127.0.0.1:2/")).toContain("http://127.0.0.1:2/")
  })
})

describe("trouble outside", () => {
  it("a database that cannot be opened ends with 3 and says so", { timeout: MINUTE }, async () => {
    const { status, stderr } = await run(["--db", "/no/such/folder/x.sqlite", "http://127.0.0.1:1/"])
    expect(stderr).toBe(
      "linkcheck: cannot store results in /no/such/folder/x.sqlite: the file cannot be opened\n"
    )
    expect(status).toBe(3)
  })

  it(
    "a reader that has gone ends it without a word, with the status that pipelines know",
    { timeout: MINUTE },
    async () => {
      const running = start(["--db", ":memory:", "-q", "--retries", "0", "http://127.0.0.1:1/"])
      running.closeStdout()
      const { status, stderr } = await running.ended
      expect(status).toBe(141)
      expect(stderr).not.toMatch(/EPIPE|\n\s+at /)
    }
  )
})
