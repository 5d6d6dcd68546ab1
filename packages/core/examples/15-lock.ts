// `async with lock`: one at a time. Whoever asks first is served first; what runs inside is protected on whichever fiber it
// runs; a second lock inside the first dies instead of hanging; and one sees who holds it and who waits.
import { Cause, Console, Effect } from "effect"

import { CancelScope, Lock, Task, TaskGroup } from "@skein/core"

/** Reads, is interrupted by others, writes: without a lock, updates are lost. */
const account = { balance: 0 }
const deposit = (amount: number) =>
  Effect.gen(function* () {
    const before = account.balance
    yield* Effect.yieldNow
    account.balance = before + amount
  })

const tenDeposits = (one: Effect.Effect<void>) =>
  Effect.gen(function* () {
    account.balance = 0
    yield* Effect.forEach(Array.from({ length: 10 }), () => one, { concurrency: "unbounded" })
    return account.balance
  })

const main = Effect.gen(function* () {
  const lock = yield* Lock.make({ name: "account" })

  yield* Console.log(`without a lock: ${yield* tenDeposits(deposit(10))}`)
  yield* Console.log(`with the lock: ${yield* tenDeposits(deposit(10).pipe(Lock.withLock(lock)))}`)

  // A timeout inside is still the same work: it has the lock.
  yield* Lock.withLock(lock, CancelScope.failAfter(deposit(1), "1 second"))
  yield* Console.log(`under a timeout: ${account.balance}`)

  // Taking it again inside would wait for itself.
  const again = yield* Effect.exit(Lock.withLock(lock, Lock.withLock(lock, Effect.void)))
  if (again._tag === "Failure") {
    const defect = Cause.squash(again.cause)
    if (defect instanceof Lock.LockReentered) yield* Console.log(`taken twice: ${defect._tag}`)
  }

  // Whoever is cancelled while waiting leaves the queue, and nobody is the worse for it.
  yield* TaskGroup.run(
    Effect.gen(function* () {
      const audit = Lock.withLock(lock, Effect.sleep("300 millis"))
      const impatient = yield* TaskGroup.fork(audit, { name: "audit" }).pipe(
        Effect.andThen(TaskGroup.fork(audit, { name: "impatient" }))
      )
      yield* TaskGroup.fork(audit, { name: "patient" })
      yield* Effect.yieldNow
      const { owner, waiting } = yield* Lock.statistics(lock)
      yield* Console.log(`owner: ${owner._tag === "Some" ? owner.value : "nobody"}`)
      yield* Console.log(`waiting: ${waiting.join(", ")}`)
      yield* Task.cancel(impatient)
      yield* Console.log(`waiting: ${(yield* Lock.statistics(lock)).waiting.join(", ")}`)
    }),
    { name: "bank" }
  )
  yield* Console.log(`locked at the end: ${yield* Lock.isLocked(lock)}`)
})

Effect.runPromise(main)
