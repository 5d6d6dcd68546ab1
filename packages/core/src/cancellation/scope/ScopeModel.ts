/** What a cancel scope is to its user. */
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { Pipeable } from "effect/Pipeable"

import type * as CancelReason from "../CancelReason.ts"

/**
 * A handle on the work given to {@link run}.
 *
 * @category models
 * @since 0.1.0
 */
export interface CancelScope extends Pipeable {
  readonly "~skein/CancelScope": "~skein/CancelScope"
  readonly name: string | undefined
}

/**
 * How the work of a scope ended, where it did not fail.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome<A> = Completed<A> | Cancelled

/**
 * The work was done.
 *
 * @category models
 * @since 0.1.0
 */
export interface Completed<out A> {
  readonly _tag: "Completed"
  readonly value: A
}

/**
 * The scope was cancelled, by hand or by its deadline, and the work with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Cancelled {
  readonly _tag: "Cancelled"
  readonly reason: CancelReason.CancelReason
}

/**
 * Relative to now, or absolute.
 *
 * @category models
 * @since 0.1.0
 */
export type When =
  | { readonly timeout: Duration.Input; readonly deadline?: undefined }
  | { readonly deadline: DateTime.DateTime; readonly timeout?: undefined }

/**
 * Options of {@link run}: a timeout, a deadline, or neither.
 *
 * @category models
 * @since 0.1.0
 */
export type RunOptions = (When | { readonly timeout?: undefined; readonly deadline?: undefined }) & {
  readonly name?: string | undefined
}
