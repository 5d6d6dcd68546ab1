/** What a scope holds until it closes. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import { InvalidArgument } from "../validate.ts"

/** Hands it to the scope; a scope that is closed already cannot hold it: it is given back, and the caller dies. */
export const heldBy = (
  where: string,
  name: string,
  scope: Scope.Scope,
  giveBack: () => void
): Effect.Effect<void> => {
  if (scope.state._tag !== "Closed") return Scope.addFinalizer(scope, Effect.sync(giveBack))
  giveBack()
  return Exit.die(new InvalidArgument(`${where}: the scope that was to hold ${name} is closed already`))
}
