/**
 * Hashing of what strangers choose, such as addresses: with secret random
 * keys, lest they choose what collides.
 *
 * @module
 */

/**
 * Random keys for hashing vectors of 16-bit words: `keys[0]`, plus the sum of
 * `keys[i + 1]` times word i, modulo 2^32. For any two vectors, however they
 * were chosen, the chance that the n highest bits of their hashes agree is
 * 2^-n for n up to 17 (multiply-shift, see M. Thorup, High Speed Hashing for
 * Integers and Strings, arXiv 1504.06804): whoever does not know the keys
 * cannot choose addresses that collide.
 *
 * @param count Number of keys: that of the words, plus 1.
 * @param seed Makes the keys repeatable, for tests; random unless given.
 */
export function hashKeys(
  count: number,
  seed?: number,
): Int32Array<ArrayBuffer> {
  const keys = new Int32Array(count);
  if (seed === undefined) return crypto.getRandomValues(keys);
  let state = seed | 0;
  for (let index = 0; index < count; index++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39 | 0;
    keys[index] = state ^ (state >>> 12);
  }
  return keys;
}
