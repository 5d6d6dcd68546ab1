/** The state of a MemoryChannel: a hand-off whose two sides count their ends. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"

import { Fifo } from "./buffer.ts"
import type { AnyFiber } from "../effect.ts"
import { Handoff, Offerer, Taker } from "./handoff.ts"
import { wrongType } from "../sync/misuse.ts"
import { InvalidArgument } from "../validate.ts"

/** One end: what a sender or receiver is. */
export class End {
  readonly channel: ChannelState
  readonly side: "sender" | "receiver"
  closed = false
  /** Operations that wait through this end. */
  pending = 0

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

  misuse(operation: string): InvalidArgument {
    return new InvalidArgument(
      `MemoryChannel.${operation}: this ${this.side} of ${this.channel.name} is closed`
    )
  }
}

export const wrongEnd = (operation: string, side: "sender" | "receiver", got: unknown): InvalidArgument =>
  got instanceof End
    ? new InvalidArgument(
        `MemoryChannel.${operation}: this is a ${got.side} of ${got.channel.name}, not a ${side}`
      )
    : wrongType(`MemoryChannel.${operation}`, "self", `a ${side}`, got)

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
      if (end.pending > 0) this.refuseThrough(end)
      if (--this.senders === 0) this.end(Exit.fail(Cause.Done()))
      return []
    }
    if (end.pending > 0) this.endThrough(end)
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
    for (const list of [this.offerers, this.transit]) {
      for (let sending = list.head as Sending | undefined; sending !== undefined;) {
        const next: Sending | undefined = sending.next
        if (sending.end === end) {
          if (list === this.offerers) {
            this.offerers.reject(sending, exit)
          } else {
            // On its way already: it finds that it was refused.
            list.remove(sending)
            this.unreserve(sending)
            sending.rejection = exit
          }
        }
        sending = next
      }
    }
    this.serve()
  }

  private endThrough(end: End): void {
    const exit = Exit.die(end.misuse("receive"))
    for (let receiving = this.takers.head as Receiving | undefined; receiving !== undefined;) {
      const next: Receiving | undefined = receiving.next
      if (receiving.from === end) this.takers.reject(receiving, exit)
      receiving = next
    }
  }
}

export class Sending extends Offerer<any> {
  readonly end: End
  constructor(fiber: AnyFiber, end: End, item: any) {
    super(fiber, end.channel, item)
    this.end = end
    end.pending++
  }
  override get operation(): string {
    return "MemoryChannel.send"
  }
  protected override onLeave(fiber: AnyFiber): void {
    this.end.pending--
    super.onLeave(fiber)
  }
}

export class Receiving extends Taker<any> {
  declare readonly queue: ChannelState
  readonly from: End
  constructor(fiber: AnyFiber, end: End) {
    super(fiber, end.channel)
    this.from = end
    end.pending++
  }
  override get operation(): string {
    return "MemoryChannel.receive"
  }
  protected override onLeave(fiber: AnyFiber): void {
    this.from.pending--
    super.onLeave(fiber)
  }
  protected override giveBack(): void {
    this.queue.giveBackFrom(this)
  }
}
