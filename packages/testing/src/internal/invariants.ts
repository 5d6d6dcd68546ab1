import * as Effect from "effect/Effect"
import { misuse } from "./misuse.ts"

/** The first invariant that does not hold, and why. @internal */
export const firstBroken = (
  invariants: ReadonlyArray<() => boolean | void>
): { readonly cause: unknown } | undefined => {
  for (const invariant of invariants) {
    try {
      const holds: unknown = invariant()
      if (holds === false) return { cause: new Error("an invariant given to Explore.always is false") }
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
