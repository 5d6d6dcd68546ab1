/** From what the loop was seen doing while it was blocked to who blocked it for how long. */

/** The loop ran `task` when it answered, and had been asked a while before. Milliseconds since the epoch. */
export interface Sample {
  readonly asked: number
  readonly answered: number
  readonly task: string | undefined
  readonly stack: string
}

export interface Segment {
  readonly task: string | undefined
  readonly stack: string | undefined
  readonly duration: number
}

interface Run {
  readonly task: string | undefined
  readonly from: number
  to: number
  stack: string
  /** The longest an answer of this run took: that is the line that blocked. */
  longest: number
}

/**
 * A sample stands for the time from its question to its answer, and for the gap before it. Those that blocked for the
 * threshold on their own are reported one by one; when none did, the one that ran most stands for the whole.
 */
export const segments = (
  samples: ReadonlyArray<Sample>,
  start: number,
  end: number,
  threshold: number
): ReadonlyArray<Segment> => {
  const runs: Array<Run> = []
  for (const { answered, asked, stack, task } of samples) {
    if (answered < start || asked > end) continue
    const last = runs.at(-1)
    if (task === undefined && stack === "") {
      // Answered between two turns of the loop: whoever ran before ran until now.
      if (last !== undefined) last.to = answered
      continue
    }
    const took = answered - asked
    if (last !== undefined && last.task === task) {
      last.to = answered
      if (took >= last.longest) {
        last.stack = stack
        last.longest = took
      }
    } else runs.push({ task, from: last === undefined ? start : last.to, to: answered, stack, longest: took })
  }
  const last = runs.at(-1)
  if (last === undefined) return [{ task: undefined, stack: undefined, duration: end - start }]
  last.to = Math.max(last.to, end)
  const blocking = runs.filter((run) => run.to - run.from >= threshold)
  if (blocking.length > 0) {
    return blocking.map(({ from, stack, task, to }) => ({ task, stack, duration: to - from }))
  }
  const most = runs.reduce((a, b) => (b.to - b.from > a.to - a.from ? b : a))
  return [{ task: most.task, stack: most.stack, duration: end - start }]
}
