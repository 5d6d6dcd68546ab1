/**
 * Errors on their way between threads. The structured clone keeps of an error its message and stack alone: names, `_tag`,
 * own fields and getters of a class are carried beside it here.
 */
import { inspect } from "node:util"

/** A value that was thrown, as plain data. */
export type PlainError =
  | { readonly kind: "value"; readonly value: unknown }
  | {
      readonly kind: "error"
      readonly type: string
      readonly name: string
      readonly message: string
      readonly stack: string | undefined
      /** Own fields, and `_tag` wherever it is defined. Those that are errors are marked. */
      readonly fields: ReadonlyArray<readonly [key: string, value: unknown, isError: boolean]>
    }

const skipped = new Set(["name", "message", "stack"])
const deepest = 8

/** Text, where the thrown thing fights back. */
const text = (read: () => unknown): string => {
  try {
    return String(read())
  } catch {
    return ""
  }
}

const cloneable = (value: unknown): unknown => {
  if (
    value === null ||
    (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol")
  ) {
    return value
  }
  try {
    return structuredClone(value)
  } catch {
    try {
      return inspect(value, { depth: 2 })
    } catch {
      return "[not inspectable]"
    }
  }
}

const builtIns: ReadonlyMap<string, ErrorConstructor> = new Map(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((type) => [
    type.name,
    type as ErrorConstructor
  ])
)

/** The closest built-in class of an error. */
const typeOf = (error: Error): string => {
  for (const [name, type] of builtIns) if (name !== "Error" && error instanceof type) return name
  return "Error"
}

/** Takes a thrown value apart into what can be cloned; fields that cannot become text. Never throws. */
export const toPlain = (thrown: unknown, depth = 0): PlainError => {
  if (!(thrown instanceof Error)) return { kind: "value", value: cloneable(thrown) }
  const fields: Array<readonly [string, unknown, boolean]> = []
  const add = (key: string): void => {
    let value: unknown
    try {
      value = (thrown as any)[key]
    } catch {
      return
    }
    if (depth < deepest && value instanceof Error) fields.push([key, toPlain(value, depth + 1), true])
    else if (depth < deepest && Array.isArray(value) && value.some((item) => item instanceof Error)) {
      fields.push([key, value.map((item) => toPlain(item, depth + 1)), true])
    } else fields.push([key, cloneable(value), false])
  }
  const keys = new Set(Object.keys(thrown))
  for (const hidden of ["cause", "errors"]) if (Object.hasOwn(thrown, hidden)) keys.add(hidden)
  if ("_tag" in thrown) keys.add("_tag")
  for (const key of keys) if (!skipped.has(key)) add(key)
  return {
    kind: "error",
    type: typeOf(thrown),
    name: text(() => thrown.name),
    message: text(() => thrown.message),
    stack: text(() => thrown.stack) || undefined,
    fields
  }
}

const define = (error: Error, key: string, value: unknown, enumerable: boolean): void => {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true })
}

/** The value as it was thrown, as far as another thread can have it: built-in classes stay, own ones become their base. */
export const fromPlain = (plain: PlainError): unknown => {
  if (plain.kind === "value") return plain.value
  const error = new (builtIns.get(plain.type) ?? Error)(plain.message)
  if (error.name !== plain.name) define(error, "name", plain.name, false)
  define(error, "stack", plain.stack, false)
  for (const [key, value, isError] of plain.fields) {
    const restored = !isError
      ? value
      : Array.isArray(value)
        ? value.map((item: PlainError) => fromPlain(item))
        : fromPlain(value as PlainError)
    define(error, key, restored, key !== "cause" && key !== "errors")
  }
  return error
}
