/**
 * A thread that notices when the event loop stops beating and then asks it, through an inspector session, what it runs.
 * The question interrupts running JavaScript; while native code blocks it is answered as soon as that returns.
 */
import { Session } from "node:inspector/promises"
import { parentPort, workerData } from "node:worker_threads"

import { BEAT, STOP } from "./protocol.ts"
import type { WatcherData } from "./protocol.ts"

const { period, sampler, words } = workerData as WatcherData

// An answer that is awaited keeps no thread alive.
const keepAlive = setInterval(() => {}, 2 ** 31 - 1)
const session = new Session()
session.connectToMainThread()
parentPort!.postMessage("watching")

let seen = Atomics.load(words, BEAT)
let missed = 0
while (Atomics.load(words, STOP) === 0) {
  Atomics.wait(words, STOP, 0, period)
  const beat = Atomics.load(words, BEAT)
  if (beat !== seen) {
    seen = beat
    missed = 0
  } else if (++missed >= 2) {
    const now = performance.timeOrigin + performance.now()
    // One question at a time: those asked during native code would all be answered after it.
    await session.post("Runtime.evaluate", {
      expression: `globalThis[${JSON.stringify(sampler)}]?.(${now})`,
      silent: true
    })
  }
}
session.disconnect()
clearInterval(keepAlive)
