/** All checks that need nothing but the files. */
import type { Check } from "../lib/source.ts"
import { conformance } from "./conformance.ts"
import { anys, claims, docstrings } from "./docstrings.ts"
import { examples } from "./examples.ts"
import { directions } from "./layers.ts"
import { layout, versions } from "./layout.ts"
import { clocks, privates } from "./purity.ts"
import { sizes } from "./sizes.ts"
import { words } from "./words.ts"

export const checks: Readonly<Record<string, Check>> = {
  "top level": layout,
  versions,
  "file sizes": sizes,
  "import direction": directions,
  "clock and random": clocks,
  "Effect's private fields": privates,
  "unfinished or switched off": words,
  docstrings,
  "cancellation claims": claims,
  any: anys,
  examples,
  conformance
}
