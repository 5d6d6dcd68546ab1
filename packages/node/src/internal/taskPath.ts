/** Names what runs on a fiber. */
import type * as Fiber from "effect/Fiber"

/** The path of the task on the fiber, or of the closest fiber above it that is a task. */
export const taskPath = (fiber: Fiber.Fiber<unknown, unknown>): string | undefined => {
  for (let at: any = fiber; at !== undefined; at = at._parent) {
    const path = at._stack[0]?.node?.path
    if (path !== undefined) return path
  }
  return undefined
}
