import { RuleTester } from "oxlint/plugins-dev"
import { describe, it } from "vitest"

import plugin, { rules } from "@skein/oxlint-plugin"

RuleTester.describe = describe
RuleTester.it = it

const tester = new RuleTester({ languageOptions: { parserOptions: { lang: "ts" } } })
const header = [
  'import { Cause, Effect, Fiber, FiberMap, FiberSet, Stream } from "effect"',
  'import * as Fx from "effect/Effect"',
  'import { CancelScope, TaskGroup } from "@skein/core"',
  'import * as fs from "node:fs"',
  'import { pbkdf2Sync } from "node:crypto"',
  'import { execSync } from "child_process"'
].join("\n")

/** Each piece of code stands in an `Effect.gen`; `quiet` must give nothing, `fires` the message. */
const rule = (
  name: string,
  code: { readonly quiet: ReadonlyArray<string>; readonly fires: ReadonlyArray<readonly [string, RegExp]> }
) =>
  tester.run(
    name,
    rules[name] as never,
    {
      valid: code.quiet.map((text) => ({ name: text, code: `${header}\n${text}` })),
      invalid: code.fires.map(([text, message]) => ({
        name: text,
        code: `${header}\n${text}`,
        errors: [{ message }]
      }))
    } as never
  )

const gen = (body: string): string => `export const x = Effect.gen(function*() { ${body} })`

rule("no-unowned-fork", {
  quiet: [
    gen("const f = yield* Effect.forkChild(job); yield* Fiber.join(f)"),
    gen("yield* TaskGroup.fork(job)"),
    gen("yield* job.pipe(Effect.forkChild, Effect.flatMap(Fiber.join))"),
    gen("return yield* job.pipe(Effect.forkScoped)"),
    "export const start = () => Effect.runFork(job)",
    "const Effect2 = { forkDetach() {} }; Effect2.forkDetach()"
  ],
  fires: [
    [gen("yield* Effect.forkDetach(job)"), /^Effect\.forkDetach: nobody owns this fiber/],
    [gen("const f = yield* job.pipe(Effect.forkDetach)"), /^Effect\.forkDetach: nobody owns/],
    [gen("yield* Fx.forkChild(job)"), /^Effect\.forkChild: the fiber is not used/],
    [gen("yield* job.pipe(Effect.forkChild)"), /not used.*TaskGroup\.fork/],
    [gen("yield* job.pipe(Effect.forkChild({ startImmediately: true }))"), /not used/],
    [gen("yield* Effect.forkChild(job).pipe(Effect.asVoid)"), /not used/],
    [gen("yield* job.pipe(Effect.forkScoped, Effect.asVoid)"), /Effect\.forkScoped/],
    ["export const a = Effect.asVoid(Effect.forkChild(job))", /not used/],
    ["Effect.runFork(job)", /Effect\.runFork.*Runner\.main/],
    ['emitter.on("data", () => Effect.runFork(job))', /Effect\.runFork.*TaskGroup\.runtime/]
  ]
})

rule("no-fiberset-join-all", {
  quiet: [gen("yield* Fiber.join(f)"), gen("yield* FiberSet.run(set, job)"), "FiberSet2.join(set)"],
  fires: [
    [gen("yield* FiberSet.join(set)"), /^FiberSet\.join never returns.*TaskGroup\.run/],
    [gen("yield* FiberMap.awaitEmpty(map)"), /^FiberMap\.awaitEmpty succeeds although/],
    [gen("yield* job.pipe(Effect.awaitAllChildren)"), /^Effect\.awaitAllChildren succeeds although/],
    [gen("yield* Fiber.joinAll(fibers)"), /^Fiber\.joinAll leaves the others running/]
  ]
})

rule("no-promise-all-in-effect", {
  quiet: [
    "export const p = Promise.all([a, b])",
    gen("yield* Effect.all([a, b])"),
    "Effect.runPromise(a).then(() => Promise.all([]))"
  ],
  fires: [
    [
      gen("const r = yield* Effect.promise(() => Promise.all([a, b]))"),
      /^Promise\.all in an Effect.*Gather\.all/
    ],
    ["export const r = Effect.tryPromise({ try: () => Promise.race(ps), catch: String })", /Gather\.race/],
    ['export const f = Effect.fn("f")(function*() { return Promise.allSettled(ps) })', /Gather\.settled/],
    ["export const r = effect.pipe(Effect.map((ps) => Promise.any(ps)))", /Gather\.firstSuccess/]
  ]
})

rule("no-blocking-call", {
  quiet: [
    "const text = fs.readFileSync(file)",
    gen("yield* Effect.promise(() => fs.promises.readFile(file))"),
    gen("other.readFileSync(file)")
  ],
  fires: [
    [gen("const text = fs.readFileSync(file)"), /^fs\.readFileSync blocks the event loop.*Offload/],
    ["export const key = Effect.sync(() => pbkdf2Sync(a, b, 1, 2, c))", /^crypto\.pbkdf2Sync/],
    [
      "export const out = Effect.try({ try: () => execSync(command), catch: String })",
      /^child_process\.execSync/
    ],
    [gen("Atomics.wait(array, 0, 0)"), /^Atomics\.wait/]
  ]
})

