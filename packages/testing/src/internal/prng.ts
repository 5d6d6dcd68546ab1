/**
 * A small fast generator of 32 random bits (xoroshiro64**): the same seed gives the same numbers everywhere.
 *
 * @internal
 */
export class Prng {
  private a = 1
  private b = 2

  constructor(seed: number) {
    this.reset(seed)
  }

  reset(seed: number): void {
    // Small integers to the engine, which numbers beyond 2 ** 31 are not.
    this.a = scramble(seed) | 0
    this.b = scramble(this.a ^ 0x9e3779b9) | 1
  }

  /** An unsigned 32-bit integer. */
  bits(): number {
    const a = this.a
    const b = this.b ^ a
    this.a = ((a << 26) | (a >>> 6)) ^ b ^ (b << 9)
    this.b = (b << 13) | (b >>> 19)
    const product = Math.imul(a, 0x9e3779bb)
    return Math.imul((product << 5) | (product >>> 27), 5) >>> 0
  }

  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor((this.bits() / 4294967296) * n)
  }

  /** A number in [0, 1). */
  fraction(): number {
    return this.bits() / 4294967296
  }
}

/** Spreads neighbouring integers over all 32 bits. */
export const scramble = (n: number): number => {
  let x = (n + 0x6d2b79f5) | 0
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return (x ^ (x >>> 15)) >>> 0
}
