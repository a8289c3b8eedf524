/**
 * Random numbers that are the same in every run: a test prints its seed when
 * it fails, and the seed repeats the failure.
 *
 * @module
 */

/** A generator; not for secrets. */
export interface SeededRandom {
  /** The next number: 32 bits, unsigned. */
  next(): number;
  /** The next number from 0 to `limit - 1`; `limit` is at most 2^32. */
  below(limit: number): number;
  /** An array of `length` random bytes, the caller's. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** 2^32 divided by the golden ratio: a step that visits every 32-bit state once. */
const STEP = 0x9e3779b9;

/**
 * Makes a generator: a counter in equal steps, the bits of each of its values
 * mixed by multiplying and shifting.
 *
 * @param seed A whole number; its low 32 bits count.
 */
export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0;

  function next(): number {
    state = (state + STEP) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x7feb352d);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  }

  function below(limit: number): number {
    return Math.floor(next() / 0x1_0000_0000 * limit);
  }

  function bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, next);
  }

  return { next, below, bytes };
}
