/**
 * What is running: every group and task, its state, what it waits on and who holds that. Always on; the groups' own
 * registry is the source, so that looking is all that costs.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import { watch } from "../internal/tasks/changes.ts"
import { callSite } from "../internal/callSite.ts"
import { capture, release } from "../internal/tasks/forkSites.ts"
import { nodeOf } from "../internal/node.ts"
import { renderTree } from "../internal/tasks/renderTree.ts"
import { isTaskNode } from "../internal/tasks/taskNode.ts"
import { describe, readTree } from "../internal/tasks/treeNodes.ts"
import { findDeadlocks } from "../internal/tasks/waitsFor.ts"
import { isOptions, refuse } from "../internal/validate.ts"
import type * as Task from "./Task.ts"

/**
 * A group or a task. A group's node stands for its body, too; the tasks of the group are its children.
 *
 * @category models
 * @since 0.1.0
 */
export interface Node {
  readonly id: number
  readonly name: string
  readonly path: string
  readonly parent: Option.Option<number>
  /** In a snapshot only live states; terminal ones appear in `changes`. */
  readonly status: Task.Status
  readonly age: Duration.Duration
  readonly waitingOn: Option.Option<Wait>
  /** "file:line:column" of the fork; None unless stack capture is on. */
  readonly forkSite: Option.Option<string>
}

/**
 * What a task is suspended on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Wait {
  /** "Lock", "Pool.lease", "Task.join", ... */
  readonly operation: string
  /** Name of the lock, pool or queue; path of the task or group. */
  readonly resource: string
  readonly since: DateTime.Utc
  /** Tasks that hold it; a holder that is no task has `id` None and is named after its fiber. */
  readonly holders: ReadonlyArray<{ readonly id: Option.Option<number>; readonly name: string }>
}

/**
 * What was alive at one moment; parents before children, oldest first. Plain data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  readonly at: DateTime.Utc
  readonly nodes: ReadonlyArray<Node>
}

/**
 * Something that happened to a task.
 *
 * @category models
 * @since 0.1.0
 */
export type Change =
  | { readonly _tag: "Started"; readonly node: Node }
  | { readonly _tag: "StatusChanged"; readonly node: Node }
  | { readonly _tag: "Exited"; readonly node: Node; readonly exit: Exit.Exit<unknown, unknown> }

/**
 * A waits-for cycle, each waiting on the next and the last on the first.
 *
 * @category models
 * @since 0.1.0
 */
export type Deadlock = Arr.NonEmptyReadonlyArray<Node>

/**
 * All groups and tasks of the process that are alive now.
 *
 * **Cost** proportional to what is alive; nothing is kept for it.
 *
 * @category operations
 * @since 0.1.0
 */
export const snapshot: Effect.Effect<Snapshot> = /*#__PURE__*/ Effect.map(Clock.currentTimeMillis, (now) => ({
  at: DateTime.makeUnsafe(now),
  nodes: readTree()
}))

/**
 * The task that runs on this fiber, for adapters (loggers, monitors, explorers).
 *
 * @category operations
 * @since 0.1.0
 */
export const ofFiber = (fiber: Fiber.Fiber<unknown, unknown>): Option.Option<Task.Task<unknown, unknown>> => {
  const node = nodeOf(checkFiber("TaskTree.ofFiber", fiber))
  return isTaskNode(node) ? Option.some(node as never) : Option.none()
}

/**
 * The path of the task or group that runs on this fiber, also through the scopes it entered; None for other fibers.
 *
 * @category operations
 * @since 0.1.0
 */
export const pathOf = (fiber: Fiber.Fiber<unknown, unknown>): Option.Option<string> =>
  Option.fromUndefinedOr(nodeOf(checkFiber("TaskTree.pathOf", fiber))?.path)

const checkFiber = (where: string, fiber: Fiber.Fiber<unknown, unknown>): Fiber.Fiber<unknown, unknown> =>
  Fiber.isFiber(fiber) ? fiber : refuse(where, "expected a Fiber", fiber)

/**
 * The snapshot as text, in the manner of pstree. Control characters in names are escaped.
 *
 * @category operations
 * @since 0.1.0
 */
export const render = (snapshot: Snapshot): string => {
  const { at, nodes } = checkSnapshot("TaskTree.render", snapshot)
  return renderTree(nodes, at)
}

const checkSnapshot = (where: string, snapshot: Snapshot): Snapshot =>
  isOptions(snapshot) && Array.isArray(snapshot.nodes)
    ? snapshot
    : refuse(where, "expected a Snapshot", snapshot)

const watched = 1024

/**
 * What happens to tasks from here on. Slow consumers lose the oldest changes (1,024 are kept), never the program its speed.
 *
 * @category operations
 * @since 0.1.0
 */
export const changes: Stream.Stream<Change> = /*#__PURE__*/ Stream.unwrap(
  Effect.map(
    Effect.acquireRelease(
      Effect.map(Queue.sliding<Change>(watched), (queue) => {
        const offer = (change: Change): void => {
          Queue.offerUnsafe(queue, change)
        }
        const unwatch = watch({
          started: (node) => offer({ _tag: "Started", node: describe(node) }),
          statusChanged: (node) => offer({ _tag: "StatusChanged", node: describe(node) }),
          exited: (task) => offer({ _tag: "Exited", node: describe(task), exit: task.exit! })
        })
        return { queue, unwatch }
      }),
      ({ queue, unwatch }) => Effect.andThen(Effect.sync(unwatch), Queue.shutdown(queue))
    ),
    ({ queue }) => Stream.fromQueue(queue)
  )
)

/**
 * The cycles of tasks that wait for each other through locks, permits, tokens, joins, groups and the handlers of queues. A wait that a timeout
 * will end is shown like any other; what a task outside Skein may still do for one of them is not known.
 *
 * @category operations
 * @since 0.1.0
 */
export const deadlocks = (snapshot: Snapshot): ReadonlyArray<Deadlock> =>
  findDeadlocks(checkSnapshot("TaskTree.deadlocks", snapshot).nodes)

/**
 * Remembers, until the scope closes, where each task is forked. Off by default: a stack trace per fork costs more than
 * the fork.
 *
 * @category operations
 * @since 0.1.0
 */
export const captureForkSites: Effect.Effect<void, never, Scope.Scope> = /*#__PURE__*/ Effect.acquireRelease(
  Effect.sync(() => capture(findSite)),
  () => Effect.sync(release)
)

// Everything of this package is above the caller on the stack.
const findSite = (): string | undefined => callSite(new URL("../", import.meta.url).href)

/**
 * A logger that puts the path of the task that logs before its message.
 *
 * @category operations
 * @since 0.1.0
 */
export const withPaths = <Output>(logger: Logger.Logger<unknown, Output>): Logger.Logger<unknown, Output> => {
  if (!Logger.isLogger(logger)) refuse("TaskTree.withPaths", "expected a Logger", logger)
  return Logger.make((options) => {
    const path = nodeOf(options.fiber)?.path
    if (path === undefined) return logger.log(options)
    const message = Array.isArray(options.message) ? options.message : [options.message]
    return logger.log({ ...options, message: [`[${path}]`, ...message] })
  })
}
