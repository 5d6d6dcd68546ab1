/** How a run shows in the exit code of the process. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { constants } from "node:os"

/** Main was stuck past its time to clean up: what `timeout` of the coreutils exits with. */
export const abandoned = 124
/** Nothing can ever go on: an internal error, EX_SOFTWARE of sysexits. */
export const deadlocked = 70
/** Whoever read standard output has gone: 128 + SIGPIPE. */
export const closedPipe = 141

/** 128 + its number, as shells report it; 1 for what is no signal. */
export const ofSignal = (name: string): number => {
  const number = (constants.signals as Record<string, number | undefined>)[name]
  return number === undefined ? 1 : 128 + number
}

/** 0 for success, 1 for failure or an error's own code. */
export const ofExit = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 0
  return Cause.hasInterruptsOnly(exit.cause) ? 1 : Runtime.getErrorExitCode(Cause.squash(exit.cause))
}
