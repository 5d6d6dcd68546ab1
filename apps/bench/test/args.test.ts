import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { afterAll, describe, expect, it } from "vitest"

import { parseCommand } from "../src/args.ts"

const folder = mkdtempSync(join(tmpdir(), "bench-"))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe("parseCommand", () => {
  it("without arguments means the essential works; --full has more rounds", () => {
    expect(parseCommand([])).toEqual({
      full: false,
      json: false,
      page: false,
      help: false,
      only: undefined,
      rounds: 4,
      earlier: undefined
    })
    expect(parseCommand(["--full"]).rounds).toBe(9)
    expect(parseCommand(["--", "--full", "--rounds", "2"])).toMatchObject({ full: true, rounds: 2 })
  })

  it("--only takes works once, in the order of the page", () => {
    expect(parseCommand(["--only", "lock, cancel,lock"]).only).toEqual(["cancel", "lock"])
  })

  it("says in one line what makes no sense", () => {
    const text = file("text", "no results here")
    const other = file("other", `{"work":"retry","system":"Skein Retry","n":1,"cpuUs":1}\n`)
    for (const [args, message] of [
      [["--bogus"], "Unknown option '--bogus'"],
      [["lock"], "Unexpected argument 'lock'"],
      [["--only", "nope"], `--only: no work "nope"; there are fork-join-groups,`],
      [["--rounds", "1.5"], "--rounds must be an integer >= 1, got 1.5"],
      [["--compare", join(folder, "none")], "--compare: no file"],
      [["--compare", text], "has no results; it takes what --json prints"],
      [["--compare", file("broken", "{")], "--compare: cannot read"],
      [["--compare", file("foreign", `{"name":"x"}`)], "has no results; it takes what --json prints"],
      [["--compare", other, "--only", "lock"], "has no results of lock"],
      [["--page", "--json"], "--page measures nothing, so it cannot be with --json"]
    ] as const) {
      expect(() => parseCommand(args)).toThrow(message)
    }
    expect(parseCommand(["--compare", other]).earlier).toHaveLength(1)
  })
})
