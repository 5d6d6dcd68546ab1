/** Several failures as a tree that reads well in a terminal. */
import * as Cause from "effect/Cause"

interface Failed {
  readonly path: string
  readonly error: unknown
  readonly cause: Cause.Cause<unknown>
}

/** "HttpError: 500 from https://..."; the message alone where there is no tag. */
export const describeError = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return typeof error === "string" ? error : String(error)
  const tag =
    "_tag" in error && typeof error._tag === "string"
      ? error._tag
      : error instanceof Error
        ? error.name
        : undefined
  const message =
    error instanceof Error ? error.message : "message" in error ? String(error.message) : fields(error)
  if (tag === undefined) return message
  if (message === "") return fields(error) === "" ? tag : `${tag} ${fields(error)}`
  return message.startsWith(tag) ? message : `${tag}: ${message}`
}

const hidden = new Set(["_tag", "name", "message", "stack", "cause"])

const fields = (error: object): string => {
  const own = Object.entries(error).filter(([key]) => !hidden.has(key) && !key.startsWith("~"))
  if (own.length === 0) return ""
  try {
    return JSON.stringify(Object.fromEntries(own))
  } catch {
    return `{${own.map(([key]) => key).join(", ")}}`
  }
}

const besides = (failure: Failed): ReadonlyArray<string> =>
  failure.cause.reasons.flatMap((reason) => {
    if (reason._tag === "Interrupt" || (reason._tag === "Fail" && reason.error === failure.error)) return []
    const thrown = reason._tag === "Fail" ? reason.error : reason.defect
    return [`${reason._tag === "Fail" ? "and" : "and a defect:"} ${describeError(thrown)}`]
  })

export const renderFailures = (group: string, failures: ReadonlyArray<Failed>): string => {
  const many = failures.length === 1 ? "1 task" : `${failures.length} tasks`
  const lines = [`${many} of ${group} failed`]
  failures.forEach((failure, index) => {
    const last = index === failures.length - 1
    const path = failure.path.startsWith(`${group}/`) ? failure.path.slice(group.length + 1) : failure.path
    const [first = "", ...more] = [...describeError(failure.error).split("\n"), ...besides(failure)]
    lines.push(`${last ? "└─" : "├─"} ${path}: ${first}`)
    for (const line of more) lines.push(`${last ? "  " : "│ "}    ${line}`)
  })
  return lines.join("\n")
}
