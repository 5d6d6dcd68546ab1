/** A second copy of this package in one process: its groups, tasks and locks do not know those of the first. */
const key = Symbol.for("~skein/core/copies")

interface Registry {
  [key]?: Array<string>
}

/** Notes that the package was loaded from `place`; warns when it was before. */
export const registerCopy = (place: string, registry: object, warn: (message: string) => void): void => {
  const copies = ((registry as Registry)[key] ??= [])
  copies.push(place)
  if (copies.length === 1) return
  warn(
    `@skein/core is loaded ${copies.length} times:\n${copies.map((copy) => `  ${copy}`).join("\n")}\n` +
      "Groups, tasks and locks of one copy do not know those of another. Install it once (npm ls @skein/core shows who brings it)."
  )
}
