/** The README shows what the demo prints: every paragraph it shows is one of the real output, up to ports and times. */
import { run } from "../lib/run.ts"
import type { Result, Step } from "../lib/run.ts"
import { read } from "../lib/source.ts"

const block = /<!-- demo -->\n+```text\n([\s\S]*?)\n```/

/** The ports are named in the order of the output's last line, which names the site's own. */
export const normalise = (output: string): string => {
  const ports = [...output.matchAll(/127\.0\.0\.1:(\d{4,})/g)].map((match) => match[1]!)
  const names = new Map(
    ports.toReversed().map((port, i, all) => [port, 8080 + new Set(all.slice(0, all.indexOf(port))).size])
  )
  return output
    .replaceAll(/127\.0\.0\.1:(\d{4,})/g, (_, port: string) => `127.0.0.1:${names.get(port)}`)
    .replaceAll(/\b\d+(\.\d+)? (ms|s)\b/g, "T")
    .trim()
}

/** Paragraphs of what is shown that are not in what is printed. */
export const notPrinted = (shown: string, printed: string): ReadonlyArray<string> => {
  const real = new Set(normalise(printed).split("\n\n"))
  return normalise(shown)
    .split("\n\n")
    .filter((paragraph) => paragraph !== "..." && !real.has(paragraph))
}

export const compare = (readme: string, result: Result): Result => {
  const shown = block.exec(readme)?.[1]
  if (shown === undefined) return { ok: false, output: "README.md has no block of text after <!-- demo -->" }
  const missing = notPrinted(shown, result.output)
  return {
    ok: missing.length === 0,
    output:
      missing.length === 0
        ? ""
        : `README.md shows what the demo did not print:\n${missing.join("\n\n")}\n\nprinted:\n${result.output}`
  }
}

export const demo: Step = async (root) => {
  const options = { cwd: root, timeout: 60_000, stdoutOnly: true }
  return compare(
    read(root, "README.md"),
    await run("node", ["apps/linkcheck/src/bin.ts", "--quiet"], options)
  )
}
