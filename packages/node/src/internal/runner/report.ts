/** The task tree as text for people: what is stuck, who waits for whom. */
import { TaskTree } from "@skein/core"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

export const snapshot = (): TaskTree.Snapshot => Effect.runSync(TaskTree.snapshot)

const control = /\p{Cc}|[\u2028\u2029]/gu

/** Names come from anywhere; a terminal must not obey them. Line breaks stay. */
export const escape = (text: string): string =>
  text.replace(control, (char) => {
    const code = char.charCodeAt(0)
    return char === "\n"
      ? char
      : code < 256
        ? `\\x${code.toString(16).padStart(2, "0")}`
        : `\\u${code.toString(16)}`
  })

const seconds = (millis: number): string =>
  millis < 1000 ? `${Math.max(0, Math.round(millis))}ms` : `${(millis / 1000).toFixed(1)}s`

/** "main/a waits 1.2s for Lock "config", held by main/b". */
const waiting = (node: TaskTree.Node, at: DateTime.Utc): string =>
  Option.match(node.waitingOn, {
    onNone: () => `${node.path} is ${node.status}`,
    onSome: ({ holders, operation, resource, since }) => {
      const time = seconds(DateTime.toEpochMillis(at) - DateTime.toEpochMillis(since))
      const held = holders.length === 0 ? "" : `, held by ${holders.map((holder) => holder.name).join(", ")}`
      return `${node.path} waits ${time} for ${operation} ${JSON.stringify(resource)}${held}`
    }
  })

/** One block per cycle; empty when there is none. */
export const deadlocks = (snapshot: TaskTree.Snapshot): string =>
  TaskTree.deadlocks(snapshot)
    .map((cycle) => ["Deadlock:", ...cycle.map((node) => `  ${waiting(node, snapshot.at)}`)].join("\n"))
    .join("\n")

/** Cycles first, then everything that is alive. */
export const tree = (snapshot: TaskTree.Snapshot): string => {
  const cycles = deadlocks(snapshot)
  const all = snapshot.nodes.length === 0 ? "No tasks" : TaskTree.render(snapshot)
  return escape(cycles === "" ? all : `${cycles}\n${all}`)
}

/** The cycles by who is in them and since when: equal as long as nothing moves. */
export const cycleKeys = (snapshot: TaskTree.Snapshot): ReadonlyArray<string> =>
  TaskTree.deadlocks(snapshot).map((cycle) =>
    cycle
      .map(
        (node) =>
          `${node.id}@${Option.match(node.waitingOn, { onNone: () => 0, onSome: (wait) => DateTime.toEpochMillis(wait.since) })}`
      )
      .sort()
      .join()
  )

export { seconds }
