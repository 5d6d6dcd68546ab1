/**
 * The one file that touches fields of Effect which are not public.
 *
 * A {@link Frame} is an Effect primitive that, once evaluated, sits among its fiber's observers until the fiber exits.
 * That gives, without a closure or an entry in the context: the way from a fiber to what runs on it, and the first
 * word of its exit.
 */
import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scheduler from "effect/Scheduler"
import type * as Tracer from "effect/Tracer"

import { sharedDispatcher } from "./dispatcher.ts"

export const evaluate = "~effect/Effect/evaluate"
export const contA = "~effect/Effect/successCont"
export const contE = "~effect/Effect/failureCont"
export const contAll = "~effect/Effect/ensureCont"
export const identifier = "~effect/Effect/identifier"

/** A fiber as Effect's run loop sees it. */
interface FiberImpl extends Fiber.Fiber<any, any> {
  currentOpCount: number
  readonly _stack: Array<unknown>
  _observers: Array<(exit: Exit.Exit<any, any>) => void> | undefined
  readonly _exit: Exit.Exit<any, any> | undefined
  _interruptedCause: Cause.Cause<never> | undefined
  readonly _parent: FiberImpl | undefined
  _children: Set<FiberImpl> | undefined
  _asyncContext: { emitDestroy(): void } | undefined
  _deferredInterrupt: boolean
  _dispatcher: Scheduler.SchedulerDispatcher | undefined
  readonly _running: boolean
  _yielded: unknown
  interruptible: boolean
  evaluate(effect: unknown): void
  runLoop(effect: unknown): unknown
  getCont(key: typeof contA): { [contA](value: unknown, fiber: FiberImpl): unknown } | undefined
  yieldWith(value: Exit.Exit<any, any> | (() => void)): unknown
}

/** What Effect's run loop hands to a continuation. */
export type AnyExit = Exit.Exit<any, any>
export type AnyFiber = Fiber.Fiber<any, any>
export type AnyEffect = Effect.Effect<any, any, any>

/**
 * Runs `effect` and hears of the exit. Evaluate it as the first thing a fiber does, once.
 */
export abstract class Frame {
  /** The fiber, from its first step on. */
  fiber: AnyFiber | undefined = undefined
  /** Dropped at the start: the frame may live longer than the program it ran. */
  protected effect: AnyEffect | undefined

  constructor(effect: AnyEffect | undefined) {
    this.effect = effect
  }

  /** The fiber has exited, and this hears of it first. Resume and interrupt other fibers through the trampoline. */
  protected abstract onExit(exit: AnyExit): void

  /** The fiber has exited before its first step; `onExit` follows. */
  protected onDropped(): void {}

  protected get hasStarted(): boolean {
    return this.effect === undefined
  }

  /** Called when the fiber takes its first step; what it returns is run. */
  protected onStart(_fiber: AnyFiber): AnyEffect {
    const effect = this.effect!
    this.effect = undefined
    return effect
  }

  [evaluate](fiber: FiberImpl): unknown {
    this.fiber = fiber
    fiber._dispatcher = sharedDispatcher(fiber.cache.scheduler)
    if (fiber._observers === undefined) fiber._observers = [observe, this] as never
    else fiber._observers.unshift(observe, this as never)
    // In the same step: one turn of the run loop less for each fiber.
    return (this.onStart(fiber) as any)[evaluate](fiber)
  }

  /** Calls the protected hook; for this module only. */
  static exited(frame: Frame, exit: AnyExit): void {
    frame.onExit(exit)
  }

  /** The same for a fiber that may have ended before its first step. */
  static exitedUnstarted(frame: Frame, exit: AnyExit): void {
    if (frame.hasStarted) return
    frame.onDropped()
    frame.effect = undefined
    frame.onExit(exit)
  }
}

;(Frame.prototype as any)[identifier] = "SkeinFrame"

