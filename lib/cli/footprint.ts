/**
 * The memory that the program holds on to.
 *
 * @module
 */

import { EventFd } from "../../ffi/eventfd.ts";
import { waitReadable } from "../../ffi/poll.ts";
import { residentFileBytes, returnMemory } from "../../ffi/resident_memory.ts";

/**
 * How long to wait before looking again: V8 compiles the frame path with the
 * first traffic, in the first seconds as a rule, and needs its compiler no
 * more afterwards.
 */
const SETTLING_MS: readonly number[] = [
  ...Array(25).fill(200),
  ...[5_000, 10_000, 20_000, 40_000],
];

/**
 * Resident pages of files that are worth keeping: the frame path and what
 * stands around it take 13 to 20 MB of them.
 */
const ENOUGH_BYTES = 25_000_000;

/** Gives back what a phase of the program took once it is over. Disposing ends that. */
export class Footprint implements AsyncDisposable {
  readonly #stop = new EventFd();
  #settled = Promise.resolve();

  /** @throws {SystemError} If there are no descriptors left. */
  constructor() {
    // Or what comes next would come on top of what it took to get here.
    returnMemory();
  }

  /** Begins, now that everything is open: at once, and again whenever there is much, for as long as the program settles. */
  settle(): void {
    this.#settled = this.#settle();
  }

  /** Waits in poll(2): the first timer of a Deno program takes 8 MB. */
  async #settle(): Promise<void> {
    returnMemory();
    for (const waitMs of SETTLING_MS) {
      if (await waitReadable([this.#stop.fd], waitMs)) return;
      if (residentFileBytes() > ENOUGH_BYTES) returnMemory();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.signal();
    await this.#settled;
    this.#stop[Symbol.dispose]();
  }
}
