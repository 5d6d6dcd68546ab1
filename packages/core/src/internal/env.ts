/**
 * All that Skein keeps in a fiber's context, under one key: one lookup per operation, one entry per group, scope or lock.
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"

import { registerCopy } from "./copies.ts"
import type { Node } from "./node.ts"

/** A cancel scope as those inside it see it. */
export interface EnclosingScope {
  readonly name: string | undefined
  /** The fiber that entered it, and waits for its work or runs it. */
  readonly owner: Fiber.Fiber<any, any>
  /** Milliseconds on the scope's clock; Infinity without a deadline. Changes when the scope is rescheduled. */
  readonly deadline: number
  /** Milliseconds until then. */
  readonly left: number
  readonly parent: EnclosingScope | undefined
  /** A shield: deadlines further out do not count inside. */
  readonly shields: boolean
}

/** Locks (and other owned things) held by the effect given to `withLock`, innermost first. */
export interface Held {
  readonly resource: object
  readonly parent: Held | undefined
}

export interface Env {
  /** The task group around, as a place in the tree. */
  readonly group: Node | undefined
  readonly scope: EnclosingScope | undefined
  readonly held: Held | undefined
}

// Here, since every part of the package that another copy could disturb goes through this entry.
registerCopy(import.meta.url, globalThis, (message) => console.warn(message))

const empty: Env = { group: undefined, scope: undefined, held: undefined }

export const Env: Context.Reference<Env> = /*#__PURE__*/ Context.Reference<Env>("~skein/Env", {
  defaultValue: () => empty
})

// One context asks many times over: forks in a loop, locks taken in turn.
let lastContext: Context.Context<never> | undefined
let lastEnv: Env = empty
let lastFound: unknown

export const envOf = (fiber: Fiber.Fiber<any, any>): Env => {
  if (fiber.context !== lastContext) turnTo(fiber.context)
  return lastEnv
}

/** `find(context)`, which must not give undefined, once for as long as no other context is asked. There is room for one `find`. */
export const remembered = <A>(
  context: Context.Context<never>,
  find: (context: Context.Context<never>) => A
): A => {
  if (context !== lastContext) turnTo(context)
  return (lastFound ??= find(context)) as A
}

const turnTo = (context: Context.Context<never>): void => {
  lastContext = context
  lastEnv = Context.get(context, Env)
  lastFound = undefined
}

/** Called when a group is complete: the last context must not keep it alive. */
export const forgetContext = (): void => {
  lastContext = lastFound = undefined
  lastEnv = empty
}

export const envIn = (context: Context.Context<never>): Env => Context.get(context, Env)

export const withEnv = <R>(context: Context.Context<R>, env: Env): Context.Context<R> =>
  Context.add(context, Env as any, env) as any

export const withScope = (env: Env, scope: EnclosingScope): Env => ({
  group: env.group,
  scope,
  held: env.held
})

export const withHeld = (env: Env, resource: object): Env => ({
  group: env.group,
  scope: env.scope,
  held: { resource, parent: env.held }
})

export const holds = (env: Env, resource: object): boolean => {
  for (let held = env.held; held !== undefined; held = held.parent)
    if (held.resource === resource) return true
  return false
}

/** Milliseconds until the earliest enclosing deadline, negative when it has passed; Infinity without one. */
export const leftOf = (env: Env): number => {
  let left = Infinity
  for (let scope = env.scope; scope !== undefined; scope = scope.parent) {
    left = Math.min(left, scope.left)
    if (scope.shields) break
  }
  return left
}
