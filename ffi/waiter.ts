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
 * does not grow with the number of those that wait. What epoll(7) lacks is
 * made up for here:
 *
 * - It takes a descriptor once: the events of all who wait there are merged.
 * - It tells of hang-ups whether asked for or not, so a member is told of once
 *   (EPOLLONESHOT) and armed again by the next wait. Between two waits it may
 *   stay, which saves adding it each time.
 * - A member whose file is open under another number, too, outlives its own
 *   number. It is told of once at most, under a token that nobody knows any more.
 * - Regular files, which it refuses, are always ready, as poll(2) has it.
 *
 * @module
 */

import { EpollEvents, EPOLLONESHOT, EpollSet } from "./epoll.ts";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT } from "./epoll.ts";
import { EBADF, EEXIST, ENOENT, EPERM } from "./errno.ts";
import { EventFd } from "./eventfd.ts";
import { SystemError } from "./libc.ts";

/** Told of descriptors that are not open, as by poll(2), whose bits are those of epoll(7). */
const NOT_OPEN = 0x20;
/** Told whether asked for or not. */
const UNASKED = EPOLLERR | EPOLLHUP | NOT_OPEN;

/** Members told of by one call. */
const EVENTS_A_CALL = 64;
/** Token of what wakes the call. */
const WAKE = 0;
const MAX_TOKEN = 0xffffffff;

/** What is awaited at one descriptor by one wait. */
interface Spot {
  readonly set: WaitSet;
  fd: number;
  events: number;
  happened: number;
  member: Member | undefined;
}

/** A descriptor in the epoll set, and who has to do with it. */
interface Member {
  readonly fd: number;
  token: number;
  isAdded: boolean;
  /** What the kernel will tell of; -1: nothing any more. */
  armed: number;
  readonly spots: Spot[];
}

/** Those who wait in this thread. */
class Waiter {
  /** Sets that have waited and may do so again. */
  users = 0;
  readonly #epoll = new EpollSet();
  readonly #wake: EventFd;
  readonly #events = new EpollEvents(EVENTS_A_CALL);
  readonly #byFd = new Map<number, Member>();
  readonly #byToken = new Map<number, Member>();
  #lastToken = WAKE;
  readonly #waits = new Set<WaitSet>();
  /** When the time of those is over that have an end. */
  readonly #deadlines = new Map<WaitSet, number>();
  /** Whether the call is under way. */
  #isRunning = false;
  #over: PromiseWithResolvers<void> | undefined;
  /** When the call that is under way ends at the latest. */
  #endMs = Infinity;
  #isWoken = false;

