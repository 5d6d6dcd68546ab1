import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"

import { clearTimer, setTimer } from "../../src/internal/timers.ts"

const fake = () => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] })

describe("timers", () => {
  let rang: Array<string> = []
  const sleeper = (name: string, then?: () => void) => ({
    onAlarm: () => {
      rang.push(`${name}@${performance.now()}`)
      then?.()
    }
  })
  const set = (millis: number, name: string, then?: () => void) =>
    setTimer(performance.now(), millis, sleeper(name, then))

  beforeEach(() => {
    rang = []
    fake()
  })
  afterEach(() => {
    vi.runAllTimers()
    vi.useRealTimers()
  })

  it("ring at their time, those of one duration in order of setting", () => {
    const start = performance.now()
    set(50, "c")
    set(10, "a")
    set(10, "b")
    vi.advanceTimersByTime(9)
    assert.deepStrictEqual(rang, [])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(rang, [`a@${start + 10}`, `b@${start + 10}`])
    vi.advanceTimersByTime(40)
    assert.deepStrictEqual(rang.length, 3)
  })

  it("do not ring once cleared, first, middle and last", () => {
    const timers = ["a", "b", "c", "d", "e"].map((name) => set(10, name))
    for (const i of [0, 2, 4]) clearTimer(timers[i]!)
    clearTimer(timers[0]!)
    vi.advanceTimersByTime(10)
    assert.deepStrictEqual(
      rang.map((text) => text[0]),
      ["b", "d"]
    )
  })

  it("share one setTimeout, which stays for the next one", () => {
    const spy = vi.spyOn(globalThis, "setTimeout")
    // A line knows the function it was made with.
    for (let i = 0; i < 1000; i++) clearTimer(set(20, "x"))
    assert.strictEqual(spy.mock.calls.length, 1)
    spy.mockRestore()
  })

  it("set on a line that stayed ring at their own time", () => {
    const start = performance.now()
    clearTimer(set(100, "a"))
    vi.advanceTimersByTime(60)
    set(100, "b")
    vi.advanceTimersByTime(99)
    assert.deepStrictEqual(rang, [])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(rang, [`b@${start + 160}`])
  })

  it("whose time has passed while others were ringing ring next, with no delay below what setTimeout takes", () => {
    const spy = vi.spyOn(globalThis, "setTimeout")
    const start = performance.now()
    const clock = vi.spyOn(performance, "now")
    set(10, "a", () => clock.mockReturnValue(start + 500))
    vi.advanceTimersByTime(5)
    set(10, "b")
    vi.advanceTimersByTime(6)
    assert.deepStrictEqual(rang, [`a@${start + 10}`, `b@${start + 500}`])
    for (const [, delay] of spy.mock.calls) assert.isAtLeast(delay!, 1)
    clock.mockRestore()
    spy.mockRestore()
  })

  it("set out of order ring in order of being due", () => {
    const now = performance.now()
    for (const [at, name] of [
      [3, "inner"],
      [2, "middle"],
      [1, "outer"]
    ] as const) {
      setTimer(now + at - 1, 30, sleeper(name))
    }
    vi.advanceTimersByTime(40)
    assert.deepStrictEqual(
      rang.map((text) => text.split("@")[0]),
      ["outer", "middle", "inner"]
    )
  })

  it("may be set while others ring", () => {
    set(10, "a", () => set(10, "b"))
    set(10, "c")
    vi.advanceTimersByTime(10)
    vi.advanceTimersByTime(10)
    assert.deepStrictEqual(
      rang.map((text) => text.split("@")[0]),
      ["a", "c", "b"]
    )
  })

  it("beyond 24.8 days do not ring at once", () => {
    const month = 30 * 24 * 3_600_000
    set(month, "a")
    vi.advanceTimersByTime(month - 1)
    assert.deepStrictEqual(rang, [])
    vi.advanceTimersByTime(1)
    assert.strictEqual(rang.length, 1)
  })

  it("work on when setTimeout was replaced meanwhile", () => {
    clearTimer(set(40, "a"))
    vi.useRealTimers()
    fake()
    set(40, "b")
    vi.advanceTimersByTime(40)
    assert.strictEqual(rang.length, 1)
  })

  it("keep no more than a few idle lines", () => {
    const spy = vi.spyOn(globalThis, "clearTimeout")
    for (let i = 0; i < 100; i++) clearTimer(set(1000 + i, "x"))
    assert.isAtLeast(spy.mock.calls.length, 84)
    spy.mockRestore()
  })
})
