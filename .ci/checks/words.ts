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
  ],
  [
    /\bsetTimeout\(|\bit\.live\(|\bTestClock\.withLive\(/,
    "real time: say why in a comment 'real time: ...' on this line or above"
  ]
]

const scan = (
  root: string,
  file: string,
  rules: ReadonlyArray<readonly [RegExp, string]>
): ReadonlyArray<Problem> => {
  const lines = read(root, file).split("\n")
  return lines.flatMap((line, i) =>
    rules
      .filter(([pattern, message]) => {
        if (!pattern.test(line)) return false
        return !(message.startsWith("real time") && /real time: \S/.test(`${lines[i - 1] ?? ""}\n${line}`))
      })
      .map(([, message]) => ({ file, line: i + 1, message: `${message}: ${line.trim().slice(0, 80)}` }))
  )
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
    ...tests.flatMap((file) => scan(root, file, [...everywhere, ...inTests]))
  ]
}
