/** Where in the user's code a function was called: "file:line:column". */
const skipped = /node_modules[\\/](\.pnpm[\\/])?effect|[\\/]effect[\\/](src|dist)[\\/]|^\s*at .*node:internal/

/** Costs microseconds: only for those who asked for it. `own` is the URL of the calling module. */
export const callSite = (own: string): string | undefined => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 12
  const stack = new Error().stack?.split("\n").slice(1) ?? []
  Error.stackTraceLimit = limit
  const file = own.replace(/^file:\/\//, "")
  const line = stack.find((one) => !one.includes(file) && !one.includes("callSite") && !skipped.test(one))
  return line === undefined ? undefined : line.replace(/^\s*at (.*\()?/, "").replace(/\)$/, "")
}
