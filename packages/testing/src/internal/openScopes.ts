import * as Context from "effect/Context"
import * as Scope from "effect/Scope"
import type { AnyFiber } from "@skein/core/unstable/effect"
import type { Note } from "./ledger.ts"

/** Scopes looked through at a time to forget those that are closed. */
const batch = 256

/**
 * The scopes that the fibers of a test were given, as far as the test is to close them.
 *
 * A scope is seen when it comes into a fiber's context (`Effect.scoped`, `Scope.provide`, `Layer`), not when it is made:
 * that cannot be seen from outside. One that has finalizers by then is taken to be somebody else's. A fork counts as part
 * of the scope it was forked of.
 *
 * @internal
 */
export class OpenScopes {
  private readonly note: Note
  private readonly seen = new Map<Scope.Scope, (() => string) | undefined>()
  private last: Context.Context<never> | undefined = undefined
  private pruneAt = batch

  constructor(note: Note) {
    this.note = note
  }

  reset(): void {
    this.last = undefined
    this.pruneAt = batch
    if (this.seen.size > 0) this.seen.clear()
  }

  /** What is in this context is not the test's to close. */
  exclude(context: Context.Context<never>): void {
    const scope = scopeIn(context)
    if (scope !== undefined) this.seen.set(rootOf(scope), undefined)
  }

  /** Call before each operation of each fiber. */
  look(fiber: AnyFiber): void {
    if (fiber.context !== this.last) this.lookInto(fiber)
  }

  private lookInto(fiber: AnyFiber): void {
    this.last = fiber.context
    const scope = scopeIn(fiber.context)
    if (scope === undefined) return
    const root = rootOf(scope)
    if (this.seen.has(root)) return
    if (this.seen.size >= this.pruneAt) this.prune()
    this.seen.set(root, root === scope && root.state._tag === "Empty" ? this.note(fiber) : undefined)
  }

  private prune(): void {
    for (const scope of this.seen.keys()) if (scope.state._tag === "Closed") this.seen.delete(scope)
    this.pruneAt = 2 * this.seen.size + batch
  }

  get isBalanced(): boolean {
    for (const [scope, who] of this.seen) if (who !== undefined && scope.state._tag === "Open") return false
    return true
  }

  /** Those still open, one line each. */
  lines(): ReadonlyArray<string> {
    const lines: Array<string> = []
    for (const [{ state }, who] of this.seen) {
      if (who === undefined || state._tag !== "Open") continue
      const n = state.finalizers?.size ?? 1
      lines.push(`an open scope with ${n} finalizer${n === 1 ? "" : "s"}, first provided to ${who()}`)
    }
    return lines
  }
}

const scopeIn = (context: Context.Context<never>): Scope.Scope | undefined =>
  Context.getOrUndefined(context as Context.Context<Scope.Scope>, Scope.Scope)

const rootOf = (scope: Scope.Scope): Scope.Scope => {
  let root = scope
  while (root.parent !== undefined) root = root.parent
  return root
}
