/** The whole command as a process, on the faulty site: it finds exactly the planted faults. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { closeSync, existsSync, openSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { faults, healing } from "../src/site/faults.ts"
import * as Site from "../src/site/Site.ts"
import { inFolder, run, start } from "./process.ts"

const MINUTES = 180_000
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
  it("finds the planted faults of its own site, no more and no fewer", { timeout: MINUTES }, async () => {
    const { status, stderr, stdout } = await run([])
    expect(status).toBe(1)
    expect(stderr).toContain(`all ${faults(site).length} planted faults were found, and nothing else`)
    expect(stdout).toContain(`\n${faults(site).length} broken links at http://127.0.0.1:`)
  })
})

describe("linkcheck <url>", () => {
  it("finds exactly the planted faults, heals what heals, and stores it all", { timeout: MINUTES }, () =>
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

  it("sends credentials to the site alone and writes them nowhere", { timeout: MINUTES }, () =>
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
})

describe("Ctrl-C", () => {
  it(
    "ends the check within a second, reports and stores what was found; --resume does the rest",
    {
      timeout: MINUTES
    },
    () =>
      inFolder(async (cwd) => {
        const site = await serve()
        const running = start(["--timeout", "30s", "--max-body", "2m", site.site], { cwd })
        await running.said(/broken .*\/missing/)
        const asked = performance.now()
        running.kill("SIGINT")
        const { status, stdout } = await running.ended
        // A second is what users are promised; the other one is for a machine that runs the whole test suite.
        expect(performance.now() - asked).toBeLessThan(2000)
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

describe("the end of the process", () => {
  it.runIf(existsSync("/dev/full"))(
    "standard output on a full disk ends with 3 and one line on standard error",
    { timeout: MINUTES },
    async () => {
      const args = ["--db", ":memory:", "-q", "--retries", "0", "http://127.0.0.1:1/"]
      const full = openSync("/dev/full", "w")
      try {
        expect(await run(args, { stdout: full })).toEqual({
          status: 3,
          stdout: "",
          stderr:
            "linkcheck: cannot write the report to standard output: ENOSPC: no space left on device, write\n"
        })
      } finally {
        closeSync(full)
      }
    }
  )

  it("a wrong address ends with 2 and one line on standard error", { timeout: MINUTES }, async () => {
    expect(await run(["example.org"])).toEqual({
      status: 2,
      stdout: "",
      stderr: "linkcheck: example.org cannot be checked: it must start with http:// or https://\n"
    })
  })

  it(
    "a reader that has gone ends it without a word, with the status that pipelines know",
    { timeout: MINUTES },
    async () => {
      const running = start(["--db", ":memory:", "-q", "--retries", "0", "http://127.0.0.1:1/"])
      running.closeStdout()
      const { status, stderr } = await running.ended
      expect(status).toBe(141)
      expect(stderr).toBe("")
    }
  )
})
