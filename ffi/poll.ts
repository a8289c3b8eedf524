/**
 * Waiting for descriptors (poll(2)).
 *
 * A cable watches half a dozen descriptors and changes what it waits for with
 * nearly every burst. With poll(2) such a change is one store into a table;
 * epoll(7) would need a system call for it, and refuses regular files.
 *
 * @module
 */

import { EAGAIN, EINTR } from "./errno.ts";
import { errno, libc, SystemError } from "./libc.ts";
import { WaitSet } from "./waiter.ts";

/** Something to read, or a peer that hung up. */
export const POLLIN = 1;
/** Room to write. */
export const POLLOUT = 4;
/** An error waits at the descriptor. */
export const POLLERR = 8;
/** The other side hung up. */
export const POLLHUP = 0x10;
/** The descriptor is not open. */
export const POLLNVAL = 0x20;

/** `struct pollfd`: i32 fd, i16 events, i16 revents. */
const POLLFD_BYTES = 8;
const EVENTS = 2;
const REVENTS = 3;

const bound = libc({
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" }, // struct pollfd *, nfds_t, int timeout
});

/** A table of descriptors and of what is awaited at each. */
export class PollSet {
  readonly #fds: Int32Array<ArrayBuffer>;
  readonly #events: Int16Array<ArrayBuffer>;
  readonly #count: bigint;

  /** @param size Number of entries; all begin unused. */
  constructor(readonly size: number) {
    const buffer = new ArrayBuffer(size * POLLFD_BYTES);
    this.#fds = new Int32Array(buffer);
    this.#events = new Int16Array(buffer);
    this.#count = BigInt(size);
    for (let index = 0; index < size; index++) this.#fds[index * 2] = -1;
  }

  /**
   * Says what to wait for at an entry.
   *
   * @param index Below `size`.
   * @param fd Descriptor; a negative one is never waited for.
   * @param events A sum of POLLIN and POLLOUT; 0 waits only for an error or
   * for the end of the other side.
   */
  set(index: number, fd: number, events: number): void {
    this.#fds[index * 2] = fd;
    this.#events[index * 4 + EVENTS] = events;
  }

  /** What happened at an entry in the last `wait`: a sum of the POLL… bits. */
  happened(index: number): number {
    return this.#events[index * 4 + REVENTS];
  }

  /**
   * Blocks this thread until something happens. A signal ends the wait early,
   * and so does a kernel that is short of memory for a moment.
   *
   * @param timeoutMs -1: without end.
   * @returns Number of entries at which something happened. Allocates nothing.
   * @throws {SystemError} If the table is wrong or memory is short.
   */
  wait(timeoutMs: number): number {
    const n = bound().poll(this.#fds, this.#count, timeoutMs);
    if (n >= 0) return n;
    const error = errno();
    // A handler of signals may leave an errno of its own: EAGAIN, when they flood.
    if (error === EINTR || error === EAGAIN) {
      this.#forget();
      return 0;
    }
    throw new SystemError("wait for descriptors", error);
  }

  /**
   * The same as `wait`, without blocking: for a loop of promises. All who wait
   * so share one thread, see waiter.ts.
   *
   * @param timeoutMs -1: without end.
   * @returns Number of entries at which something happened.
   * @throws {SystemError} If there are no descriptors or no memory left.
   */
  async waitAsync(timeoutMs: number): Promise<number> {
    using waits = new WaitSet(this.size);
    for (let index = 0; index < this.size; index++) {
      waits.set(index, this.#fds[index * 2], this.#events[index * 4 + EVENTS]);
    }
    await waits.wait(timeoutMs);
    return this.wait(0);
  }

  #forget(): void {
    for (let index = 0; index < this.size; index++) {
      this.#events[index * 4 + REVENTS] = 0;
    }
  }
}

/**
 * Waits until one of some descriptors is readable or hung up.
 *
 * @param fds Descriptors; negative ones are never readable.
 * @param timeoutMs -1: without end.
 * @returns Whether one is.
 * @throws {SystemError} If there are no descriptors or no memory left.
 */
export async function waitReadable(
  fds: readonly number[],
  timeoutMs: number,
): Promise<boolean> {
  using waits = new WaitSet(fds.length);
  fds.forEach((fd, index) => waits.set(index, fd, POLLIN));
  return await waits.wait(timeoutMs) > 0;
}
