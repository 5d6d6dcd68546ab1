import type { AnyFiber } from "../effect.ts"
import { waitingFrameOf } from "../node.ts"

/** The fibers on which the same work runs: the given one, then those whose cancel scopes it is in. */
export function* ownersOf(fiber: AnyFiber): Iterable<AnyFiber> {
  yield fiber
  let last = fiber
  for (let frame = waitingFrameOf(fiber); frame?.owner !== undefined; frame = frame.up) {
    if (frame.owner !== last) yield (last = frame.owner)
  }
}
