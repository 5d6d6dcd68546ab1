import { DepthFirst } from "./dfs.ts"
import { PlannedRun, preemptionsOf, Recorded } from "./plan.ts"
import type { Plan } from "./plan.ts"
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

  const withoutParts = (plan: Plan): Plan => {
    let best = plan
    for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < best.length && runs < options.budget;) {
        const candidate = [...best.slice(0, from), ...best.slice(from + size)]
        const shown = tried(new PlannedRun(candidate))
        if (shown !== undefined && isSmaller(shown, best)) best = shown
        else from += size
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
    best = withoutParts(best)
  }
  const fewer = withFewerPreemptions(best)
  return fewer === best ? best : withoutParts(fewer)
}

const isSmaller = (a: Plan, b: Plan): boolean => {
  const difference = preemptionsOf(a) - preemptionsOf(b)
  return difference < 0 || (difference === 0 && a.length < b.length)
}
