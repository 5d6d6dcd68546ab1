import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { main } from "../../src/cli/Main.ts"
import { Output } from "../../src/report/Output.ts"
import * as Site from "../../src/site/Site.ts"

/** The command, in this process: its exit status and all that it wrote. */
const run = (...args: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    let stdout = ""
    let stderr = ""
    const output = Layer.succeed(Output, {
      stdout: (text) => Effect.sync(() => void (stdout += text)),
      stderr: (text) => Effect.sync(() => void (stderr += text)),
      live: false,
      columns: () => 80
    })
    return main(args).pipe(
      Effect.map((status) => ({ status, stdout, stderr })),
      Effect.provide(output)
    )
  })

const FAST = ["--db", ":memory:", "-q", "--retries", "0", "--timeout", "1s", "--max-body", "2m"]

// Real time: the command talks to real servers over real sockets.
describe("wrong use", () => {
  const complaint = (...args: ReadonlyArray<string>) =>
    Effect.map(run(...args), ({ status, stderr, stdout }) => {
      expect([status, stdout]).toEqual([2, ""])
      return stderr
    })
  const HINT = "linkcheck --help lists what can be said\n"

  it.live("of the address is told what an address looks like, without the password in it", () =>
    Effect.gen(function* () {
      expect(yield* complaint("example.org")).toBe(
        "linkcheck: example.org cannot be checked: it must start with http:// or https://\n"
      )
      expect(yield* complaint("http://user:hunter2@/")).toBe(
        "linkcheck: http:/// cannot be checked: no host\n"
      )
      expect(yield* complaint("http://a\u001b[2J b/")).toBe(
        "linkcheck: http://a\\x1b[2J b/ cannot be checked: bad host name\n"
      )
    })
  )

  it.live("of a flag is told what the flag takes", () =>
    Effect.gen(function* () {
      const url = "http://127.0.0.1:1/"
      expect(yield* complaint("--timeout", "soon", url)).toBe(
        `linkcheck: Invalid value for flag --timeout: "soon". Expected: a time between 1ms and 24h like 500ms, 10s or 2m, got "soon"\n${HINT}`
      )
      expect(yield* complaint("--per-host", "0", url)).toContain(
        "--per-host must be between 1 and 1024, got 0"
      )
      expect(yield* complaint("--no-such", url)).toBe(
        `linkcheck: Unrecognized flag: --no-such in command linkcheck\n${HINT}`
      )
      expect(yield* complaint(url, "http://b.example/")).toContain("http://b.example/")
    })
  )

  it.live("of a header is told without repeating what may be a secret", () =>
    Effect.gen(function* () {
      expect(yield* complaint("--header", "Authorization hunter2", "http://127.0.0.1:1/")).toBe(
        'linkcheck: --header takes a header like "Name: value"\n'
      )
    })
  )
})

describe("the start page", () => {
  it.live("that is clean ends with 0", () =>
    Effect.gen(function* () {
      const { site } = yield* Site.serve
      const { status, stdout } = yield* run(...FAST, "--depth", "0", `${site}/about`)
      expect(stdout).toMatch(new RegExp(`^no broken links at ${site}/about\n  4 URLs checked, 1 page read`))
      expect(status).toBe(0)
    }).pipe(Effect.scoped)
  )

  it.live("that cannot be checked is a broken link, with the reason", () =>
    Effect.gen(function* () {
      const { site } = yield* Site.serve
      const whyOf = (url: string) =>
        Effect.map(run(...FAST, url), ({ status, stdout }) => {
          expect(status).toBe(1)
          expect(stdout).toContain("found: it is the page to start from")
          return /why: (.*)/.exec(stdout)?.[1]
        })
      expect(yield* whyOf("http://127.0.0.1:1/")).toBe("cannot reach 127.0.0.1:1: connection refused")
      expect(yield* whyOf(site.replace("http:", "https:"))).toBe(
        "TLS: the server does not speak TLS on this port"
      )
      expect(yield* whyOf(`${site}/error`)).toBe("500 Internal Server Error")
      expect(yield* whyOf(`${site}/endless`)).toBe("body larger than 2 MiB")
      expect(yield* whyOf(`${site}/hang`)).toBe("no answer within 1s")
      expect(yield* whyOf(`${site}/loop/1`)).toBe(
        `redirect loop: ${site}/loop/1 -> ${site}/loop/2 -> ${site}/loop/1`
      )
      expect(yield* whyOf(`${site}/manual.pdf`)).toBe(
        "not an HTML page but application/pdf: there is nothing to follow"
      )
    }).pipe(Effect.scoped)
  )
})

describe("trouble outside", () => {
  it.live("with the database ends with 3 and says what is wrong", () =>
    Effect.gen(function* () {
      const path = "/no/such/folder/x.sqlite"
      expect(yield* run("--db", path, "http://127.0.0.1:1/")).toEqual({
        status: 3,
        stdout: "",
        stderr: `linkcheck: cannot store results in ${path}: the file cannot be opened\n`
      })
    })
  )

  it.live("with the file for the report does too, before the check", () =>
    Effect.gen(function* () {
      const { site, requests } = yield* Site.serve
      const { status, stderr, stdout } = yield* run(...FAST, "-o", "/no/such/folder/report", `${site}/about`)
      expect(stderr).toMatch(/^linkcheck: cannot write the report to \/no\/such\/folder\/report: ENOENT/)
      expect([status, stdout, requests("/about")]).toEqual([3, "", 0])
    }).pipe(Effect.scoped)
  )

  // There is such a device on Linux only.
  it.live.runIf(existsSync("/dev/full"))("with a disk that is full by then still shows the report", () =>
    Effect.gen(function* () {
      const { status, stderr, stdout } = yield* run(...FAST, "-o", "/dev/full", "http://127.0.0.1:1/")
      expect(stderr).toMatch(/^linkcheck: cannot write the report to \/dev\/full: ENOSPC/)
      expect(stdout).toMatch(/^BROKEN http:\/\/127.0.0.1:1\/\n/)
      expect(status).toBe(3)
    })
  )
})