rule("no-swallowed-interrupt", {
  quiet: [
    gen("yield* job.pipe(Effect.catch(() => Effect.void))"),
    gen(
      "yield* job.pipe(Effect.catchCause((cause) => Cause.hasInterrupts(cause) ? Effect.failCause(cause) : Effect.void))"
    ),
    gen(
      "yield* job.pipe(Effect.catchCause((cause) => Effect.andThen(Effect.logError(cause), Effect.failCause(cause))))"
    ),
    gen("const exit = yield* Effect.exit(job)"),
    gen("yield* Effect.matchCause(job, { onFailure: (cause) => report(cause), onSuccess: () => 1 })")
  ],
  fires: [
    [
      gen("yield* job.pipe(Effect.catchCause(() => Effect.void))"),
      /^Effect\.catchCause takes interruptions.*Effect\.catch/
    ],
    [
      gen("yield* Effect.catchCause(job, (cause) => Effect.logError(Cause.pretty(cause)))"),
      /^Effect\.catchCause/
    ],
    [
      gen("yield* job.pipe(Effect.catchCause((_) => { console.log(_); return Effect.void }))"),
      /^Effect\.catchCause/
    ],
    [gen("yield* Effect.matchCause(job, { onFailure: () => 0, onSuccess: () => 1 })"), /^Effect\.matchCause/],
    [gen("yield* job.pipe(Effect.ignoreCause)"), /^Effect\.ignoreCause/],
    [gen("yield* Effect.exit(job)"), /^Effect\.exit whose result is not used/]
  ]
})

rule("no-forgotten-effect", {
  quiet: [
    gen("yield* Effect.log(1)"),
    "xs.map((x) => Effect.log(x))",
    "Effect.forEach(xs, (x) => Effect.log(x))",
    "Stream.forEach((x) => Effect.log(x))",
    "setTimeout(() => Effect.runFork(job), 1)",
    "void Effect.runPromise(job)",
    'process.on("exit", () => TaskGroup.makeUnsafe())',
    // Reported by effect-tsgo as floatingEffect.
    "Effect.log(1)"
  ],
  fires: [
    ["void Effect.log(1)", /^Effect\.log builds an effect that nothing runs/],
    ["setTimeout(() => Effect.log(1), 10)", /^Effect\.log/],
    ["xs.forEach((x) => Effect.log(x))", /^Effect\.log.*Effect\.forEach/],
    ["xs.forEach((x) => job(x).pipe(Effect.asVoid))", /^Effect\.asVoid/],
    ["xs.forEach((x) => job(x).pipe(Effect.retry({ times: 1 })))", /^Effect\.retry/],
    ['emitter.on("data", () => { void TaskGroup.cancel(group) })', /^TaskGroup\.cancel/],
    [gen("xs.forEach((x) => TaskGroup.run(x))"), /^TaskGroup\.run/],
    ["xs.forEach(function*(x) { yield* job(x) })", /^nothing drives this generator/]
  ]
})

rule("no-fork-in-scope", {
  quiet: [
    "export const a = Effect.scoped(TaskGroup.run(Effect.gen(function*() { yield* TaskGroup.fork(job) })))",
    gen("yield* open; yield* TaskGroup.fork(Effect.scoped(job))"),
    "export const b = Effect.gen(function*() { yield* TaskGroup.fork(job) }).pipe(TaskGroup.run, Effect.scoped)",
    "const helper = () => TaskGroup.fork(job); export const c = Effect.scoped(other)"
  ],
  fires: [
    [
      "export const a = TaskGroup.run(Effect.scoped(TaskGroup.fork(job)))",
      /^TaskGroup\.fork inside Effect\.scoped: the task goes on/
    ],
    [
      "export const a = Effect.gen(function*() { yield* TaskGroup.fork(job) }).pipe(Effect.scoped, TaskGroup.run)",
      /inside Effect\.scoped/
    ],
    [
      'export const a = TaskGroup.fork(job).pipe(CancelScope.failAfter("1 second"))',
      /inside CancelScope\.failAfter/
    ],
    [
      "export const a = CancelScope.run(() => TaskGroup.start(serve))",
      /^TaskGroup\.start inside CancelScope\.run/
    ]
  ]
})

describe("plugin", () => {
  it("is called skein and holds all rules", ({ expect }) => {
    expect(plugin.meta.name).toBe("skein")
    expect(Object.keys(plugin.rules)).toEqual([
      "no-unowned-fork",
      "no-fiberset-join-all",
      "no-promise-all-in-effect",
      "no-blocking-call",
      "no-swallowed-interrupt",
      "no-forgotten-effect",
      "no-fork-in-scope"
    ])
  })
})
