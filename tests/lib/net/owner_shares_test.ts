import { assertEquals } from "@std/assert";
import { OwnerShares } from "../../../lib/net/owner_shares.ts";
import { seededRandom } from "../../random.ts";

Deno.test("OwnerShares counts what each owner holds, and who holds anything", () => {
  const shares = new OwnerShares(3, 8);
  assertEquals([[...shares.sizes], shares.holders], [[0, 0, 0], 0]);
  shares.add(1, 4);
  shares.add(1, 5);
  shares.add(2, 0);
  assertEquals([[...shares.sizes], shares.holders], [[0, 2, 1], 2]);
  shares.remove(1, 4);
  shares.remove(2, 0);
  assertEquals([[...shares.sizes], shares.holders], [[0, 1, 0], 1]);
});

Deno.test("OwnerShares.oldest() is the slot that was not touched for longest", () => {
  const shares = new OwnerShares(2, 8);
  for (const slot of [6, 1, 3]) shares.add(1, slot);
  assertEquals(shares.oldest(1), 6);
  shares.touch(1, 6);
  assertEquals(shares.oldest(1), 1);
  shares.remove(1, 1);
  assertEquals(shares.oldest(1), 3);
});

Deno.test("OwnerShares.largest() is, of equals, the one with the oldest slot", () => {
  const shares = new OwnerShares(3, 8);
  shares.add(2, 0);
  shares.add(1, 1);
  assertEquals(shares.largest(), 2);
  shares.touch(2, 0);
  assertEquals(shares.largest(), 1);
  shares.add(0, 2);
  shares.add(0, 3);
  assertEquals(shares.largest(), 0);
  shares.remove(0, 2);
  assertEquals(shares.largest(), 1);
});

/** What is promised, counted anew each time. */
class Model {
  /** Owners by slot, the slot first that was not touched for longest. */
  readonly held = new Map<number, number>();

  touch(owner: number, slot: number): void {
    this.held.delete(slot);
    this.held.set(slot, owner);
  }

  size(owner: number): number {
    return [...this.held.values()].filter((one) => one === owner).length;
  }

  oldest(owner: number): number | undefined {
    return [...this.held].find(([, one]) => one === owner)?.[0];
  }

  /** Those that hold the most, in the order of their oldest slots. */
  largest(): number {
    const owners = [...new Set(this.held.values())];
    const most = Math.max(...owners.map((owner) => this.size(owner)));
    return owners.filter((owner) => this.size(owner) === most)[0];
  }
}

const MIXES = [
  { owners: 1, capacity: 4 },
  { owners: 3, capacity: 12 },
  { owners: 20, capacity: 12 },
];
const SEED = 22;

for (const { owners, capacity } of MIXES) {
  Deno.test(`OwnerShares does as the model in 10,000 random steps: ${owners} owners of ${capacity} slots (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const shares = new OwnerShares(owners, capacity);
    const model = new Model();
    for (let step = 0; step < 10_000; step++) {
      const slot = random.below(capacity);
      const owner = model.held.get(slot);
      if (owner === undefined) {
        const newOwner = Math.min(random.below(owners), random.below(owners));
        shares.add(newOwner, slot);
        model.touch(newOwner, slot);
      } else if (random.below(3) === 0) {
        shares.remove(owner, slot);
        model.held.delete(slot);
      } else {
        shares.touch(owner, slot);
        model.touch(owner, slot);
      }
      const holders = new Set(model.held.values());
      assertEquals(shares.holders, holders.size, `step ${step}`);
      for (const holder of holders) {
        assertEquals(shares.sizes[holder], model.size(holder), `step ${step}`);
        assertEquals(shares.oldest(holder), model.oldest(holder));
      }
      if (holders.size > 0 && random.below(2) === 0) {
        assertEquals(shares.largest(), model.largest(), `step ${step}`);
      }
    }
  });
}
