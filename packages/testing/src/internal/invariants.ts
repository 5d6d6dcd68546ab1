import * as Effect from "effect/Effect"
import { misuse } from "./misuse.ts"

/** The first invariant that does not hold, and why. @internal */
export const firstBroken = (
  invariants: ReadonlyArray<() => boolean | void>
): { readonly cause: unknown } | undefined => {
  for (const invariant of invariants) {
    try {
      const holds: unknown = invariant()
      if (holds === false)
        return { cause: new Error(`false, though given to Explore.always: ${sourceOf(invariant)}`) }
      // Truthy, and never looked into: it would hold whatever the program does.
      if (typeof holds === "object" && (Effect.isEffect(holds) || holds instanceof Promise)) {
        return { cause: misuse("Explore.always", "what predicate returns", "true, false or nothing", holds) }
      }
    } catch (cause) {
      return { cause }
    }
  }
  return undefined
}

const sourceOf = (f: () => unknown): string => String(f).replace(/\s+/g, " ").slice(0, 200)
