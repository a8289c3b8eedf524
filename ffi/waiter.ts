/**
 * Waiting for descriptors without blocking, for all of a thread's JavaScript
 * in one place.
 *
 * Whatever waits elsewhere holds one of the threads that Deno has for such
 * work: 32, which reading files and looking up names need as well. So all
 * waits share one call of epoll_wait(2), and there is none while nobody waits.
 *
 * epoll(7) rather than poll(2): a descriptor is added while the call is under
 * way, without a detour to end it and begin another, and the price of an event
 * does not grow with the number of those that wait.
 *
 * @module
 */

import { type Member, type Spot, WatchList } from "./watch_list.ts";

/** Those who wait in this thread. */
class Waiter {
  /** Sets that have waited and may do so again. */
  users = 0;
  readonly #watched = new WatchList<WaitSet>();
  readonly #waits = new Set<WaitSet>();
  /** When the time of those is over that have an end. */
  readonly #deadlines = new Map<WaitSet, number>();
  /** Whether the call is under way. */
  #isRunning = false;
  #over: PromiseWithResolvers<void> | undefined;
  /** When the call that is under way ends at the latest. */
  #endMs = Infinity;

  /** Whether a thread is held though nobody waits: it is about to be let go. */
  get isLeaving(): boolean {
    return this.#isRunning && this.#waits.size === 0;
  }

