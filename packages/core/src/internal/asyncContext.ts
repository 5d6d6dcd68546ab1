/** The async context (`AsyncLocalStorage`) in which a fiber starts that is started later, by somebody else. */
import type { AnyFiber, Start } from "./effect.ts"

interface AsyncContext {
  runInAsyncScope<Arg, R>(run: (arg: Arg) => R, self: undefined, arg: Arg): R
}

const AsyncResource: (new (type: string) => AsyncContext) | undefined = /*#__PURE__*/ (() => {
  try {
    return (globalThis as any).process?.getBuiltinModule?.("node:async_hooks")?.AsyncResource
  } catch {
    return undefined
  }
})()

const resolved = /*#__PURE__*/ Promise.resolve()

let lastFiber: AnyFiber | undefined
let lastStart: Start | undefined
let last: Start | undefined

const forget = (): void => {
  lastFiber = lastStart = last = undefined
}

/** Starts as if `by` did so now. One for all that it asks for without a break: it has one context then. */
export const startAs = (by: AnyFiber, start: Start): Start => {
  if (AsyncResource === undefined) return start
  if (last !== undefined && by === lastFiber && start === lastStart) return last
  const context = new AsyncResource("skein/Task")
  if (last === undefined) void resolved.then(forget)
  lastFiber = by
  lastStart = start
  return (last = (frame) => context.runInAsyncScope(start, undefined, frame))
}
