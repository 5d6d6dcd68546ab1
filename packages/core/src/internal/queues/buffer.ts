/** What a queue holds, in the order in which it is handed out. */
import type * as Order from "effect/Order"

export interface Buffer<A> {
  readonly length: number
  push(item: A): void
  /** The next item. Only when there is one. */
  shift(): A
  /**
   * Gives back an item that was handed out, to where it was: it arrived before all that never were handed out, in the order of
   * `turn` among its like.
   */
  giveBack(item: A, turn: number): void
  clear(): Array<A>
}

interface Entry<A> {
  readonly item: A
  readonly turn: number
}

/** First in, first out: a ring that doubles. */
export class Fifo<A> implements Buffer<A> {
  length = 0
  private returned: Heap<A> | undefined = undefined
  private ring: Array<A | undefined> = Array.from({ length: 16 })
  private mask = 15
  private head = 0

  push(item: A): void {
    const queued = this.returned === undefined ? this.length : this.length - this.returned.length
    if (queued > this.mask) this.grow()
    this.ring[(this.head + queued) & this.mask] = item
    this.length++
  }

  shift(): A {
    if (this.returned !== undefined && this.returned.length > 0) {
      this.length--
      return this.returned.shift()
    }
    const item = this.ring[this.head]!
    this.ring[this.head] = undefined
    this.head = (this.head + 1) & this.mask
    this.length--
    return item
  }

  giveBack(item: A, turn: number): void {
    this.returned ??= new Heap(equal)
    this.returned.put(item, turn)
    this.length++
  }

  clear(): Array<A> {
    const items: Array<A> = []
    while (this.length > 0) items.push(this.shift())
    return items
  }

  private grow(): void {
    const items = this.ring.slice(this.head).concat(this.ring.slice(0, this.head))
    for (let i = items.length; i > 0; i--) items.push(undefined)
    this.ring = items
    this.mask = items.length - 1
    this.head = 0
  }
}

/** Last in, first out. */
export class Lifo<A> implements Buffer<A> {
  private items: Array<A> = []
  private returned: Heap<A> | undefined = undefined

  get length(): number {
    return this.returned === undefined ? this.items.length : this.items.length + this.returned.length
  }
  push(item: A): void {
    this.items.push(item)
  }
  shift(): A {
    return this.items.length > 0 ? this.items.pop()! : this.returned!.shift()
  }
  // Last handed out, first out.
  giveBack(item: A, turn: number): void {
    this.returned ??= new Heap(equal)
    this.returned.put(item, -turn)
  }
  clear(): Array<A> {
    const items: Array<A> = []
    while (this.length > 0) items.push(this.shift())
    return items
  }
}

const equal = (): 0 => 0

/** Smallest first, equals in order of arrival: a binary heap. */
export class Heap<A> implements Buffer<A> {
  private entries: Array<Entry<A>> = []
  private readonly order: Order.Order<A>
  private last = 0

  constructor(order: Order.Order<A>) {
    this.order = order
  }

  get length(): number {
    return this.entries.length
  }

  push(item: A): void {
    this.put(item, ++this.last)
  }

  giveBack(item: A, turn: number): void {
    this.put(item, turn - Number.MAX_SAFE_INTEGER)
  }

  /** Equals come out in the order of `turn`. */
  put(item: A, turn: number): void {
    this.insert({ item, turn })
  }

  shift(): A {
    const { entries } = this
    const top = entries[0]!
    const moved = entries.pop()!
    if (entries.length > 0) this.sink(moved)
    return top.item
  }

  clear(): Array<A> {
    const items: Array<A> = []
    while (this.entries.length > 0) items.push(this.shift())
    return items
  }

  private before(a: Entry<A>, b: Entry<A>): boolean {
    const order = this.order(a.item, b.item)
    return order === 0 ? a.turn < b.turn : order < 0
  }

  private insert(entry: Entry<A>): void {
    const { entries } = this
    let place = entries.length
    // Before anything is moved: an order that throws, at what it was not made for, leaves all as it was.
    for (let up = (place - 1) >> 1; place > 0 && this.before(entry, entries[up]!); up = (place - 1) >> 1)
      place = up
    let at = entries.push(entry) - 1
    while (at > place) {
      const up = (at - 1) >> 1
      entries[at] = entries[up]!
      at = up
    }
    entries[place] = entry
  }

  private sink(entry: Entry<A>): void {
    const { entries } = this
    let at = 0
    for (let down = 1; down < entries.length; down = 2 * at + 1) {
      if (down + 1 < entries.length && this.before(entries[down + 1]!, entries[down]!)) down++
      if (!this.before(entries[down]!, entry)) break
      entries[at] = entries[down]!
      at = down
    }
    entries[at] = entry
  }
}

export const makeBuffer = <A>(order: "fifo" | "lifo" | Order.Order<A> | undefined): Buffer<A> => {
  if (order === undefined || order === "fifo") return new Fifo()
  return order === "lifo" ? new Lifo() : new Heap(order)
}
