/** An example has a file with what it prints and a place in the cookbook; a cookbook entry has an example. */
import { existsSync } from "node:fs"
import { basename, join } from "node:path"

import { packageFiles, packagesIn, walk } from "../lib/source.ts"
import type { Check } from "../lib/source.ts"

const numbered = /\/\d\d-[\w-]+\.(ts|md)$/

export const examples: Check = (root) => [
  ...packageFiles(root, "examples")
    .filter((file) => numbered.test(file))
    .flatMap((file) =>
      [file.replace(/\.ts$/, ".out"), `docs/cookbook/${basename(file, ".ts")}.md`]
        .filter((other) => !existsSync(join(root, other)))
        .map((other) => ({ file, message: `${other} is missing` }))
    ),
  ...walk(root, "docs/cookbook", numbered)
    .filter((file) =>
      packagesIn(root, "packages").every(
        (dir) => !existsSync(join(root, dir, "examples", `${basename(file, ".md")}.ts`))
      )
    )
    .map((file) => ({ file, message: `no package has examples/${basename(file, ".md")}.ts` }))
]
