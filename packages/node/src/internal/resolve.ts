/** Where the code of a worker is: the source in a workspace, the compiled file once it was published. */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const source = /\.([mc]?)tsx?$/

/**
 * Keeps a URL, but for a TypeScript file that is absent or lies under node_modules, where Node strips no types: that
 * becomes its `.js` sibling, when there is one.
 */
export const resolveModule = (url: URL): URL => {
  if (url.protocol !== "file:" || !source.test(url.pathname)) return url
  const compiled = new URL(url)
  compiled.pathname = url.pathname.replace(source, ".$1js")
  const usable = !url.pathname.includes("/node_modules/") && existsSync(fileURLToPath(url))
  return usable || !existsSync(fileURLToPath(compiled)) ? url : compiled
}

/** The file of a worker of this package, beside the module that starts it: source and compiled code differ in the ending. */
export const besides = (name: string, own: string): URL =>
  new URL(own.endsWith(".ts") ? `${name}.ts` : `${name}.js`, own)
