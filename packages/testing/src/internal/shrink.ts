import { DepthFirst } from "./dfs.ts"
import { PlannedRun, preemptionsOf, Recorded } from "./plan.ts"
import type { Plan } from "./plan.ts"
import { simplerTurns, TurnRecorder, TurnsRun } from "./turns.ts"
import type { Strategy } from "./strategy.ts"

/**
 * Makes a plan small while its run keeps showing the same problem: first takes deviations away, then looks through all
 * schedules with fewer preemptions.
 *
 * @internal
 */
export const shrink = (options: {
  readonly plan: Plan
  /** Runs the strategy and tells whether the problem shows. */
  readonly shows: (strategy: Strategy) => boolean
  /** How many runs that may take. */
  readonly budget: number
}): Plan => {
  let runs = 0
  /** The plan as its run really goes, without what has no effect; undefined when the problem does not show. */
  const tried = (strategy: Strategy): Plan | undefined => {
    runs++
    const recorded = new Recorded(strategy)
    return options.shows(recorded) ? recorded.plan : undefined
  }

  const without = (plan: Plan, from: number, size: number): Plan | undefined => {
    const shown = tried(new PlannedRun([...plan.slice(0, from), ...plan.slice(from + size)]))
    return shown !== undefined && isSmaller(shown, plan) ? shown : undefined
  }

  /** Halves, quarters, and so on; then each window of a few, for turns there and back go away together only. */
  const withoutParts = (plan: Plan): Plan => {
    let best = plan
    const halves = Array.from(
      { length: 31 - Math.clz32(Math.max(1, plan.length)) },
      (_, i) => plan.length >> (i + 1)
    )
    for (const size of [...halves.filter((size) => size > 4), 4, 3, 2, 1]) {
      const stride = size > 4 ? size : 1
      for (let from = 0; from < best.length && runs < options.budget;) {
        const smaller = without(best, from, size)
        if (smaller === undefined) from += stride
        else best = smaller
      }
    }
    return best
  }

  const withFewerTurns = (plan: Plan): Plan => {
    let best = plan
    for (let improved = true; improved;) {
      improved = false
      const recorder = new TurnRecorder(new PlannedRun(best))
      if (tried(recorder) === undefined) return best
      for (const turns of simplerTurns(recorder.turns)) {
        if (runs >= options.budget) return best
        const shown = tried(new TurnsRun(turns, best))
        if (shown === undefined || !isSmaller(shown, best)) continue
        best = shown
        improved = true
        break
      }
    }
    return best
  }

  const withFewerPreemptions = (plan: Plan): Plan => {
    const preemptions = preemptionsOf(plan)
    if (preemptions === 0) return plan
    const search = new DepthFirst(preemptions - 1)
    for (
      let strategy = search.next();
      strategy !== undefined && runs < options.budget;
      strategy = search.next()
    ) {
      const shown = tried(strategy)
      search.learn()
      if (shown !== undefined && isSmaller(shown, plan)) return shown
    }
    return plan
  }

  let best = options.plan
  for (let before = Number.POSITIVE_INFINITY; best.length < before && runs < options.budget;) {
    before = best.length
    best = withFewerTurns(withoutParts(best))
  }
  const fewer = withFewerPreemptions(best)
  return fewer === best ? best : withoutParts(fewer)
}

const isSmaller = (a: Plan, b: Plan): boolean => {
  const difference = preemptionsOf(a) - preemptionsOf(b)
  return difference < 0 || (difference === 0 && a.length < b.length)
}
