import { assertEquals } from "@std/assert";
import { AgeRings } from "../../../lib/net/age_rings.ts";
import { seededRandom } from "../../random.ts";

/** Slots 0 to 7; the nodes 8 to 10 are rings. */
const SLOTS = 8;
const RINGS = [8, 9, 10];
const NODES = SLOTS + RINGS.length;

/** The slots of a ring, the newest first. */
function slotsOf(rings: AgeRings, ring: number): number[] {
  const slots: number[] = [];
  for (
    let slot = rings.newest(ring);
    slot !== ring && slots.length <= SLOTS;
    slot = rings.older(slot)
  ) slots.push(slot);
  return slots;
}

Deno.test("AgeRings are empty at first: each ring's ends are the ring", () => {
  const rings = new AgeRings(NODES);
  for (const ring of RINGS) {
    assertEquals([rings.newest(ring), rings.oldest(ring)], [ring, ring]);
  }
});

Deno.test("AgeRings.addNewest() puts each slot before those that are there", () => {
  const rings = new AgeRings(NODES);
  for (const slot of [3, 0, 7]) rings.addNewest(9, slot);
  assertEquals(slotsOf(rings, 9), [7, 0, 3]);
  assertEquals(rings.oldest(9), 3);
  assertEquals(slotsOf(rings, 8), []);
});

const UNLINKED = [
  { name: "the newest", slot: 7, want: [0, 3], oldest: 3 },
  { name: "one in the middle", slot: 0, want: [7, 3], oldest: 3 },
  { name: "the oldest", slot: 3, want: [7, 0], oldest: 0 },
];

for (const { name, slot, want, oldest } of UNLINKED) {
  Deno.test(`AgeRings.unlink() takes out ${name}`, () => {
    const rings = new AgeRings(NODES);
    for (const slot of [3, 0, 7]) rings.addNewest(9, slot);
    rings.unlink(slot);
    assertEquals([slotsOf(rings, 9), rings.oldest(9)], [want, oldest]);
    rings.addNewest(8, slot);
    assertEquals([slotsOf(rings, 8), slotsOf(rings, 9)], [[slot], want]);
  });
}

const MOVED = [
  { name: "the newest, which stays", slot: 7, want: [7, 0, 3] },
  { name: "one in the middle", slot: 0, want: [0, 7, 3] },
  { name: "the oldest", slot: 3, want: [3, 7, 0] },
];

for (const { name, slot, want } of MOVED) {
  Deno.test(`AgeRings.moveToNewest() moves ${name}`, () => {
    const rings = new AgeRings(NODES);
    for (const slot of [3, 0, 7]) rings.addNewest(9, slot);
    rings.moveToNewest(9, slot);
    assertEquals([slotsOf(rings, 9), rings.oldest(9)], [want, want[2]]);
  });
}

const SEED = 21;

Deno.test(`AgeRings do as lists in 20,000 random steps (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const rings = new AgeRings(NODES);
  const lists = new Map<number, number[]>(RINGS.map((ring) => [ring, []]));
  for (let step = 0; step < 20_000; step++) {
    const slot = random.below(SLOTS);
    const [held] = [...lists].filter(([, list]) => list.includes(slot));
    if (held === undefined) {
      const ring = RINGS[random.below(RINGS.length)];
      rings.addNewest(ring, slot);
      lists.get(ring)?.unshift(slot);
    } else {
      const [ring, list] = held;
      list.splice(list.indexOf(slot), 1);
      if (random.below(2) === 0) rings.unlink(slot);
      else {
        rings.moveToNewest(ring, slot);
        list.unshift(slot);
      }
    }
    for (const [ring, list] of lists) {
      assertEquals(slotsOf(rings, ring), list, `ring ${ring}, step ${step}`);
      assertEquals(rings.oldest(ring), list.at(-1) ?? ring, `step ${step}`);
    }
  }
});
