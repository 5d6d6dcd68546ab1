/** Nothing unfinished, no test switched off, no real time in a test without a reason. */
import { packageFiles, read, walk } from "../lib/source.ts"
import type { Check, Problem } from "../lib/source.ts"

const everywhere: ReadonlyArray<readonly [RegExp, string]> = [
  [
    new RegExp(`\\b(${["TO", "FIX", "HA"].map((head, i) => head + ["DO", "ME", "CK"][i]).join("|")})\\b`),
    "unfinished work"
  ],
  [/@ts-(ignore|nocheck)\b/, "use @ts-expect-error with a reason, or mend the type"]
]
const inTests: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /\b(it|test|describe)(\.(effect|live|scoped|explore|sweep))?\.(skip|only|todo|fails)\b/,
    "a test that does not run"
  ]
]
const realTime = /^[^"'`/]*(?:\bsetTimeout\(|\bit\.live\(|\bTestClock\.withLive\()/

const scan = (
  root: string,
  file: string,
  rules: ReadonlyArray<readonly [RegExp, string]>
): ReadonlyArray<Problem> =>
  read(root, file)
    .split("\n")
    .flatMap((line, i) =>
      rules
        .filter(([pattern]) => pattern.test(line))
        .map(([, message]) => ({ file, line: i + 1, message: `${message}: ${line.trim().slice(0, 80)}` }))
    )

/** Once per file: one reason covers it. */
const scanTime = (root: string, file: string): ReadonlyArray<Problem> => {
  const lines = read(root, file).split("\n")
  const first = lines.findIndex((line) => realTime.test(line))
  if (first === -1 || lines.some((line) => /real time: \S/i.test(line))) return []
  return [{ file, line: first + 1, message: "real time in a test: say why in a comment '// real time: ...'" }]
}

export const words: Check = (root) => {
  const sources = [
    ...packageFiles(root, "src"),
    ...packageFiles(root, "examples"),
    ...walk(root, "apps", /\/src\/.*\.tsx?$/)
  ]
  const tests = [...packageFiles(root, "test"), ...walk(root, "apps", /\/test\/.*\.tsx?$/)]
  return [
    ...sources.flatMap((file) => scan(root, file, everywhere)),
    ...tests.flatMap((file) => [...scan(root, file, [...everywhere, ...inTests]), ...scanTime(root, file)])
  ]
}
