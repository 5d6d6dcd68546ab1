/** Runs in a worker thread. */
export const double = (n: number): number => n * 2
