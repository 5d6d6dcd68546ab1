import { watch } from "@skein/core/unstable/holdings"
import type { AnyFiber } from "@skein/core/unstable/effect"
import { Ledger } from "./ledger.ts"
import type { Note } from "./ledger.ts"
import { OpenScopes } from "./openScopes.ts"

/** Which kinds of leaks are looked for. @internal */
export interface Kinds {
  readonly fibers: boolean
  readonly held: boolean
  readonly scopes: boolean
}

/** What an explored program may leave behind beside fibers. @internal */
export class LeftBehind {
  readonly scopes: OpenScopes
  private readonly ledger: Ledger
  private readonly kinds: Kinds

  constructor(kinds: Kinds, isMine: (fiber: AnyFiber) => boolean, note: Note | undefined) {
    this.kinds = kinds
    this.ledger = new Ledger(isMine, note ?? unknown)
    this.scopes = new OpenScopes(note ?? unknown)
  }

  /** Watches until the returned function is called. */
  watch(): () => void {
    this.ledger.reset()
    this.scopes.reset()
    return watch(this.ledger)
  }

  get isEmpty(): boolean {
    return (!this.kinds.held || this.ledger.isBalanced) && (!this.kinds.scopes || this.scopes.isBalanced)
  }

  lines(): ReadonlyArray<string> {
    return [
      ...(this.kinds.held ? this.ledger.lines() : []),
      ...(this.kinds.scopes ? this.scopes.lines() : [])
    ]
  }
}

const nobody = (): string => "a fiber"
const unknown: Note = () => nobody
