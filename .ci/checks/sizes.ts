/** Files stay small enough to be read in one go: 400 lines, tests 500. */
import { read, walk } from "../lib/source.ts"
import type { Check } from "../lib/source.ts"

export const sizes: Check = (root) =>
  ["packages", "apps", ".ci"]
    .flatMap((folder) => walk(root, folder, /\.(tsx?|mjs)$/))
    .flatMap((file) => {
      const max = file.includes("/test/") ? 500 : 400
      const lines = read(root, file).split("\n").length - 1
      return lines > max ? [{ file, message: `${lines} lines, at most ${max}` }] : []
    })