// A frame sits in its fiber's list of observers, behind this function, which the fiber calls as a method of the list. So
// no closure is needed to know whose exit it is; and the list is the way from a fiber to its frame.
const observe = function (this: Array<unknown>, exit: AnyExit): void {
  const at = this.length === 2 ? 1 : this.indexOf(observe) + 1
  const frame = this[at] as Frame
  // The fiber must not call the frame itself.
  if (this.length === 2) this.pop()
  else this.splice(at, 1)
  Frame.exited(frame, exit)
}

// Fibers that are started at once nest run loops: some 1,000 levels overflow the stack.
const maxDepth = 64
let depth = 0

/**
 * Starts a fiber on a frame: at once, or through the dispatcher when many starts are nested already. However late the
 * fiber takes its first step, and even if it never does, the frame knows the fiber and hears of its exit.
 */
export const start = (context: Context.Context<never>, frame: Frame): AnyFiber => starter(context)(frame)

export type Start = (frame: Frame) => AnyFiber

/** {@link start} for many frames in one context. */
export const starter = (context: Context.Context<never>): Start => {
  const run = Effect.runForkWith(context) as (effect: unknown) => AnyFiber
  return (frame) => {
    if (depth >= maxDepth) return startLate(run(Effect.flatMap(Effect.yieldNow, () => frame as any)), frame)
    depth++
    try {
      const fiber = run(frame)
      return frame.fiber === undefined ? startLate(fiber, frame) : fiber
    } finally {
      depth--
    }
  }
}

// Not at its first step yet: deferred above, or parked by its scheduler. Interrupted now, it would exit without the frame.
const startLate = (fiber: AnyFiber, frame: Frame): AnyFiber => {
  frame.fiber = fiber
  fiber.addObserver((exit) => Frame.exitedUnstarted(frame, exit))
  return fiber
}

/** The frame of a fiber; undefined for fibers that Skein did not start, and after the exit. */
export const frameOf = (fiber: AnyFiber): Frame | undefined => {
  const observers = (fiber as FiberImpl)._observers as ReadonlyArray<unknown> | undefined
  if (observers === undefined) return undefined
  const second = observers[1]
  if (second instanceof Frame) return second
  const at = observers.length > 2 ? observers.indexOf(observe) : -1
  return at === -1 ? undefined : (observers[at + 1] as Frame)
}

/** Runs a callback as soon as the fiber shows its exit, before all other observers. */
export const afterExit = (fiber: AnyFiber, run: (exit: AnyExit) => void): void => {
  const impl = fiber as FiberImpl
  if (impl._exit !== undefined) return run(impl._exit)
  if (impl._observers === undefined) impl._observers = [run]
  else impl._observers.unshift(run)
}

/** True once the fiber was asked to stop, whether or not it has noticed. */
export const isInterrupted = (fiber: AnyFiber): boolean =>
  (fiber as FiberImpl)._interruptedCause !== undefined

/** The interruptions a fiber was asked for, as a Cause; undefined when there are none. */
export const interruptedCause = (fiber: AnyFiber): Cause.Cause<never> | undefined =>
  (fiber as FiberImpl)._interruptedCause

/**
 * `fiber.interruptUnsafe` for many fibers with one exit: annotating a Cause for each of them would cost more than all the
 * rest of cancelling a task. `by` and `annotations` are what the exit's Cause was made of.
 */
export const interruptAs = (
  fiber: AnyFiber,
  exit: Exit.Failure<never, never>,
  by: number | undefined,
  annotations: Context.Context<never>
): void => {
  const impl = fiber as FiberImpl
  if (impl._exit !== undefined) return
  // Asked before, or inside a span: then its Cause is its own. Or somebody listens.
  const special = impl.cache.stackFrame !== undefined || Object.hasOwn(impl, "interruptUnsafe")
  if (special || impl._interruptedCause !== undefined) return impl.interruptUnsafe(by, annotations)
  impl._interruptedCause = exit.cause
  if (!impl.interruptible) return
  if (impl._running) impl._deferredInterrupt = true
  else impl.evaluate(exit)
}

