/**
 * Timers for deadlines that are nearly never reached: one `setTimeout` for all that run equally long, and it stays
 * when the last of them was cleared, for the next one. Setting and clearing a `setTimeout` each would cost five times that.
 */

export interface Sleeper {
  onAlarm(): void
}

/** Wakes the sleeper at `due`, a time of `performance.now()`. */
export class Timer {
  readonly due: number
  readonly sleeper: Sleeper
  line: Line | undefined = undefined
  prev: Timer | undefined = undefined
  next: Timer | undefined = undefined

  constructor(due: number, sleeper: Sleeper) {
    this.due = due
    this.sleeper = sleeper
  }
}

/** Timers set for the same number of milliseconds, by time due. */
class Line {
  readonly millis: number
  // Somebody may replace it (fake timers): then this line is of no use any more.
  readonly setTimeout: typeof globalThis.setTimeout = globalThis.setTimeout
  head: Timer | undefined = undefined
  tail: Timer | undefined = undefined
  /** Without a timer, waiting for the next one. */
  idle = false
  ringing = false
  handle: ReturnType<typeof setTimeout>

  constructor(millis: number) {
    this.millis = millis
    this.handle = this.wake(millis)
  }

  wake(millis: number): ReturnType<typeof setTimeout> {
    return (this.handle = globalThis.setTimeout(
      rung,
      Math.max(1, Math.min(Math.ceil(millis), longest)),
      this
    ))
  }

  insert(timer: Timer): void {
    timer.line = this
    // Of nested scopes the outer one sets its timer last: some steps back, seldom.
    let before = this.tail
    while (before !== undefined && before.due > timer.due) before = before.prev
    timer.prev = before
    timer.next = before === undefined ? this.head : before.next
    if (timer.next === undefined) this.tail = timer
    else timer.next.prev = timer
    if (before === undefined) this.head = timer
    else before.next = timer
  }

  remove(timer: Timer): void {
    timer.line = undefined
    if (timer.prev === undefined) this.head = timer.next
    else timer.prev.next = timer.next
    if (timer.next === undefined) this.tail = timer.prev
    else timer.next.prev = timer.prev
    timer.prev = timer.next = undefined
  }
}

/** A longer `setTimeout` would fire at once. */
const longest = 2 ** 31 - 1
/** How many lines without a timer may stay. */
const maxIdle = 16
/** `setTimeout` counts from the beginning of the turn, in whole milliseconds. */
const early = 1

const lines = new Map<number, Line>()
let idle = 0

const setIdle = (line: Line, value: boolean): void => {
  if (line.idle === value) return
  line.idle = value
  idle += value ? 1 : -1
  // A number in browsers, where it keeps nothing alive.
  const handle = line.handle as { ref?(): void; unref?(): void }
  if (value) handle.unref?.()
  else handle.ref?.()
}

/**
 * Wakes the sleeper once, `millis` (> 0) from `now`, in a turn of its own. Until then it keeps the process alive: a program
 * that waits for nothing else is to see its deadline, not to end in silence.
 */
export const setTimer = (now: number, millis: number, sleeper: Sleeper): Timer => {
  const timer = new Timer(now + millis, sleeper)
  const key = Math.ceil(millis)
  let line = lines.get(key)
  if (line !== undefined && line.setTimeout !== globalThis.setTimeout) {
    if (line.idle) {
      line.idle = false
      idle--
    }
    line = undefined
  }
  if (line === undefined) {
    line = new Line(key)
    lines.set(key, line)
  } else {
    setIdle(line, false)
  }
  line.insert(timer)
  return timer
}

export const clearTimer = (timer: Timer): void => {
  const line = timer.line
  if (line === undefined) return
  line.remove(timer)
  if (line.head !== undefined || line.ringing) return
  const known = lines.get(line.millis) === line
  if (known && idle < maxIdle) return setIdle(line, true)
  clearTimeout(line.handle)
  if (known) lines.delete(line.millis)
}

const rung = (line: Line): void => {
  // Timers set meanwhile get a line of their own: this one's handle is used up.
  if (lines.get(line.millis) === line) lines.delete(line.millis)
  if (line.idle) {
    line.idle = false
    idle--
    return
  }
  line.ringing = true
  const now = performance.now()
  for (let timer = line.head; timer !== undefined && timer.due - now < early; timer = line.head) {
    line.remove(timer)
    try {
      timer.sleeper.onAlarm()
    } catch (error) {
      // The others must not miss their time for it.
      queueMicrotask(() => {
        throw error
      })
    }
  }
  line.ringing = false
  if (line.head === undefined) return
  line.wake(line.head.due - performance.now())
  if (!lines.has(line.millis)) lines.set(line.millis, line)
}
