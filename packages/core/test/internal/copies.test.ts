import { execFileSync } from "node:child_process"

import { describe, expect, it } from "vitest"

import { registerCopy } from "../../src/internal/copies.ts"

describe("registerCopy", () => {
  it("warns from the second copy on, with the places of all", () => {
    const registry = {}
    const warnings: Array<string> = []
    const load = (place: string) => registerCopy(place, registry, (message) => warnings.push(message))
    load("/app/a.js")
    expect(warnings).toEqual([])
    load("/app/b.js")
    expect(warnings).toEqual([
      "@skein/core is loaded 2 times:\n  /app/a.js\n  /app/b.js\n" +
        "Groups, tasks and locks of one copy do not know those of another. Install it once (npm ls @skein/core shows who brings it)."
    ])
  })

  it("hears of the package itself, loaded twice in one process", () => {
    const env = new URL("../../src/internal/env.ts", import.meta.url).href
    const load = (...urls: ReadonlyArray<string>): string =>
      execFileSync(process.execPath, [
        "--input-type=module",
        "-e",
        `console.warn = console.log;${urls.map((url) => `await import(${JSON.stringify(url)})`).join(";")}`
      ]).toString()
    expect(load(env, env)).toBe("")
    expect(load(env, `${env}?other`)).toContain(`loaded 2 times:\n  ${env}\n  ${env}?other\n`)
  })
})