/** The fiber that forked this one as its child; undefined after the exit, and for fibers without a parent. */
export const parentOf = (fiber: AnyFiber): AnyFiber | undefined => (fiber as FiberImpl)._parent

/** False inside uninterruptible regions. */
export const isInterruptible = (fiber: AnyFiber): boolean => (fiber as FiberImpl).interruptible

/** True while the fiber's run loop is on the JavaScript stack. */
export const isRunning = (fiber: AnyFiber): boolean => (fiber as FiberImpl)._running

const restoreInterruptible = {
  [contAll](fiber: FiberImpl): unknown {
    fiber.interruptible = true
    return fiber._interruptedCause === undefined ? undefined : () => Exit.failCause(fiber._interruptedCause!)
  }
}

/** The fibers it forked as its children, as far as they live. */
export const childrenOf = (fiber: AnyFiber): ReadonlySet<AnyFiber> | undefined => {
  const children = (fiber as FiberImpl)._children
  return children === undefined || children.size === 0 ? undefined : children
}

/** From here to what is on top of the stack now it cannot be interrupted; what it was interrupted for until now is `cause`. */
export const calm = (fiber: AnyFiber, cause: Cause.Cause<never> | undefined): void => {
  const impl = fiber as FiberImpl
  impl._interruptedCause = cause
  impl._stack.push(restoreInterruptible)
  impl.interruptible = false
}

/** Something on a stack that is called when the fiber comes to it; what it returns, if anything, is called with the result. */
export interface Ending {
  [contAll](fiber: AnyFiber): ((result: any) => AnyEffect) | undefined | void
}

/** An {@link Ending} that hears when the fiber suspends above it. */
export interface Suspending extends Ending {
  /** For the first time. Must not throw, nor resume the fiber. */
  onSuspend(): void
}

/**
 * Runs the effect above the entry, in a run loop inside of the fiber's own as far as it goes at once: whether a fiber
 * suspends is known in no other way. With a `place`, the entry takes that of what is there, below whatever is
 * above it. Return what it returns to the run loop.
 */
export const runAbove = (
  fiber: AnyFiber,
  entry: Suspending,
  effect: AnyEffect,
  place?: number
): AnyEffect => {
  const impl = fiber as FiberImpl
  const stack = impl._stack
  const bottom = place ?? stack.push(undefined) - 1
  if (depth >= maxDepth) {
    stack[bottom] = entry
    entry.onSuspend()
    return effect
  }
  stack[bottom] = loopEnd
  if (bottom + 1 === stack.length) stack.push(entry)
  else stack.splice(bottom + 1, 0, entry)
  const operations = impl.currentOpCount
  let result: any
  depth++
  try {
    result = impl.runLoop(effect)
  } finally {
    depth--
    impl.currentOpCount += operations
  }
  if (result === passedOn) {
    const value = passed
    passed = undefined
    return succeedNow(fiber, value)
  }
  if (impl._yielded === undefined) return result[evaluate](impl)
  // Gone when an interruption has taken the fiber further.
  if (stack[bottom] === loopEnd) {
    stack.splice(bottom, 1)
    entry.onSuspend()
  }
  return result
}

// One exit for all values: from here to where the loop returns there is nothing that could run another.
let passed: unknown
const passedOn: AnyExit = /*#__PURE__*/ Exit.succeed(undefined)

const loopEnd = {
  [contA](value: unknown, fiber: FiberImpl): unknown {
    passed = value
    return fiber.yieldWith(passedOn)
  },
  [contE](cause: Cause.Cause<any>, fiber: FiberImpl, exit: AnyExit | undefined): unknown {
    return fiber.yieldWith(exit ?? Exit.failCause(cause))
  }
}

const nothing = (): void => {}

