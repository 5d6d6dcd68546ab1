/** Names what runs on a fiber. */
import { TaskTree } from "@skein/core"
import * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"

/** `TaskTree.ofFiber` knows tasks; this logger, asked with an empty message, also the bodies of groups. */
const reader = TaskTree.withPaths(Logger.make<unknown, unknown>(({ message }) => message))
const empty: ReadonlyArray<unknown> = []

const pathOf = (fiber: Fiber.Fiber<any, any>): string | undefined => {
  const message = reader.log({
    cause: Cause.empty,
    date: new Date(0),
    fiber,
    logLevel: "Info",
    message: empty
  }) as ReadonlyArray<string>
  return message.length === 0 ? undefined : message[0]!.slice(1, -1)
}

/** The path of the task or body on the fiber, or of the closest fiber above it that is one. */
export const taskPath = (fiber: Fiber.Fiber<unknown, unknown>): string | undefined => {
  let at: (Fiber.Fiber<unknown, unknown> & { readonly _parent?: typeof at }) | undefined = fiber
  for (; at !== undefined; at = at._parent) {
    const path = pathOf(at)
    if (path !== undefined) return path
  }
  return undefined
}
