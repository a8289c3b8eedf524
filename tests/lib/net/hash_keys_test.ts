import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { hashKeys } from "../../../lib/net/hash_keys.ts";

for (const count of [0, 1, 5, 20]) {
  Deno.test(`hashKeys() gives as many keys as are wanted: ${count}`, () => {
    assertEquals(hashKeys(count).length, count);
    assertEquals(hashKeys(count, 1).length, count);
  });
}

Deno.test("hashKeys() repeats itself for a seed alone", () => {
  assertEquals(hashKeys(8, 7), hashKeys(8, 7));
  assertNotEquals(hashKeys(8, 7), hashKeys(8, 8));
  // Two of 256 random bits each are the same but once in 2^256 times.
  assertNotEquals(hashKeys(8), hashKeys(8));
});

for (const seed of [0, 1, -1, 0xffff_ffff, 2 ** 40]) {
  Deno.test(`hashKeys() gives keys that differ, under seed ${seed}`, () => {
    assertEquals(new Set(hashKeys(32, seed)).size, 32);
  });
}

Deno.test("hashKeys() makes two given words collide as seldom as it promises", () => {
  // 2^-8 of 40,000 is 156, with a standard deviation of 12.
  const SEEDS = 40_000;
  const [one, other] = [[0x1234, 0xffff], [0x1235, 0xfffe]];
  let collisions = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const keys = hashKeys(3, seed);
    const [a, b] = [one, other].map(([first, second]) =>
      (keys[0] + Math.imul(keys[1], first) + Math.imul(keys[2], second)) >>> 24
    );
    if (a === b) collisions++;
  }
  assert(collisions < 2 * SEEDS / 256, `${collisions} of ${SEEDS}`);
});
