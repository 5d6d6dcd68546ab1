/** Where forks are written: known only while their call is on the stack, and looked up only while somebody captures them. */

let find: (() => string | undefined) | undefined
let captures = 0

/** "file:line:column" of the caller of the public function that calls this. */
export const forkSite = (): string | undefined => (find === undefined ? undefined : find())

/** Captures until {@link release}. What finds a site is handed in: a program that captures none does not load it. */
export const capture = (by: () => string | undefined): void => {
  find = by
  captures++
}

export const release = (): void => {
  if (--captures === 0) find = undefined
}
