import { describe, expect, it } from "vitest"

import { conformance } from "../checks/conformance.ts"
import { anys, claims, docstrings } from "../checks/docstrings.ts"
import { directions } from "../checks/layers.ts"
import { layout, versions } from "../checks/layout.ts"
import { clocks, privates } from "../checks/purity.ts"
import { sizes } from "../checks/sizes.ts"
import { words } from "../checks/words.ts"
import { findings } from "./workspace.ts"

const core = "packages/core/src"

describe("layout", () => {
  it("names what does not belong at the top level", () => {
    expect(findings(layout, { "scripts/x.sh": "", "docs/a.md": "", ".ci/run": "", "notes.txt": "" })).toEqual(
      ["notes.txt: does not belong at the top level", "scripts: does not belong at the top level"]
    )
  })
})

describe("versions", () => {
  it("wants them in the catalog", () => {
    const manifest = JSON.stringify({
      dependencies: { a: "^1.0.0", b: "catalog:", "@skein/core": "workspace:^" },
      peerDependencies: { c: "^4.1.0" }
    })
    expect(findings(versions, { "packages/core/package.json": manifest })).toEqual([
      "packages/core/package.json: a: ^1.0.0 belongs into the catalog"
    ])
  })

  it("wants the catalog exact", () => {
    expect(findings(versions, { "pnpm-workspace.yaml": 'catalog:\n  "a": 1.2.3\n  b: ^1.2.3\n' })).toEqual([
      "pnpm-workspace.yaml: b: ^1.2.3 is not an exact version"
    ])
  })
})

describe("sizes", () => {
  it("lets tests be longer than sources", () => {
    const lines = (n: number) => "//\n".repeat(n)
    expect(
      findings(sizes, {
        [`${core}/a.ts`]: lines(400),
        [`${core}/b.ts`]: lines(401),
        "packages/core/test/a.test.ts": lines(500),
        "packages/testing/test/b.test.ts": lines(501),
        "packages/testing/src/c.ts": lines(402)
      })
    ).toEqual([
      `${core}/b.ts: 401 lines, at most 400`,
      "packages/testing/src/c.ts: 402 lines, at most 400",
      "packages/testing/test/b.test.ts: 501 lines, at most 500"
    ])
  })
})

describe("directions", () => {
  it("lets a layer import those before it only", () => {
    expect(
      findings(directions, {
        [`${core}/tasks/Task.ts`]:
          'import { a } from "../internal/a.ts"\nimport type { X } from "../sync/Lock.ts"\n',
        [`${core}/sync/Lock.ts`]:
          'import * as Task from "../tasks/Task.ts"\nexport type Y = import("../queues/Q.ts").Y\n',
        [`${core}/internal/a.ts`]: 'export * from "../tasks/Task.ts"\nimport "./sync/w.ts"\n',
        [`${core}/internal/sync/w.ts`]: 'import "../a.ts"\nimport "../tasks/t.ts"\nimport "../queues/q.ts"\n',
        [`${core}/index.ts`]: 'export * as Task from "./tasks/Task.ts"\n'
      })
    ).toEqual([
      `${core}/internal/a.ts:1: internal may not import tasks (../tasks/Task.ts)`,
      `${core}/internal/a.ts:2: internal may not import internal/sync (./sync/w.ts)`,
      `${core}/internal/sync/w.ts:3: internal/sync may not import internal/queues (../queues/q.ts)`,
      `${core}/sync/Lock.ts:2: sync may not import queues (../queues/Q.ts)`,
      `${core}/tasks/Task.ts:2: tasks may not import sync (../sync/Lock.ts)`
    ])
  })

  it("refuses the barrel, other packages' files and the table of contents", () => {
    expect(
      findings(directions, {
        [`${core}/tasks/Task.ts`]:
          'import { Effect } from "effect"\nimport * as C from "../index.ts"\nimport "@skein/testing"\n',
        "packages/node/src/a.ts":
          'import "../../core/src/index.ts"\nimport "@skein/core"\nconst x = await import("@skein/testing")\n',
        "packages/node/examples/a.ts": 'import "../src/a.ts"\nimport { Effect } from "effect"\n'
      })
    ).toEqual([
      `${core}/tasks/Task.ts:1: library source imports "effect/Module", not the barrel "effect"`,
      `${core}/tasks/Task.ts:2: ../index.ts: a layer does not import the table of contents`,
      `${core}/tasks/Task.ts:3: packages/core may not import @skein/testing`,
      "packages/node/src/a.ts:1: ../../core/src/index.ts leaves the package's src",
      "packages/node/src/a.ts:3: packages/node may not import @skein/testing",
      "packages/node/examples/a.ts:1: ../src/a.ts leaves packages/node/examples"
    ])
  })

  it("wants the .ts extension", () => {
    expect(findings(directions, { [`${core}/a.ts`]: 'import "./b.js"\n' })).toEqual([
      `${core}/a.ts:1: ./b.js: relative imports carry their .ts extension`
    ])
  })
})

