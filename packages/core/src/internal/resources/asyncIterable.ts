/** The two bridges between streams and JavaScript's async iterators. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"

import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { show } from "../validate.ts"
import { GeneratorMisuse } from "./producer.ts"

/** Real milliseconds: no clock of Effect's moves a promise. */
const returnTimeout = 1000

const misuse = (problem: string): Effect.Effect<never> => Effect.die(new GeneratorMisuse({ problem }))

/** Reads an async iterator from a stream: one `next` at a time. */
export class IterableReader {
  private readonly iterable: () => AsyncIterable<unknown>
  private readonly onError: (error: unknown) => unknown
  private iterator: AsyncIterator<unknown> | undefined = undefined
  /** The call of `next` that has not settled, or whose result nobody got. */
  private pending: Promise<IteratorResult<unknown>> | undefined = undefined
  private settled = true
  private finished = false
  /** By its scope. An iterable that was never opened stays so. */
  private closed = false
  private noIterator: GeneratorMisuse | undefined = undefined

  constructor(iterable: () => AsyncIterable<unknown>, onError: (error: unknown) => unknown) {
    this.iterable = iterable
    this.onError = onError
  }

  readonly pull: AnyEffect = Effect.callback<unknown, unknown>((resume) => {
    if (this.closed) return resume(misuse("pulled after the stream had ended"))
    if (this.finished) return resume(Cause.done())
    // An interrupted pull leaves the result to the next one.
    let left = false
    const got = (effect: Effect.Effect<unknown, unknown>, end: boolean) => {
      if (left) return
      this.pending = undefined
      this.finished = end
      resume(effect)
    }
    this.next().then(
      (result) => {
        if (typeof result !== "object" || result === null)
          return got(misuse(`next() gave ${show(result)}, which is no iterator result`), true)
        got(result.done === true ? Cause.done() : Effect.succeed([result.value]), result.done === true)
      },
      (error) =>
        got(
          Effect.suspend(() => this.failure(error)),
          true
        )
    )
    return Effect.sync(() => {
      left = true
    })
  })

  private failure(error: unknown): Effect.Effect<never, unknown> {
    if (this.noIterator !== undefined) return misuse(this.noIterator.problem)
    const failure = this.onError(error)
    if (!Cause.isDone(failure)) return Effect.fail(failure)
    return misuse("onError gave Cause.Done, which is Stream's end and no failure")
  }

  private next(): Promise<IteratorResult<unknown>> {
    if (this.pending !== undefined) return this.pending
    this.settled = false
    const settle = () => {
      this.settled = true
    }
    this.pending = new Promise((resolve) => {
      this.iterator ??= this.open()
      resolve(this.iterator.next())
    })
    this.pending.then(settle, settle)
    return this.pending
  }

  private open(): AsyncIterator<unknown> {
    const iterable = this.iterable() as Partial<AsyncIterable<unknown>> | null | undefined
    const iterator = iterable?.[Symbol.asyncIterator]?.()
    if (typeof iterator?.next === "function") return iterator
    const problem = `fromAsyncIterable: expected an async iterable, got ${show(iterable)}`
    throw (this.noIterator = new GeneratorMisuse({ problem }))
  }

  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    const iterator = this.iterator
    this.closed = true
    if (this.finished || typeof iterator?.return !== "function") return Effect.void
    this.finished = true
    const returned = () => Promise.resolve(iterator.return!())
    if (this.settled) return Effect.promise(returned)
    return Effect.flatMap(
      Effect.promise(() => soon(returned())),
      (inTime) =>
        inTime
          ? Effect.void
          : Effect.logWarning("Generator.fromAsyncIterable: return() did not settle; left behind")
    )
  })
}

const soon = (promise: Promise<unknown>): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), returnTimeout)
    promise.then(() => resolve(true), reject).finally(() => clearTimeout(timer))
  })

type Chunks<A> = Pull.Pull<ReadonlyArray<A>, unknown, void, any>
type Open<A> = (scope: Scope.Scope) => Effect.Effect<Chunks<A>, never, any>

const done: IteratorResult<any, void> = { done: true, value: undefined }

/** Runs a stream for `for await`. */
export class StreamIterator<A> implements AsyncIterableIterator<A, void, void>, AsyncDisposable {
  private readonly open: Open<A>
  private readonly context: Context.Context<any>
  private readonly scope = Scope.makeUnsafe()
  private pull: Chunks<A> | undefined = undefined
  private buffer: ReadonlyArray<A> = []
  private at = 0
  private running: AnyFiber | undefined = undefined
  private closed: Promise<AnyExit> | undefined = undefined
  private last: Promise<unknown> = Promise.resolve()

  constructor(open: Open<A>, context: Context.Context<any>) {
    this.open = open
    this.context = context
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<A, void>> {
    const result = this.last.then(() => this.step())
    this.last = result.catch(() => {})
    return result
  }

  private async step(): Promise<IteratorResult<A, void>> {
    if (this.closed !== undefined) return done
    // A channel of somebody else's may give empty arrays.
    while (this.at >= this.buffer.length) {
      const exit = await this.fill()
      if (this.closed !== undefined) return done
      if (Exit.isFailure(exit)) return this.end(exit)
      this.buffer = exit.value as ReadonlyArray<A>
      this.at = 0
    }
    return { done: false, value: this.buffer[this.at++]! }
  }

  private async fill(): Promise<AnyExit> {
    const chunk =
      this.pull ??
      Effect.flatMap(this.open(this.scope), (pull) => {
        this.pull = pull
        return pull
      })
    this.running = Effect.runForkWith(this.context)(chunk)
    const exit = await exitOf(this.running)
    this.running = undefined
    return exit
  }

  private async end(exit: Exit.Failure<unknown, unknown>): Promise<IteratorResult<A, void>> {
    const ended = exit.cause.reasons.some((reason) => reason._tag === "Fail" && Cause.isDone(reason.error))
    const closed = await this.close(ended ? Exit.void : exit)
    if (ended) return orThrow(closed)
    await this.report(closed)
    throw Cause.squash(exit.cause)
  }

  async return(): Promise<IteratorResult<A, void>> {
    return orThrow(await this.close(Exit.void))
  }

  async throw(error: unknown): Promise<IteratorResult<A, void>> {
    await this.report(await this.close(Exit.die(error)))
    throw error
  }

  /** What closing failed with where another error is thrown. */
  private async report(closed: AnyExit): Promise<void> {
    if (Exit.isSuccess(closed)) return
    const log = Effect.logError("Generator.toAsyncIterable: closing the stream failed as well", closed.cause)
    await exitOf(Effect.runForkWith(this.context)(log))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  private close(exit: AnyExit): Promise<AnyExit> {
    this.closed ??= this.shutDown(exit)
    return this.closed
  }

  private async shutDown(exit: AnyExit): Promise<AnyExit> {
    this.buffer = []
    this.at = 0
    const running = this.running
    if (running !== undefined) {
      running.interruptUnsafe()
      await exitOf(running)
    }
    return exitOf(Effect.runForkWith(this.context)(Scope.close(this.scope, exit)))
  }
}

const exitOf = (fiber: AnyFiber): Promise<AnyExit> =>
  new Promise((resolve) => {
    fiber.addObserver(resolve)
  })

const orThrow = (exit: AnyExit): IteratorResult<any, void> => {
  if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
  return done
}
