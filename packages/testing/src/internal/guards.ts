/**
 * While a run is driven, nothing in it may use what the run does not control. Whoever does is told on at once: later,
 * when the promise or the timer comes back, nobody would know any more who asked for it.
 *
 * @internal
 */
export const guarded = <A>(onUse: (what: string) => void, f: () => A): A => {
  const globals = globalThis as Record<string, any>
  const then = Promise.prototype.then
  const originals = timers.map((name) => globals[name])
  for (let i = 0; i < timers.length; i++) {
    const name = timers[i]!
    const original = originals[i]
    globals[name] = Object.assign((...args: ReadonlyArray<unknown>): unknown => {
      onUse(`a real timer, ${name}`)
      return original(...args)
    }, original)
  }
  promises.then = function (this: Promise<unknown>, ...args: any): any {
    onUse("a promise")
    return then.apply(this, args)
  } as typeof then
  try {
    return f()
  } finally {
    promises.then = then
    for (let i = 0; i < timers.length; i++) globals[timers[i]!] = originals[i]
  }
}

const promises = Promise.prototype
const timers = ["setTimeout", "setInterval", "setImmediate"] as const

/** How many real timers keep the process alive; 0 where that cannot be told. @internal */
export const realTimers = (): number => {
  const resources: ReadonlyArray<string> = (globalThis as any).process?.getActiveResourcesInfo?.() ?? []
  return resources.filter((resource) => resource === "Timeout").length
}
