import { frameOf } from "../effect.ts"
import type { AnyFiber } from "../effect.ts"
import { Scope } from "../cancellation/scope.ts"

/** The fibers on which the same work runs: the given one, then those whose cancel scopes it is in. */
export function* ownersOf(fiber: AnyFiber): Iterable<AnyFiber> {
  yield fiber
  for (let frame = frameOf(fiber); frame instanceof Scope; frame = frameOf(frame.owner)) yield frame.owner
}
