/**
 * Lint rules for programs written with Effect, for oxlint's `jsPlugins` (and ESLint, whose rule interface it keeps).
 * They know modules by their imports, so a local name does not matter; they see syntax, no types.
 */
import type { Rule } from "./internal/ast.ts"
import { noBlockingCall } from "./rules/noBlockingCall.ts"
import { noFibersetJoinAll } from "./rules/noFibersetJoinAll.ts"
import { noForgottenEffect } from "./rules/noForgottenEffect.ts"
import { noForkInScope } from "./rules/noForkInScope.ts"
import { noPromiseAllInEffect } from "./rules/noPromiseAllInEffect.ts"
import { noSwallowedInterrupt } from "./rules/noSwallowedInterrupt.ts"
import { noUnownedFork } from "./rules/noUnownedFork.ts"

export type { Rule, RuleContext } from "./internal/ast.ts"

/** The rules by their names. */
export const rules: { readonly [name: string]: Rule } = {
  "no-unowned-fork": noUnownedFork,
  "no-fiberset-join-all": noFibersetJoinAll,
  "no-promise-all-in-effect": noPromiseAllInEffect,
  "no-blocking-call": noBlockingCall,
  "no-swallowed-interrupt": noSwallowedInterrupt,
  "no-forgotten-effect": noForgottenEffect,
  "no-fork-in-scope": noForkInScope
}

/** The plugin; its rules are `skein/no-unowned-fork` and so on. */
const plugin: { readonly meta: { readonly name: string }; readonly rules: typeof rules } = {
  meta: { name: "skein" },
  rules
}

export default plugin
