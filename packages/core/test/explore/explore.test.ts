import { readdirSync, readFileSync } from "node:fs"

import * as Package from "@skein/core"
import { it } from "@skein/testing/vitest"
import { describe, expect, it as test } from "vitest"

import { notExplored, programs } from "./all.ts"
import { modesOf, optionsOf } from "./program.ts"

// `pnpm explore` tries as many as you like.
const schedules = 1000

describe("under many schedules, interrupted anywhere:", () => {
  for (const explored of programs) {
    for (const mode of modesOf(explored)) {
      it.explore(`${explored.name} (${mode})`, explored.program, {
        ...optionsOf(explored, mode, schedules),
        timeout: 120_000
      })
    }
  }
})

const isError = (value: unknown): boolean => typeof value === "function" && value.prototype instanceof Error

const operations = Object.entries(Package).flatMap(([module, exports]) =>
  Object.entries(exports).flatMap(([name, value]) => (isError(value) ? [] : [`${module}.${name}`]))
)

describe("what is explored", () => {
  const named = new Set(programs.flatMap((explored) => explored.operations))

  test("is every public operation, but for those that are listed with a reason", () => {
    const listed = Object.keys(notExplored)
    expect(operations.filter((name) => !named.has(name)).sort()).toEqual(listed.sort())
  })

  test("is public", () => {
    expect([...named].filter((name) => !operations.includes(name))).toEqual([])
  })

  test("is called where it is named", () => {
    const files = readdirSync(import.meta.dirname).filter((file) => !file.endsWith(".test.ts"))
    const text = files.map((file) => readFileSync(`${import.meta.dirname}/${file}`, "utf8")).join("\n")
    const code = text.replaceAll(/"[^"\n]*"/g, "").replaceAll(/\/\*\*.*?\*\//gs, "")
    expect([...named].filter((name) => !new RegExp(`\\b${name.replace(".", "\\.")}\\b`).test(code))).toEqual(
      []
    )
  })

  test("has a name of its own", () => {
    expect(new Set(programs.map((explored) => explored.name)).size).toBe(programs.length)
  })
})
