/**
 * Puts docs/cookbook.md, docs/conformance.md and the list of decisions together from their fragments; the cookbook shows each example as it
 * stands in its file, with what it prints. `node .ci/assemble.ts` writes them, verification compares.
 */
import { existsSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

import type { Step } from "./lib/run.ts"
import { packagesIn, read, walk } from "./lib/source.ts"

const generated = "<!-- Assembled by .ci/assemble.ts: edit the fragments. -->"

/** The example of a name such as `03-gather`, in whichever package it is. */
const exampleOf = (root: string, name: string): string | undefined =>
  packagesIn(root, "packages")
    .map((dir) => `${dir}/examples/${name}.ts`)
    .find((file) => existsSync(join(root, file)))

/** Links of a fragment, seen from the folder above. */
const lift = (text: string): string =>
  text.replaceAll(/\]\(([^)\s]+)\)/g, (_, target: string) => {
    if (/^(https?:|#|\/)/.test(target)) return `](${target})`
    return target.startsWith("../") ? `](${target.slice(3)})` : `](cookbook/${target})`
  })

const withExample = (root: string, fragment: string): string => {
  const text = lift(read(root, fragment).trim())
  const name = basename(fragment, ".md")
  const example = exampleOf(root, name)
  if (example === undefined) return text
  const out = example.replace(/\.ts$/, ".out")
  const link = text.includes(example) ? "" : `\n\n[${example}](../${example})`
  const printed = existsSync(join(root, out))
    ? `\n\nprints\n\n\`\`\`text\n${read(root, out).trimEnd()}\n\`\`\``
    : ""
  const code = text.includes("```ts")
    ? ""
    : `\n\n\`\`\`ts\n${read(root, example).trimEnd()}\n\`\`\`${printed}`
  return `${text}${link}${code}`
}

const titleOf = (text: string): string => /^#+ (.*)$/m.exec(text)?.[1] ?? ""

export const cookbook = (root: string): string => {
  const fragments = walk(root, "docs/cookbook", /\/\d\d-[\w-]+\.md$/)
  const sections = fragments.map((fragment) => withExample(root, fragment).replace(/^#+ /, "## "))
  const contents = sections.map((section) => {
    const title = titleOf(section)
    const anchor = title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-")
    return `- [${title}](#${anchor})`
  })
  return [
    "# Cookbook",
    generated,
    "Every pattern of an asyncio guide and its counterpart here. The code shown is the file that runs: each is executed by the\ntests, and what it prints is compared.",
    contents.join("\n"),
    ...sections
  ]
    .join("\n\n")
    .concat("\n")
}

export const conformance = (root: string): string => {
  const fragments = walk(root, "docs/conformance", /\.md$/)
  return [
    "# Conformance",
    generated,
    "Behaviours that the test suites of other structured-concurrency libraries pin down, and the test here that holds each, or\nthe reason why there is none. Test names begin with the id: `pnpm test -t TG-005` runs one.",
    ...fragments.map((fragment) => read(root, fragment).trim().replace(/^#+ /, "## "))
  ]
    .join("\n\n")
    .concat("\n")
}

/** The decisions, by their titles. */
export const decisions = (root: string): string => {
  const lines = walk(root, "docs/adr", /\/\d{4}-[\w-]+\.md$/).map(
    (file) => `- [${titleOf(read(root, file))}](${basename(file)})`
  )
  return [
    "# Decisions",
    generated,
    "Half a page each: context, decision, why not the obvious. Numbers are never reused; a decision that is replaced says by which.",
    lines.join("\n")
  ]
    .join("\n\n")
    .concat("\n")
}

const documents = {
  "docs/adr/README.md": decisions,
  "docs/cookbook.md": cookbook,
  "docs/conformance.md": conformance
}

export const assembled: Step = async (root) => {
  const stale = Object.entries(documents).filter(
    ([file, make]) => !existsSync(join(root, file)) || read(root, file) !== make(root)
  )
  return {
    ok: stale.length === 0,
    output: stale.map(([file]) => `${file} is stale: run pnpm assemble`).join("\n")
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = new URL("..", import.meta.url).pathname
  for (const [file, make] of Object.entries(documents)) writeFileSync(join(root, file), make(root))
}
