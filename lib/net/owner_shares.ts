/**
 * Which owner holds how many slots of a table, and which of them are oldest.
 *
 * The owners form a binary heap: the one with the most slots on top, and among
 * equals the one whose oldest slot has waited longest. Slots are stamped with
 * a running number whenever they are seen. A heap that followed every stamp
 * would cost every refresh its logarithm, so it keeps the stamp that an owner's
 * oldest slot had when the owner was last placed. Since that stamp only ever
 * grows, the top is right as soon as its kept stamp is; if not, it is placed
 * anew. Each placement is paid for by a refresh before it.
 *
 * @module
 */

import { AgeRings } from "./age_rings.ts";

/** Who holds how much. No number is checked. */
export class OwnerShares {
  /** Slots that each owner holds. */
  readonly sizes: Int32Array;
  /** Owners that hold any. */
  holders = 0;

  readonly #capacity: number;
  /** The slots of each owner. Owner n's ring is node `capacity + n`. */
  readonly #rings: AgeRings;
  /** Of each slot. */
  readonly #stamps: Float64Array;
  /** The last stamp, in an array lest a new number is allocated for each. */
  readonly #clock = new Float64Array(1);
  /** Of each owner: the stamp of its oldest slot, as the heap knows it. */
  readonly #keptStamp: Float64Array;
  readonly #heap: Int32Array;
  /** Of each owner: its place in the heap. */
  readonly #place: Int32Array;

  /**
   * Nobody holds anything.
   *
   * @param owners They are numbered from 0.
   * @param capacity Number of slots; they are numbered from 0.
   */
  constructor(owners: number, capacity: number) {
    this.sizes = new Int32Array(owners);
    this.#capacity = capacity;
    this.#rings = new AgeRings(capacity + owners);
    this.#stamps = new Float64Array(capacity);
    this.#keptStamp = new Float64Array(owners);
    this.#heap = Int32Array.from({ length: owners }, (_, owner) => owner);
    this.#place = this.#heap.slice();
  }

  /** Gives a slot that nobody holds to an owner, as its newest. */
  add(owner: number, slot: number): void {
    this.#stamps[slot] = ++this.#clock[0];
    this.#rings.addNewest(this.#capacity + owner, slot);
    if (this.sizes[owner]++ === 0) this.holders++;
    this.#rise(owner);
  }

  /** Makes a slot its owner's newest. */
  touch(owner: number, slot: number): void {
    this.#stamps[slot] = ++this.#clock[0];
    this.#rings.moveToNewest(this.#capacity + owner, slot);
  }

  /** Takes a slot from its owner. */
  remove(owner: number, slot: number): void {
    this.#rings.unlink(slot);
    if (--this.sizes[owner] === 0) this.holders--;
    this.#sink(owner);
  }

  /** The oldest slot of an owner that holds any. */
  oldest(owner: number): number {
    return this.#rings.oldest(this.#capacity + owner);
  }

  /** The owner with the most slots; of several, the one with the oldest slot. Somebody must hold one. */
  largest(): number {
    for (;;) {
      const owner = this.#heap[0];
      if (this.#keptStamp[owner] === this.#oldestStamp(owner)) return owner;
      this.#sink(owner);
    }
  }

  #oldestStamp(owner: number): number {
    if (this.sizes[owner] === 0) return 0;
    return this.#stamps[this.oldest(owner)];
  }

  #isAbove(owner: number, other: number): boolean {
    const more = this.sizes[owner] - this.sizes[other];
    if (more !== 0) return more > 0;
    return this.#keptStamp[owner] < this.#keptStamp[other];
  }

  /**
   * Places an owner that holds one slot more than before: whatever its stamp,
   * it now stands above all that stood below it, and can only rise.
   */
  #rise(owner: number): void {
    const heap = this.#heap;
    let place = this.#place[owner];
    this.#keptStamp[owner] = this.#oldestStamp(owner);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isAbove(owner, heap[parent])) break;
      this.#put(heap[parent], place);
      place = parent;
    }
    this.#put(owner, place);
  }

  /** Places an owner that holds less than before, or whose oldest slot is newer. */
  #sink(owner: number): void {
    const heap = this.#heap;
    let place = this.#place[owner];
    this.#keptStamp[owner] = this.#oldestStamp(owner);
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (
        child + 1 < heap.length && this.#isAbove(heap[child + 1], heap[child])
      ) child++;
      if (!this.#isAbove(heap[child], owner)) break;
      this.#put(heap[child], place);
      place = child;
    }
    this.#put(owner, place);
  }

  #put(owner: number, place: number): void {
    this.#heap[place] = owner;
    this.#place[owner] = place;
  }
}