describe("clocks", () => {
  it("finds time and chance outside internal/, in code only", () => {
    const text =
      "// Date.now()\nconst a = Date.now()\nconst b = [Math.random, new Date()]\nsetTimeout(() => a, b)\nnew Date(0)\n"
    const found = (file: string) => [
      `${file}:2: Date.now outside internal/: use Clock or Random`,
      `${file}:3: Math.random outside internal/: use Clock or Random`,
      `${file}:3: new Date() outside internal/: use Clock or Random`,
      `${file}:4: setTimeout outside internal/: use Clock or Random`
    ]
    expect(findings(clocks, { [`${core}/sync/a.ts`]: text, [`${core}/internal/a.ts`]: text })).toEqual(
      found(`${core}/sync/a.ts`)
    )
  })
})

describe("privates", () => {
  it("lets one file touch Effect's private fields", () => {
    const text = 'const s = fiber._stack\nconst k = "~effect/Effect/evaluate"\nthis._exit = 1\nx._mine = 2\n'
    const home = `${core}/internal/effect.ts`
    expect(findings(privates, { [`${core}/internal/a.ts`]: text, [home]: text })).toEqual([
      `${core}/internal/a.ts:1: _stack is private to Effect: only ${home} may use it`,
      `${core}/internal/a.ts:2: ~effect/Effect/evaluate is private to Effect: only ${home} may use it`
    ])
  })
})

describe("words", () => {
  const todo = ["TO", "DO"].join("")

  it("finds unfinished work", () => {
    expect(findings(words, { [`${core}/a.ts`]: `// ${todo} later\n// @ts-ignore\n` })).toEqual([
      `${core}/a.ts:1: unfinished work: // ${todo} later`,
      `${core}/a.ts:2: use @ts-expect-error with a reason, or mend the type: // @ts-ignore`
    ])
  })

  it("finds tests that do not run", () => {
    const text = [`it.${"skip"}("a")`, `it.effect.${"only"}("b")`, "it.effect.skipIf(true)('c')"]
    expect(findings(words, { "packages/core/test/a.test.ts": text.join("\n") })).toEqual([
      `packages/core/test/a.test.ts:1: a test that does not run: ${text[0]}`,
      `packages/core/test/a.test.ts:2: a test that does not run: ${text[1]}`
    ])
  })

  it("finds real time without a reason, once per file", () => {
    const text = ["const a = 1", `${"setTimeout"}(f, 1)`, `  it.${"live"}("c")`]
    expect(
      findings(words, {
        "packages/core/test/a.test.ts": text.join("\n"),
        "packages/core/test/b.test.ts": ["// real time: a process has no virtual clock", ...text].join("\n"),
        "packages/core/test/c.test.ts": `const text = "${text[1]}"`
      })
    ).toEqual([
      "packages/core/test/a.test.ts:2: real time in a test: say why in a comment '// real time: ...'"
    ])
  })
})

