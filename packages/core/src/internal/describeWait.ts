import type { Wait } from "./node.ts"

/** "Lock db, held by main/writer". */
export const describeWait = (wait: Wait): string => {
  const what = wait.resource === "" ? wait.operation : `${wait.operation} ${wait.resource}`
  const holders = wait.holders()
  if (holders.length === 0) return what
  const named = holders.slice(0, maxHolders).map((holder) => holder.name)
  const more = holders.length > maxHolders ? ` and ${holders.length - maxHolders} more` : ""
  return `${what}, held by ${named.join(", ")}${more}`
}

const maxHolders = 3
