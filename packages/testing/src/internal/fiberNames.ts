import { TaskTree } from "@skein/core"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { AnyFiber } from "@skein/core/unstable/effect"
import type { FiberRecord } from "./fiberRecord.ts"
import { printSource } from "./sourceLines.ts"
import type { SourceLines } from "./sourceLines.ts"

/** The path of the Skein task that runs on the fiber. Only known while it is alive. */
const taskPathOf = (fiber: Fiber.Fiber<any, any>): string | undefined =>
  Option.getOrUndefined(Option.map(TaskTree.ofFiber(fiber), (task) => task.path))

/** @internal */
export const nameOfFiber = (fiber: Fiber.Fiber<any, any>): string => taskPathOf(fiber) ?? `fiber ${fiber.id}`

/** Looks whether the fiber has got a name: ask while it runs. @internal */
export const learnName = (record: FiberRecord): void => {
  record.name ??= taskPathOf(record.fiber)
}

/** The fiber's name for people: its task's path, what `Explore.named` gave it, or its number. @internal */
export const nameOf = (record: FiberRecord): string => {
  learnName(record)
  return record.name ?? `fiber ${record.index}`
}

/** What a Skein task waits for, and who holds it. */
const waitOf = (fiber: AnyFiber): string | undefined => {
  const task = Option.getOrUndefined(TaskTree.ofFiber(fiber))
  if (task === undefined) return undefined
  const node = Effect.runSync(TaskTree.snapshot).nodes.find(({ id }) => id === task.id)
  const wait = node && Option.getOrUndefined(node.waitingOn)
  if (wait === undefined) return undefined
  const holders = wait.holders.map(({ name }) => name).join(", ")
  return `${wait.operation} ${wait.resource}${holders === "" ? "" : `, held by ${holders},`}`
}

/** A fiber, what it is suspended in, and where in the source. @internal */
export const describeFiber = (sources: SourceLines, fiber: AnyFiber, name: string): string => {
  const source = sources.ofFiber(fiber) ?? sources.ofOperation(fiber, undefined)
  const wait = waitOf(fiber)
  const where = source === undefined ? "" : ` at ${printSource(source)}  ${source.text}`
  return `${name} waits${wait === undefined ? "" : ` for ${wait}`}${where}`
}
