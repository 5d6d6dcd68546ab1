/** What the event loop's thread and the watcher share. */

/** Index in the shared words: counts the beats of the event loop. */
export const BEAT = 0
/** Index in the shared words: 1 once the watcher is to end. */
export const STOP = 1
export const WORDS = 2

export interface WatcherData {
  readonly words: Int32Array
  /** Milliseconds between beats. */
  readonly period: number
  /** Name of the global function to call while the loop is blocked, with the time of asking. */
  readonly sampler: string
}