  /** Settled once no thread is held; to be asked for while one is. */
  get over(): Promise<void> {
    return (this.#over ??= Promise.withResolvers<void>()).promise;
  }

  /** To be called before the descriptor is closed: it may be another's afterwards. */
  release(spot: Spot<WaitSet>): void {
    this.#watched.release(spot);
  }

  /**
   * Begins a wait.
   *
   * @throws {SystemError} If the kernel has no room for a descriptor.
   */
  begin(set: WaitSet, timeoutMs: number): void {
    this.#waits.add(set);
    let isReady = false;
    for (const spot of set.spots) {
      if (spot.fd >= 0 && spot.member === undefined) this.#watched.hold(spot);
      this.#watched.watch(spot);
      isReady ||= spot.happened !== 0;
    }
    // Not at once: the event loop has its turn in any case.
    const isEndless = timeoutMs < 0 && !isReady;
    const leftMs = isReady ? 0 : timeoutMs;
    const endMs = isEndless ? Infinity : performance.now() + leftMs;
    if (!isEndless) this.#deadlines.set(set, endMs);
    this.#call(endMs);
  }

  /** Ends a wait, if there is one. */
  end(set: WaitSet): void {
    if (!this.#waits.has(set)) return;
    this.#settle(set);
    if (this.#waits.size === 0 && this.#isRunning) this.#watched.wake();
  }

  /** Gives the descriptors back unless they are needed. */
  leave(): void {
    if (this.users > 0 || this.#isRunning) return;
    this.#watched[Symbol.dispose]();
    if (waiter === this) waiter = undefined;
  }

  /** Sees to it that a call is under way that ends in time. */
  #call(endMs: number): void {
    if (!this.#isRunning) this.#begin();
    else if (endMs < this.#endMs) this.#watched.wake();
  }

  #begin(): void {
    this.#watched.wait(this.#timeoutMs()).then(this.#onEvents, this.#onFailure);
    this.#isRunning = true;
  }

  /** Once the call is over. Another one is under way before those who waited go on. */
  readonly #onEvents = (count: number) => {
    this.#isRunning = false;
    try {
      this.#dispatch(this.#watched.note(count));
    } catch (error) {
      this.#fail(error);
    }
    if (this.#waits.size > 0) return this.#begin();
    this.#over?.resolve();
    this.#over = undefined;
    this.leave();
  };

  /** The call could not even be made. */
  readonly #onFailure = (error: unknown) => {
    this.#fail(error);
    this.#onEvents(0);
  };

  /** Until the first deadline. */
  #timeoutMs(): number {
    this.#endMs = Infinity;
    for (const endMs of this.#deadlines.values()) {
      if (endMs < this.#endMs) this.#endMs = endMs;
    }
    if (this.#endMs === Infinity) return -1;
    const leftMs = Math.ceil(this.#endMs - performance.now());
    return Math.min(Math.max(leftMs, 0), 0x7fffffff);
  }

  #dispatch(told: readonly Member<WaitSet>[]): void {
    for (const member of told) this.#settleReady(member);
    if (this.#deadlines.size > 0) this.#settleLate();
    if (this.#waits.size === 0) return;
    for (const member of told) {
      if (this.#watched.watchAgain(member)) this.#settleReady(member);
    }
  }

  #settleReady(member: Member<WaitSet>): void {
    for (const { owner, happened } of member.spots) {
      if (happened !== 0 && this.#waits.has(owner)) this.#settle(owner);
    }
  }

  #settleLate(): void {
    const nowMs = performance.now();
    for (const [set, endMs] of this.#deadlines) {
      if (endMs <= nowMs) this.#settle(set);
    }
  }

  #settle(set: WaitSet, error?: unknown): void {
    this.#waits.delete(set);
    this.#deadlines.delete(set);
    set.settle(error);
  }

  #fail(error: unknown): void {
    for (const set of this.#waits) this.#settle(set, error);
  }
}

/** Of this thread; there while somebody may wait. */
let waiter: Waiter | undefined;

/**
 * Descriptors and what is awaited at each, for one wait at a time. They are
 * watched from the first wait on: it is to be disposed of before they are
 * closed, so that their numbers may become others'.
 */
export class WaitSet implements Disposable {
  /** The waiter's. */
  readonly spots: readonly Spot<WaitSet>[];
  #answer: PromiseWithResolvers<number> | undefined;
  #isUser = false;
  #open = true;

  /** @param size Number of entries; all begin unused. */
  constructor(readonly size: number) {
    this.spots = Array.from({ length: size }, () => ({
      owner: this,
      fd: -1,
      events: 0,
      happened: 0,
      member: undefined,
    }));
  }

  /** Whether a wait is under way. */
  get isWaiting(): boolean {
    return this.#answer !== undefined;
  }

  /**
   * Says what to wait for at an entry from the next wait on.
   *
   * @param index Below `size`.
   * @param fd Descriptor; a negative one is never waited for.
   * @param events A sum of POLLIN and POLLOUT of poll.ts; 0 waits only for an
   * error or for the end of the other side.
   */
  set(index: number, fd: number, events: number): void {
    const spot = this.spots[index];
    spot.events = events;
    if (fd === spot.fd) return;
    waiter?.release(spot);
    spot.fd = fd;
  }

  /** What happened at an entry in the last wait: a sum of the POLL… bits of poll.ts. */
  happened(index: number): number {
    return this.spots[index].happened;
  }

  /**
   * Waits until something happens, on the thread that all waits share. The
   * event loop has a turn in any case.
   *
   * @param timeoutMs -1: without end.
   * @returns Number of entries at which something happened; 0 when the time is
   * over, or the wait was ended.
   * @throws {SystemError} If there are no descriptors or no memory left.
   */
  wait(timeoutMs: number): Promise<number> {
    const answer = Promise.withResolvers<number>();
    try {
      if (this.#open) this.#begin(answer, timeoutMs);
      else answer.resolve(0);
    } catch (error) {
      answer.reject(error);
      this.end();
    }
    return answer.promise;
  }

  #begin(answer: PromiseWithResolvers<number>, timeoutMs: number): void {
    const shared = waiter ??= new Waiter();
    if (!this.#isUser) shared.users++;
    this.#isUser = true;
    this.#answer = answer;
    shared.begin(this, timeoutMs);
  }

  /** Ends the wait that is under way, if there is one. */
  end(): void {
    if (this.#answer !== undefined) waiter?.end(this);
  }

  /** The waiter's: tells the end of a wait. */
  settle(error?: unknown): void {
    const answer = this.#answer;
    this.#answer = undefined;
    if (error !== undefined) return answer?.reject(error);
    let count = 0;
    for (const { happened } of this.spots) if (happened !== 0) count++;
    answer?.resolve(count);
  }

  /** Ends the wait that is under way, and lets the descriptors go. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.end();
    const shared = waiter;
    if (!this.#isUser || shared === undefined) return;
    for (const spot of this.spots) shared.release(spot);
    shared.users--;
    shared.leave();
  }
}

/** Settled once no thread is held for nobody: that takes a moment after the last wait was ended. */
export async function waitsOver(): Promise<void> {
  while (waiter?.isLeaving) await waiter.over;
}
