// Runs in worker threads: ordinary functions, no Effect needed.
import { currentSignal } from "@skein/node/worker"
import { createHash } from "node:crypto"

/** CPU-bound on purpose. */
export const stretch = (password: string, rounds: number): string => {
  let digest = password
  for (let i = 0; i < rounds; i++) digest = createHash("sha256").update(digest).digest("hex")
  return digest.slice(0, 8)
}

/** Stops when its caller is cancelled; a loop that never awaits can look too. */
export const guess = (hash: string): string => {
  const signal = currentSignal()
  for (let i = 0; ; i++) {
    signal.throwIfAborted()
    if (stretch(String(i), 1) === hash) return String(i)
  }
}

export const parse = (text: string): unknown => JSON.parse(text)
