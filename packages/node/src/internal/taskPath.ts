/** Names what runs on a fiber. */
import { TaskTree } from "@skein/core"
import { parentOf } from "@skein/core/unstable/effect"
import type { AnyFiber } from "@skein/core/unstable/effect"

/** The path of the task or body on the fiber, or of the closest fiber above it that is one. */
export const taskPath = (fiber: AnyFiber): string | undefined => {
  for (let at: AnyFiber | undefined = fiber; at !== undefined; at = parentOf(at)) {
    const path = TaskTree.pathOf(at)
    if (path._tag === "Some") return path.value
  }
  return undefined
}