/** Suspends the fiber on the entry, until {@link unpark} or its interruption. Return what it returns to the run loop. */
export const park = (fiber: AnyFiber, entry: Ending): AnyEffect => {
  const impl = fiber as FiberImpl
  if (impl._stack.length === 0) (impl as any)._stack = [entry]
  else impl._stack.push(entry)
  return (fiber as FiberImpl).yieldWith(nothing) as AnyEffect
}

/** The same for an entry that is on top of the stack already: one that was just resumed. */
export const parkAgain = (fiber: AnyFiber): AnyEffect => (fiber as FiberImpl).yieldWith(nothing) as AnyEffect

/** What runs next is above the entry. Only while the fiber evaluates an operation. */
export const enter = (fiber: AnyFiber, entry: Ending): void => {
  ;(fiber as FiberImpl)._stack.push(entry)
}

/** Resumes the fiber that is parked on the entry, inline: call it from a dispatcher's task. */
export const unpark = (fiber: AnyFiber, entry: Ending): void => (fiber as FiberImpl).evaluate(entry)

/**
 * Hands the value to what follows in this very step: the fiber can be neither parked nor interrupted in between, so
 * what was taken is not lost. (An exit returned as an operation can be.) Return what it returns to the run loop.
 */
export const succeedNow = (fiber: AnyFiber, value: unknown): AnyEffect => {
  const cont = (fiber as FiberImpl).getCont(contA)
  if (cont === undefined) return (fiber as FiberImpl).yieldWith(Exit.succeed(value)) as AnyEffect
  return cont[contA](value, fiber as FiberImpl) as AnyEffect
}

/** The same for whatever exit; other effects are left to the next step. */
export const exitNow = (fiber: AnyFiber, effect: AnyEffect): AnyEffect =>
  Exit.isExit(effect) ? (effect as any)[evaluate](fiber) : effect

/** `Effect.sync`, which cannot suspend. */
export const isSync = (effect: AnyEffect): boolean => (effect as any)[identifier] === "Sync"

// What follows only looks at run loops, for those that control them: sweeps and explorers.

/** Something on a fiber's stack, or an operation: in part plain data, in part functions. */
export type Primitive = Readonly<Record<string, unknown>>

/** Innermost last. */
export const stackOf = (fiber: AnyFiber): ReadonlyArray<Primitive | undefined> =>
  (fiber as FiberImpl)._stack as Array<Primitive | undefined>

/** Where an operation keeps what it will call, or what is called with its result. */
export const functionKeys = ["~effect/Effect/args", "payload", "register", contA] as const

/**
 * The fiber goes on in whatever async context it is resumed in, from its next suspension on. That context is a fifth of the
 * time of a resume, for those who drive fibers from start to end in one call and have one context only.
 */
export const leaveAsyncContext = (fiber: AnyFiber): void => {
  ;(fiber as FiberImpl).evaluate = evaluateHere
}

const evaluateHere = function (this: FiberImpl, effect: unknown): void {
  if (this._exit !== undefined) return
  this._asyncContext?.emitDestroy()
  this._asyncContext = undefined
  const yielded = this._yielded
  if (yielded !== undefined) {
    this._yielded = undefined
    ;(yielded as () => void)()
  }
  const exit = this.runLoop(effect)
  if (this._yielded !== undefined) return
  // What there is to do at a fiber's end Effect does itself.
  this.runLoop = handOver
  Object.getPrototypeOf(this).evaluate.call(this, exit)
}

const handOver = function (this: FiberImpl, exit: unknown): unknown {
  this.runLoop = Object.getPrototypeOf(this).runLoop
  return exit
}

/** What a tracer does with an operation that it only looks at. */
export const evaluatePrimitive = <X>(operation: Tracer.EffectPrimitive<X>, fiber: AnyFiber): X =>
  operation[evaluate](fiber)

/** The fiber whose run loop is innermost on the JavaScript stack. */
export const currentFiber = (): AnyFiber | undefined => (globalThis as any)["~effect/Fiber/currentFiber"]
