export const sha = (s: string, rounds: number): string => s + rounds
export async function bytes(b: Uint8Array): Promise<number> {
  return b.length
}
export const version = "1"
export class Hasher {
  readonly rounds = 1
}
