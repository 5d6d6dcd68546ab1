/** The state of a MemoryChannel: a hand-off whose two sides count their ends. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"

import { Fifo } from "./buffer.ts"
import type { AnyFiber } from "../effect.ts"
import { Handoff, Offerer, Taker } from "./handoff.ts"
import { wrongSelf } from "../misuse.ts"
import { InvalidArgument } from "../validate.ts"

/** An operation that waits through an end. */
interface Pending {
  before: Pending | undefined
  after: Pending | undefined
}

/** One end: what a sender or receiver is. */
export class End {
  readonly channel: ChannelState
  readonly side: "sender" | "receiver"
  closed = false
  /** Operations that wait through this end, in the order of asking. */
  first: Pending | undefined = undefined
  private last: Pending | undefined = undefined

  constructor(channel: ChannelState, side: "sender" | "receiver") {
    this.channel = channel
    this.side = side
    if (side === "sender") channel.senders++
    else channel.receivers++
  }

  /** Throws when it was closed, or is the other one. */
  use(operation: string, side: "sender" | "receiver" = this.side): ChannelState {
    if (this.side !== side) throw wrongEnd(operation, side, this)
    if (this.closed) throw this.misuse(operation)
    return this.channel
  }

  begin(pending: Pending): void {
    pending.before = this.last
    if (this.last === undefined) this.first = pending
    else this.last.after = pending
    this.last = pending
  }

  leave({ after, before }: Pending): void {
    if (before === undefined) this.first = after
    else before.after = after
    if (after === undefined) this.last = before
    else after.before = before
  }

  misuse(operation: string): InvalidArgument {
    return new InvalidArgument(
      `MemoryChannel.${operation}: this ${this.side} of ${this.channel.name} is closed`
    )
  }
}

export const wrongEnd = (operation: string, side: string, got: unknown): InvalidArgument =>
  got instanceof End
    ? new InvalidArgument(
        `MemoryChannel.${operation}: this is a ${got.side} of ${got.channel.name}, not a ${side}`
      )
    : wrongSelf(`MemoryChannel.${operation}`, `a ${side}`, got)

export class ChannelState extends Handoff<any> {
  readonly kind: string = "MemoryChannel"
  senders = 0
  receivers = 0
  private readonly broken: () => Exit.Exit<never, any>
  /** Told of an item that nobody can receive any more, outside of `close`. */
  private readonly lost: (item: any, fiber: AnyFiber) => void

  constructor(
    name: string,
    capacity: number,
    broken: () => Exit.Exit<never, any>,
    lost: (item: any, fiber: AnyFiber) => void
  ) {
    super(name, capacity, new Fifo())
    this.broken = broken
    this.lost = lost
  }

  /** Gives back what nobody can receive any more. */
  close(end: End): Array<any> {
    if (end.closed) return []
    end.closed = true
    if (end.side === "sender") {
      if (end.first !== undefined) this.refuseThrough(end)
      if (--this.senders === 0) this.end(Exit.fail(Cause.Done()))
      return []
    }
    this.endThrough(end)
    if (--this.receivers > 0) return []
    this.refuse(this.broken())
    return this.items.clear()
  }

  giveBackFrom(receiving: Receiving): void {
    if (this.receivers === 0) this.lost(receiving.item, receiving.fiber)
    else this.giveBack(receiving.item, receiving.handed)
  }

  private refuseThrough(end: End): void {
    const exit = Exit.die(end.misuse("send"))
    for (let pending = end.first; pending !== undefined; pending = pending.after) {
      const sending = pending as Sending
      if (sending.list === (this.offerers as unknown)) {
        this.offerers.reject(sending, exit)
      } else if (sending.list === (this.transit as unknown)) {
        // On its way already: it finds that it was refused.
        this.transit.remove(sending)
        this.unreserve(sending)
        sending.rejection = exit
      }
    }
    this.serve()
  }

  private endThrough(end: End): void {
    const exit = Exit.die(end.misuse("receive"))
    for (let pending = end.first; pending !== undefined; pending = pending.after) {
      const receiving = pending as Receiving
      if (receiving.list === (this.takers as unknown)) this.takers.reject(receiving, exit)
    }
  }
}

export class Sending extends Offerer<any> implements Pending {
  readonly end: End
  before: Pending | undefined = undefined
  after: Pending | undefined = undefined
  constructor(fiber: AnyFiber, end: End, item: any) {
    super(fiber, end.channel, item)
    this.end = end
    end.begin(this)
  }
  override get operation(): string {
    return "MemoryChannel.send"
  }
  protected override onLeave(fiber: AnyFiber): void {
    this.end.leave(this)
    super.onLeave(fiber)
  }
}

export class Receiving extends Taker<any> implements Pending {
  declare readonly queue: ChannelState
  readonly from: End
  before: Pending | undefined = undefined
  after: Pending | undefined = undefined
  constructor(fiber: AnyFiber, end: End) {
    super(fiber, end.channel)
    this.from = end
    end.begin(this)
  }
  override get operation(): string {
    return "MemoryChannel.receive"
  }
  protected override onLeave(fiber: AnyFiber): void {
    this.from.leave(this)
    super.onLeave(fiber)
  }
  protected override giveBack(): void {
    this.queue.giveBackFrom(this)
  }
}
