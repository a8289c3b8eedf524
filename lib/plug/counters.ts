/**
 * Counters of one direction of a cable. They live in shared memory, so that
 * the main thread reads what the cable's thread writes; each cell is one
 * aligned 64-bit float, which is written whole, and exact up to 2^53.
 *
 * @module
 */

/** Index of each counter in {@linkcode Counters.cells}. */
export const Counter = {
  /** Frames that came in from the source plug. */
  frames: 0,
  /** Their bytes, Ethernet header included. */
  bytes: 1,
  /** Calls that moved at least one frame. */
  bursts: 2,
  /** Dropped: shorter than an Ethernet header. */
  runt: 3,
  /** Dropped: longer than the link allows. */
  oversize: 4,
  /** Dropped: an encapsulation that is not this protocol's. */
  malformed: 5,
  /** Dropped: of another network, or from somebody who is not the peer. */
  foreign: 6,
  /** Dropped: one's own multicast, heard again. */
  echo: 7,
  /** Dropped: the sink's queue was full. */
  full: 8,
  /** Dropped: the sink's network refused it (no route, filtered, too long). */
  unreachable: 9,
  /** Dropped: the sink's interface is down, or no peer is there. */
  down: 10,
  /** Not a drop: sent to everybody, since nobody is known to be its destination. */
  flooded: 11,
  /** Not a drop: longer than the path takes, and left to IP to fragment. */
  fragmented: 12,
} as const;

/** Name of a counter. */
export type CounterName = keyof typeof Counter;

/** The reasons for which a frame is dropped, in the order of their cells. */
export const DROP_REASONS: readonly CounterName[] = [
  "runt",
  "oversize",
  "malformed",
  "foreign",
  "echo",
  "full",
  "unreachable",
  "down",
];

const CELLS = 16;

/** Size of one {@linkcode Counters} in bytes. */
export const COUNTERS_BYTES: number = CELLS * Float64Array.BYTES_PER_ELEMENT;

/**
 * The counters of one direction.
 *
 * @example See what became of the frames
 * ```ts
 * import { open } from "@vdeplug/vdeplug";
 * import { assertEquals } from "@std/assert";
 *
 * await using network = await open("null://");
 * await network.send(new Uint8Array(60));
 * const { frames, bytes } = network.counters.sent.snapshot();
 * assertEquals([frames, bytes, network.counters.sent.dropped()], [1, 60, 0]);
 * ```
 */
export class Counters {
  /** One cell a counter: see {@linkcode Counter} for the indexes. */
  readonly cells: Float64Array<ArrayBufferLike>;

  /**
   * Maps counters, which begin at what `buffer` holds.
   *
   * @param buffer Where the cells live; shared with whoever maps it.
   * @param offset Where they begin in it, in bytes: a multiple of 8.
   */
  constructor(
    buffer: ArrayBufferLike = new SharedArrayBuffer(COUNTERS_BYTES),
    offset: number = 0,
  ) {
    this.cells = new Float64Array(buffer, offset, CELLS);
  }

  /** Adds `amount` to the counter at `index`. Allocates nothing. */
  add(index: number, amount: number): void {
    this.cells[index] += amount;
  }

  /** Sum of all drops. */
  dropped(): number {
    let sum = 0;
    for (const reason of DROP_REASONS) sum += this.cells[Counter[reason]];
    return sum;
  }

  /** All counters as a plain object, for people and for JSON. */
  snapshot(): Record<CounterName, number> {
    const entries = Object.entries(Counter)
      .map(([name, index]) => [name, this.cells[index]]);
    return Object.fromEntries(entries);
  }
}
