/** Callbacks in order of registration, each removable in constant time; most owners have none. */
export interface Listener<A> {
  prev: Listener<A> | undefined
  next: Listener<A> | undefined
  list: Listeners<A> | undefined
  run(value: A): void
}

export const listener = <A>(run: (value: A) => void): Listener<A> => ({
  prev: undefined,
  next: undefined,
  list: undefined,
  run
})

export class Listeners<A> {
  private head: Listener<A> | undefined = undefined
  private tail: Listener<A> | undefined = undefined

  add(listener: Listener<A>): void {
    listener.list = this
    listener.prev = this.tail
    if (this.tail === undefined) this.head = listener
    else this.tail.next = listener
    this.tail = listener
  }

  remove(listener: Listener<A>): void {
    if (listener.list !== this) return
    listener.list = undefined
    if (listener.prev === undefined) this.head = listener.next
    else listener.prev.next = listener.next
    if (listener.next === undefined) this.tail = listener.prev
    else listener.next.prev = listener.prev
    listener.prev = listener.next = undefined
  }

  /** Calls and forgets all; those that remove others on the way are heeded. */
  drain(value: A): void {
    for (let listener = this.head; listener !== undefined; listener = this.head) {
      this.remove(listener)
      listener.run(value)
    }
  }
}