  /** @throws {SystemError} If there are no descriptors left. */
  constructor() {
    using making = new DisposableStack();
    making.use(this.#epoll);
    this.#wake = making.use(new EventFd());
    this.#epoll.add(this.#wake.fd, EPOLLIN, WAKE);
    making.move();
  }

  /** Whether a thread is held though nobody waits: it is about to be let go. */
  get isLeaving(): boolean {
    return this.#isRunning && this.#waits.size === 0;
  }

  /** Settled once no thread is held; to be asked for while one is. */
  get over(): Promise<void> {
    return (this.#over ??= Promise.withResolvers<void>()).promise;
  }

  /** Makes a descriptor a member for a spot; it is armed with the wait. */
  hold(spot: Spot): void {
    let member = this.#byFd.get(spot.fd);
    if (member === undefined) {
      const { fd } = spot;
      member = { fd, token: WAKE, isAdded: false, armed: -1, spots: [] };
      this.#byFd.set(spot.fd, member);
    }
    member.spots.push(spot);
    spot.member = member;
  }

  /** To be called before the descriptor is closed: it may be another's afterwards. */
  release(spot: Spot): void {
    const { member } = spot;
    if (member === undefined) return;
    spot.member = undefined;
    member.spots.splice(member.spots.indexOf(spot), 1);
    if (member.spots.length > 0) return;
    this.#byFd.delete(member.fd);
    this.#byToken.delete(member.token);
    if (member.isAdded) this.#epoll.remove(member.fd);
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
      spot.happened = 0;
      const { member } = spot;
      if (member === undefined || isWatched(spot, member)) continue;
      const refusal = this.#arm(member);
      if (refusal !== 0) spot.happened = readyThough(refusal, spot);
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
    if (this.#waits.size === 0) this.#stir();
  }

  /** Gives the descriptors back unless they are needed. */
  leave(): void {
    if (this.users > 0 || this.#isRunning) return;
    this.#epoll[Symbol.dispose]();
    this.#wake[Symbol.dispose]();
    if (waiter === this) waiter = undefined;
  }

  /** Tells the kernel what is awaited at a member; gives 0, or why that is not possible. */
  #arm(member: Member): number {
    let events: number = EPOLLONESHOT;
    for (const spot of member.spots) {
      if (this.#waits.has(spot.set)) events |= spot.events;
    }
    let result = member.isAdded
      ? this.#epoll.modify(member.fd, events, member.token)
      : -ENOENT;
    // Its number has become another file's, or it is new.
    if (result === -ENOENT) {
      this.#name(member);
      result = this.#epoll.tryAdd(member.fd, events, member.token);
      if (result === -EEXIST) {
        result = this.#epoll.modify(member.fd, events, member.token);
      }
    }
    member.isAdded = result === 0;
    member.armed = result === 0 ? events : -1;
    if (result === 0 || result === -EPERM || result === -EBADF) return result;
    throw new SystemError(`watch descriptor ${member.fd}`, -result);
  }

  #name(member: Member): void {
    this.#byToken.delete(member.token);
    do {
      this.#lastToken = this.#lastToken % MAX_TOKEN + 1;
    } while (this.#byToken.has(this.#lastToken));
    member.token = this.#lastToken;
    this.#byToken.set(member.token, member);
  }

  /** Sees to it that a call is under way that ends in time. */
  #call(endMs: number): void {
    if (!this.#isRunning) this.#begin();
    else if (endMs < this.#endMs) this.#stir();
  }

  #stir(): void {
    if (!this.#isRunning || this.#isWoken) return;
    this.#isWoken = true;
    this.#wake.signal();
  }

  #begin(): void {
    this.#epoll.takeLater(this.#events, this.#timeoutMs())
      .then(this.#onEvents, this.#onFailure);
    this.#isRunning = true;
  }

  /** Once the call is over. Another one is under way before those who waited go on. */
  readonly #onEvents = (count: number) => {
    this.#isRunning = false;
    try {
      this.#dispatch(count < 0 ? this.#epoll.takeAgain(this.#events) : count);
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

  #dispatch(count: number): void {
    const told: Member[] = [];
    for (let index = 0; index < count; index++) {
      const token = this.#events.token(index);
      const member = this.#byToken.get(token);
      if (token === WAKE) {
        this.#wake.drain();
        this.#isWoken = false;
      } else if (member !== undefined) {
        member.armed = -1;
        note(member, this.#events.happened(index));
        told.push(member);
      }
    }
    for (const member of told) this.#settleReady(member);
    if (this.#deadlines.size > 0) this.#settleLate();
    // Somebody else may still wait there, for something else.
    if (this.#waits.size === 0) return;
    for (const member of told) this.#armAgain(member);
  }

  #settleReady(member: Member): void {
    for (const { set, happened } of member.spots) {
      if (happened !== 0 && this.#waits.has(set)) this.#settle(set);
    }
  }

  #settleLate(): void {
    const nowMs = performance.now();
    for (const [set, endMs] of this.#deadlines) {
      if (endMs <= nowMs) this.#settle(set);
    }
  }

  #armAgain(member: Member): void {
    const isAwaited = member.spots.some(({ set }) => this.#waits.has(set));
    // What is refused now was there a moment ago: who waits finds out.
    if (!isAwaited || this.#arm(member) === 0) return;
    note(member, NOT_OPEN);
    this.#settleReady(member);
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
 * Whether the kernel tells of a spot as things are. Asked for nothing but its
 * end, a descriptor stays armed from one wait to the next, which saves a call;
 * of others, the number may have become another file's meanwhile.
 */
function isWatched({ events }: Spot, { armed }: Member): boolean {
  return events === 0 && armed >= 0;
}

/** What poll(2) would tell of a descriptor that epoll(7) refuses. */
function readyThough(refusal: number, { events }: Spot): number {
  return refusal === -EPERM ? events & (EPOLLIN | EPOLLOUT) : NOT_OPEN;
}

function note({ spots }: Member, happened: number): void {
  for (const spot of spots) spot.happened |= happened & (spot.events | UNASKED);
}

/**
 * Descriptors and what is awaited at each, for one wait at a time. They are
 * watched from the first wait on: it is to be disposed of before they are
 * closed, so that their numbers may become others'.
 */
export class WaitSet implements Disposable {
  /** The waiter's. */
  readonly spots: readonly Spot[];
  #answer: PromiseWithResolvers<number> | undefined;
  #isUser = false;
  #open = true;

  /** @param size Number of entries; all begin unused. */
  constructor(readonly size: number) {
    this.spots = Array.from({ length: size }, () => ({
      set: this,
      fd: -1,
      events: 0,
      happened: 0,
      member: undefined,
    }));
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
    for (const spot of this.spots) {
      if (spot.fd >= 0 && spot.member === undefined) shared.hold(spot);
    }
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
