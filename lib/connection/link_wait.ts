/**
 * Waiting for one direction of a link, on the user's own thread: poll(2) runs
 * on another, and the wait ends early when it is woken.
 *
 * @module
 */

import { EventFd } from "../../ffi/eventfd.ts";
import { POLLIN, PollSet } from "../../ffi/poll.ts";

/** Entries of the poll set. */
const WAKE = 0;
const LINK = 1;
const CONTROL = 2;
const ENTRIES = 3;

/** So long may frames move without the event loop having had a turn: promises alone give it none. */
const TURN_MS = 10;

/** What a wait is for. */
export interface Awaited {
  /** Descriptor of the link; -1 for none. */
  readonly fd: number;
  /** POLLIN or POLLOUT of ffi/poll.ts. */
  readonly events: number;
  /** Longest wait; absent: without end. */
  readonly timeoutMs?: number;
}

/** Waits for one direction of a link. One wait at a time. */
export class LinkWait {
  readonly #controlFd: number;
  readonly #set = new PollSet(ENTRIES);
  /** Made at the first wait: a link that never makes anybody wait needs none. */
  #wake: EventFd | undefined;
  #current: Promise<void> | undefined;
  #open = true;
  #turnMs = performance.now();

  /** @param controlFd Hung up once the other side is gone; -1 for none. The caller's. */
  constructor(controlFd: number) {
    this.#controlFd = controlFd;
  }

  /**
   * Waits until the link is ready or hung up, the time is over, or the wait is
   * woken. At once when it was closed before.
   *
   * @returns Whether the other side hung up.
   * @throws {SystemError} If there are no descriptors left.
   */
  async until({ fd, events, timeoutMs = -1 }: Awaited): Promise<boolean> {
    if (!this.#open) return false;
    const wake = this.#wake ??= new EventFd();
    this.#set.set(WAKE, wake.fd, POLLIN);
    this.#set.set(LINK, fd, events);
    this.#set.set(CONTROL, this.#controlFd, 0);
    const ended = Promise.withResolvers<void>();
    this.#current = ended.promise;
    await this.#set.waitAsync(timeoutMs);
    this.#turnMs = performance.now();
    this.#current = undefined;
    ended.resolve();
    // The poll is over only now: the descriptor stood in its table.
    if (!this.#open) wake[Symbol.dispose]();
    else if (this.#set.happened(WAKE) !== 0) wake.drain();
    return this.#set.happened(CONTROL) !== 0;
  }

  /** Whether other work of the event loop has been kept waiting. */
  get isTurnDue(): boolean {
    return performance.now() - this.#turnMs > TURN_MS;
  }

  /** Lets the event loop have a turn. */
  async yield(): Promise<void> {
    await this.until({ fd: -1, events: 0, timeoutMs: 0 });
  }

  /** Ends the wait that is under way, if there is one. */
  wake(): void {
    if (this.#current !== undefined) this.#wake?.signal();
  }

  /** Ends the wait and all to come. Twice is harmless. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#current === undefined) this.#wake?.[Symbol.dispose]();
    else this.#wake?.signal();
  }

  /** Settled once no wait is under way. */
  async ended(): Promise<void> {
    await this.#current;
  }
}
