/**
 * Slots in the order of their age, in any number of rings.
 *
 * A node is a slot, or stands for a ring itself, between its newest and its
 * oldest slot; so linking needs no special case for the ends. A slot is in one
 * ring at most: whoever wants it in two orders at once has two of these.
 *
 * @module
 */

/** Rings of slots. Whoever uses them gives each slot and each ring a number of its own. */
export class AgeRings {
  /** Of node n, at 2n: the older neighbour, and at 2n + 1: the newer one. */
  readonly #links: Int32Array;

  /**
   * Makes every node a ring of its own, which is empty.
   *
   * @param nodes Number of slots and rings.
   */
  constructor(nodes: number) {
    this.#links = Int32Array.from({ length: 2 * nodes }, (_, at) => at >> 1);
  }

  /** The oldest slot of a ring; the ring's own node when it is empty. */
  oldest(ring: number): number {
    return this.#links[2 * ring + 1];
  }

  /** The newest slot of a ring; the ring's own node when it is empty. */
  newest(ring: number): number {
    return this.#links[2 * ring];
  }

  /** The next older slot; the ring's own node after the oldest. */
  older(slot: number): number {
    return this.#links[2 * slot];
  }

  /** Puts a slot that is in no ring into one, as its newest. */
  addNewest(ring: number, slot: number): void {
    const links = this.#links;
    const second = links[2 * ring];
    links[2 * slot] = second;
    links[2 * slot + 1] = ring;
    links[2 * second + 1] = slot;
    links[2 * ring] = slot;
  }

  /** Takes a slot out of its ring. */
  unlink(slot: number): void {
    const links = this.#links;
    const older = links[2 * slot];
    const newer = links[2 * slot + 1];
    links[2 * older + 1] = newer;
    links[2 * newer] = older;
  }

  /** Makes a slot of a ring its newest. */
  moveToNewest(ring: number, slot: number): void {
    if (this.#links[2 * ring] === slot) return;
    this.unlink(slot);
    this.addNewest(ring, slot);
  }
}
