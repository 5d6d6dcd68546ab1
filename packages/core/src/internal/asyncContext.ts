/** The async context (`AsyncLocalStorage`) in which a fiber starts that is started later, by somebody else. */
import type { AnyFiber, Start } from "./effect.ts"

interface AsyncContext {
  runInAsyncScope<Arg, R>(run: (arg: Arg) => R, self: undefined, arg: Arg): R
}

interface Hooks {
  readonly AsyncResource: new (type: string) => AsyncContext
  readonly executionAsyncId: () => number
}

const hooks: Hooks | undefined = /*#__PURE__*/ (() => {
  try {
    return (globalThis as any).process?.getBuiltinModule?.("node:async_hooks")
  } catch {
    return undefined
  }
})()

/** A start that was asked for, and when: kept by the group, for those that are asked for in the same go. */
export interface LateStart {
  readonly by: number
  readonly asyncId: number
  readonly start: Start
  readonly late: Start
}

/** Where it is kept. */
export interface LateStarts {
  lateStart: LateStart | undefined
}

/** Starts as if `by` did so now. One for all that it asks for without a break: it has one context then. */
export const startAs = (starts: LateStarts, by: AnyFiber, start: Start): Start => {
  if (hooks === undefined) return start
  const asyncId = hooks.executionAsyncId()
  const known = starts.lateStart
  if (known?.start === start && known.by === by.id && known.asyncId === asyncId) return known.late
  const context = new hooks.AsyncResource("skein/Task")
  const late: Start = (frame) => context.runInAsyncScope(start, undefined, frame)
  starts.lateStart = { by: by.id, asyncId, start, late }
  return late
}
