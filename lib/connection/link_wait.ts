/**
 * Waiting for one direction of a link, on the user's own thread. All links
 * share one wait of the kernel, see ffi/waiter.ts.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { POLLIN, POLLNVAL, PollSet } from "../../ffi/poll.ts";
import { WaitSet, waitsOver } from "../../ffi/waiter.ts";
import { notOpen } from "../plug/plug_calls.ts";
import type { Plug } from "../plug/plugin.ts";

/** Entries of the set. */
const LINK = 0;
const CONTROL = 1;
const ENTRIES = 2;

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
  readonly #plug: Plug;
  readonly #controlFd: number;
  readonly #set = new WaitSet(ENTRIES);
  readonly #control = new PollSet(1);
  #open = true;
  #turnMs = performance.now();

  /**
   * Prepares waits; holds nothing before the first.
   *
   * @param plug The caller's.
   * @param controlFd Whether the other side hangs up there ends a wait; -1: it
   * is not looked at.
   */
  constructor(plug: Plug, controlFd: number = plug.controlFd ?? -1) {
    this.#plug = plug;
    this.#controlFd = controlFd;
  }

  /**
   * Waits until the link is ready or hung up, the time is over, or the wait is
   * woken. At once when it was closed before.
   *
   * @returns Whether the other side hung up.
   * @throws {PlugError} If a descriptor of the link is not open.
   * @throws {SystemError} If there are no descriptors left.
   */
  async until({ fd, events, timeoutMs = -1 }: Awaited): Promise<boolean> {
    if (!this.#open) return false;
    this.#set.set(LINK, fd, events);
    this.#set.set(CONTROL, this.#controlFd, 0);
    await this.#set.wait(timeoutMs);
    this.#turnMs = performance.now();
    this.#check(this.#set.happened(LINK), fd);
    return this.#isEnd(this.#set.happened(CONTROL));
  }

  /**
   * Looks whether the other side has hung up; never waits.
   *
   * @throws {PlugError} If the descriptor that tells is not open.
   */
  findsHangUp(): boolean {
    if (this.#controlFd < 0) return false;
    this.#control.set(0, this.#controlFd, 0);
    this.#control.wait(0);
    return this.#isEnd(this.#control.happened(0));
  }

  /** Whether a descriptor is readable; never waits. */
  isReadable(fd: number): boolean {
    this.#control.set(0, fd, POLLIN);
    this.#control.wait(0);
    return (this.#control.happened(0) & POLLIN) !== 0;
  }

  #isEnd(happened: number): boolean {
    this.#check(happened, this.#controlFd);
    return happened !== 0;
  }

  /** A descriptor that is not open is told of again and again: no wait would ever be one. */
  #check(happened: number, fd: number): void {
    if ((happened & POLLNVAL) !== 0) throw notOpen(this.#plug, fd);
  }

  /** Whether other work of the event loop has been kept waiting. */
  get isTurnDue(): boolean {
    return performance.now() - this.#turnMs > TURN_MS;
  }

  /** Lets the event loop have a turn, which takes no thread. No timer: the shortest one takes milliseconds. */
  async yield(): Promise<void> {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    this.#turnMs = performance.now();
  }

  /** Ends the wait that is under way, if there is one. */
  wake(): void {
    this.#set.end();
  }

  /** Ends the wait and all to come, and lets the descriptors go: they may be closed now. Twice is harmless. */
  close(): void {
    this.#open = false;
    this.#set[Symbol.dispose]();
  }

  /** Settled once the wait that was ended holds no thread any more. */
  async ended(): Promise<void> {
    await waitsOver();
  }
}
