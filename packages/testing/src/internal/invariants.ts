/** The first invariant that does not hold, and why. @internal */
export const firstBroken = (
  invariants: ReadonlyArray<() => boolean | void>
): { readonly cause: unknown } | undefined => {
  for (const invariant of invariants) {
    try {
      if (invariant() === false) return { cause: new Error("an invariant given to Explore.always is false") }
    } catch (cause) {
      return { cause }
    }
  }
  return undefined
}