describe("docstrings", () => {
  it("wants one on everything public, once", () => {
    const text = [
      "/** Good. */",
      "export interface A {}",
      "export const A = 1",
      "/** Not above: */",
      "const b = 1",
      "export const c = b",
      "export type { D } from './d.ts'"
    ].join("\n")
    expect(
      findings(docstrings, {
        [`${core}/index.ts`]: 'export * as A from "./sync/a.ts"\n',
        [`${core}/sync/a.ts`]: `${text}\nexport * from "../internal/b.ts"\n`,
        [`${core}/sync/notExported.ts`]: text,
        [`${core}/internal/b.ts`]: text
      })
    ).toEqual([`${core}/sync/a.ts:6: c: exported without a docstring`])
  })

  it("wants the house order and the closed list of cancellation terms", () => {
    const text = [
      "/**\n * A.\n *\n * **Errors** none\n *\n * **When to use** always\n */\nexport const a = 1",
      "/**\n * B.\n *\n * **Cancellation** fine, I believe\n *\n * @since 1.0.0\n */\nexport const b = 1",
      "/**\n * C.\n *\n * **Cancellation** Cancel-safe, loses place\n */\nexport const c = 1",
      "/**\n * D.\n *\n * **Cancellation** as {@link c}\n */\nexport const d = 1",
      "/**\n * E.\n *\n * **Errors**, **Cancellation**, **Cost**: Cancel-safe.\n */\nexport const e = 1"
    ].join("\n")
    expect(findings(docstrings, { [`${core}/a.ts`]: text })).toEqual([
      `${core}/a.ts:8: a: sections are Errors, When to use; the house order is When to use, Errors`,
      `${core}/a.ts:16: b: **Cancellation** uses none of the terms Cancel-safe, Completes anyway, Hands over, Not cancel-safe`
    ])
  })
})

describe("claims", () => {
  it("wants a sweep for every module that says Cancel-safe", () => {
    const says = "/** Cancel-safe */\nexport const a = 1\n"
    expect(
      findings(claims, {
        [`${core}/sync/Lock.ts`]: says,
        [`${core}/sync/Event.ts`]: says,
        [`${core}/tasks/group/Forking.ts`]: says,
        [`${core}/tasks/TaskGroup.ts`]: 'export * from "./group/Forking.ts"\n',
        "packages/core/test/tasks/TaskGroup.fork.test.ts": 'it.sweep("fork", {})',
        "packages/core/test/sync/Lock.test.ts": "InterruptSweep.run({})",
        "packages/core/test/sync/Event.test.ts": "nothing of the kind"
      })
    ).toEqual([`${core}/sync/Event.ts: says Cancel-safe, and no test file Event*.test.ts sweeps it`])
  })
})

describe("anys", () => {
  it("finds any in what a user sees, not in bodies, casts and bounds", () => {
    const text = [
      "export const a = (x: any) => x",
      "export const b: (x: number) => Array<any> = null as any",
      "export interface C { readonly d: any }",
      "export type D<T> = T extends Array<any> ? 1 : 2",
      "export const e = <T extends Array<any>>(t: T) => { const u: any = t; return u as unknown }",
      "/** @internal */\nexport type F = any",
      "export type G<R> = Exclude<R, Array<any>>",
      "const h = (x: any) => x"
    ].join("\n")
    expect(findings(anys, { [`${core}/a.ts`]: text, [`${core}/internal/a.ts`]: text })).toEqual([
      `${core}/a.ts:1: any in the type of a`,
      `${core}/a.ts:2: any in the type of b`,
      `${core}/a.ts:3: any in the type of C`
    ])
  })
})

describe("conformance", () => {
  it("wants a row for each test and a test for each row that says tested", () => {
    expect(
      findings(conformance, {
        "packages/core/test/conformance/lock.test.ts": 'it("LK-001: one")\nit.effect(`LK-002: two`)\n',
        "docs/conformance/lock.md": [
          "| id | what it says | test or reason |",
          "|---|---|---|",
          "| LK-001 | one | tested |",
          "| LK-003 | three | tested by a sweep |",
          "| LK-004 | four | not here: no threads |",
          "| LK-004 | four | |"
        ].join("\n")
      })
    ).toEqual([
      "docs/conformance/lock.md:4: LK-003 says tested, and no test begins with it",
      "docs/conformance/lock.md:6: LK-004 stands here twice",
      "docs/conformance/lock.md:6: LK-004 has neither a test nor a reason",
      "packages/core/test/conformance/lock.test.ts: LK-002 has no row in docs/conformance"
    ])
  })
})
