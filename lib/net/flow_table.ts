/**
 * Which item of a {@linkcode Merger} is the newest of each flow.
 *
 * Only hashes are compared, and a crowded place displaces whoever is in it: an
 * item that is found may be another flow's, and one that is there may not be
 * found. Neither matters to who treats an item that is found as one to be
 * compared first, and one that is not found as closed.
 *
 * Typed arrays throughout: nothing is allocated after the constructor.
 *
 * @module
 */

const NONE = -1;

/** Places in the table for each item, at least. */
const PLACES_PER_ITEM = 4;
/** Places that are tried for one flow, so that no burst costs more. */
const TRIES = 8;
/** Pairs of addresses are told apart by this many bits of their hash. */
const PAIR_BITS = 8;
const PAIR_SHIFT: number = 32 - PAIR_BITS;

/** Items by their flows, and which of them were closed. Not shared between threads. */
export class FlowTable {
  /** Item at each place; -1 where there is none. */
  readonly #items: Int32Array;
  readonly #shift: number;
  #used = false;
  /** How often the flows of a pair of addresses were closed. */
  readonly #closings: Int32Array = new Int32Array(1 << PAIR_BITS);
  /** Of each item: the flow's hash. */
  readonly #flow: Int32Array;
  /** Of each item: its addresses' place in `#closings`, and what stood there. */
  readonly #pair: Uint8Array;
  readonly #closing: Int32Array;
  /** Of each item: whether it was not closed by itself. */
  readonly #open: Uint8Array;

  /** @param capacity Most items. */
  constructor(capacity: number) {
    this.#shift = Math.min(Math.clz32(capacity * PLACES_PER_ITEM - 1), 31);
    this.#items = new Int32Array(1 << (32 - this.#shift)).fill(NONE);
    this.#flow = new Int32Array(capacity);
    this.#pair = new Uint8Array(capacity);
    this.#closing = new Int32Array(capacity);
    this.#open = new Uint8Array(capacity);
  }

  /** Forgets all items. */
  clear(): void {
    if (this.#used) this.#items.fill(NONE);
    this.#used = false;
  }

  /**
   * Finds the place for a flow.
   *
   * @param flow Its hash.
   * @returns The place of its newest item; if it has none, a free place or one
   * that holds another flow's.
   */
  find(flow: number): number {
    const items = this.#items;
    const home = flow >>> this.#shift;
    for (let tries = 0; tries < TRIES; tries++) {
      const place = (home + tries) & (items.length - 1);
      const item = items[place];
      if (item === NONE || this.#flow[item] === flow) return place;
    }
    return home;
  }

  /** The item at a place that was found; -1 when there is none. */
  itemAt(place: number): number {
    return this.#items[place];
  }

  /**
   * Puts an item at a place that was found, and opens it.
   *
   * @param place Instead of the item that it holds.
   * @param item Number of the item.
   * @param flow Hash of its flow.
   * @param pair Hash of its addresses.
   */
  open(place: number, item: number, flow: number, pair: number): void {
    const slot = pair >>> PAIR_SHIFT;
    this.#items[place] = item;
    this.#used = true;
    this.#flow[item] = flow;
    this.#pair[item] = slot;
    this.#closing[item] = this.#closings[slot];
    this.#open[item] = 1;
  }

  /** Whether an item that was opened is still open. */
  isOpen(item: number): boolean {
    return this.#open[item] !== 0 &&
      this.#closings[this.#pair[item]] === this.#closing[item];
  }

  /** Closes one item. */
  close(item: number): void {
    this.#open[item] = 0;
  }

  /**
   * Closes all items between two addresses, and some others.
   *
   * @param pair Hash of the addresses.
   */
  closePair(pair: number): void {
    this.#closings[pair >>> PAIR_SHIFT]++;
  }
}
