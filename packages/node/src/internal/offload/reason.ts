/** The caller's cancel reason, as far as it can go to another thread. */
import { CancelReason } from "@skein/core"
import * as DateTime from "effect/DateTime"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"

import type { AbortReason } from "./protocol.ts"

/** Undefined when the caller was interrupted without a reason of Skein's. */
export const abortReasonOf = (exit: Exit.Exit<unknown, unknown>): AbortReason | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const reason = Option.getOrUndefined(CancelReason.fromCause(exit.cause))
  if (reason === undefined) return undefined
  return { _tag: reason._tag, label: reason.label, by: reason.by, at: DateTime.toDateUtc(reason.at) }
}
