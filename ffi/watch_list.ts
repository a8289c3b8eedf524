/**
 * Descriptors in one epoll set, and those who wait at each: what a thread's
 * shared wait (waiter.ts) is about.
 *
 * What epoll(7) lacks is made up for here:
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

import {
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
} from "./epoll.ts";
import { EpollEvents, EpollSet } from "./epoll.ts";
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

/** Somebody who waits now and then. */
export interface Awaiting {
  readonly isWaiting: boolean;
}

/** What is awaited at one descriptor by one wait. */
export interface Spot<Owner extends Awaiting> {
  readonly owner: Owner;
  fd: number;
  events: number;
  happened: number;
  member: Member<Owner> | undefined;
}

/** A descriptor in the epoll set, and who has to do with it. */
export interface Member<Owner extends Awaiting> {
  readonly fd: number;
  token: number;
  isAdded: boolean;
  /** What the kernel will tell of; -1: nothing any more. */
  armed: number;
  readonly spots: Spot<Owner>[];
}

/** Descriptors that somebody waits at, and one more that ends the wait. */
export class WatchList<Owner extends Awaiting> implements Disposable {
  readonly #epoll = new EpollSet();
  readonly #wake: EventFd;
  readonly #events = new EpollEvents(EVENTS_A_CALL);
  readonly #byFd = new Map<number, Member<Owner>>();
  readonly #byToken = new Map<number, Member<Owner>>();
  #lastToken = WAKE;
  #isWoken = false;

  /** @throws {SystemError} If there are no descriptors left. */
  constructor() {
    using making = new DisposableStack();
    making.use(this.#epoll);
    this.#wake = making.use(new EventFd());
    this.#epoll.add(this.#wake.fd, EPOLLIN, WAKE);
    making.move();
  }

  /** Makes a descriptor a member for a spot; `watch` has the kernel look at it. */
  hold(spot: Spot<Owner>): void {
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
  release(spot: Spot<Owner>): void {
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
   * Has the kernel look at a spot whose owner is waiting. What is known at once
   * of a descriptor that epoll(7) refuses is noted.
   *
   * @throws {SystemError} If the kernel has no room for it.
   */
  watch(spot: Spot<Owner>): void {
    spot.happened = 0;
    const { member } = spot;
    if (member === undefined || isWatched(spot, member)) return;
    const refusal = this.#arm(member);
    if (refusal !== 0) spot.happened = readyThough(refusal, spot);
  }

  /**
   * Looks again at a member that was told of, if somebody still waits there,
   * for something else.
   *
   * @returns Whether it is not open any more, which is noted.
   */
  watchAgain(member: Member<Owner>): boolean {
    const isAwaited = member.spots.some(({ owner }) => owner.isWaiting);
    // What is refused now was there a moment ago: who waits finds out.
    if (!isAwaited || this.#arm(member) === 0) return false;
    note(member, NOT_OPEN);
    return true;
  }

  /** Tells the kernel what is awaited at a member; gives 0, or why that is not possible. */
  #arm(member: Member<Owner>): number {
    let events: number = EPOLLONESHOT;
    for (const spot of member.spots) {
      if (spot.owner.isWaiting) events |= spot.events;
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

  #name(member: Member<Owner>): void {
    this.#byToken.delete(member.token);
    do {
      this.#lastToken = this.#lastToken % MAX_TOKEN + 1;
    } while (this.#byToken.has(this.#lastToken));
    member.token = this.#lastToken;
    this.#byToken.set(member.token, member);
  }

  /**
   * Waits elsewhere, on one of the threads that Deno has for such work. One
   * call at a time.
   *
   * @param timeoutMs -1: without end.
   * @returns Number of events for `note`; negative if the call was interrupted.
   */
  wait(timeoutMs: number): Promise<number> {
    return this.#epoll.takeLater(this.#events, timeoutMs);
  }

  /** Ends the wait that is under way, or the next one. */
  wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    this.#wake.signal();
  }

  /**
   * Notes at the spots what a wait has told.
   *
   * @param count What `wait` gave.
   * @returns The members at which something happened.
   */
  note(count: number): Member<Owner>[] {
    const found = count < 0 ? this.#epoll.takeAgain(this.#events) : count;
    const told: Member<Owner>[] = [];
    for (let index = 0; index < found; index++) {
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
    return told;
  }

  /** Gives the descriptors back. Once. */
  [Symbol.dispose](): void {
    this.#epoll[Symbol.dispose]();
    this.#wake[Symbol.dispose]();
  }
}

/**
 * Whether the kernel tells of a spot as things are. Asked for nothing but its
 * end, a descriptor stays armed from one wait to the next, which saves a call;
 * of others, the number may have become another file's meanwhile.
 */
function isWatched<Owner extends Awaiting>(
  { events }: Spot<Owner>,
  { armed }: Member<Owner>,
): boolean {
  return events === 0 && armed >= 0;
}

/** What poll(2) would tell of a descriptor that epoll(7) refuses. */
function readyThough<Owner extends Awaiting>(
  refusal: number,
  { events }: Spot<Owner>,
): number {
  return refusal === -EPERM ? events & (EPOLLIN | EPOLLOUT) : NOT_OPEN;
}

function note<Owner extends Awaiting>(
  { spots }: Member<Owner>,
  happened: number,
): void {
  for (const spot of spots) spot.happened |= happened & (spot.events | UNASKED);
}
