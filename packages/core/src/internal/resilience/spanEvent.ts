/** What happens in an operation, as an event of the span it runs in. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Tracer from "effect/Tracer"

import type { AnyFiber } from "../effect.ts"

export const spanEvent = (fiber: AnyFiber, name: string, attributes: Record<string, unknown>): void => {
  const span = Context.getOrUndefined(fiber.context as Context.Context<any>, Tracer.ParentSpan)
  if (span?._tag === "Span") span.event(name, fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(), attributes)
}
