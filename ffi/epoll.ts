/**
 * Several descriptors under one (epoll(7)): for a plug that has more than one
 * socket, and shows its cable only one descriptor.
 *
 * @module
 */

import { EINTR } from "./errno.ts";
import { closeFd, O_CLOEXEC } from "./fd.ts";
import { check, errno, libc, SystemError } from "./libc.ts";

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;

/** Something to read, a connection to accept, or the end of the other side. */
export const EPOLLIN = 1;
/** Room to write. */
export const EPOLLOUT = 4;
/** An error waits at the descriptor; told whether asked for or not. */
export const EPOLLERR = 8;
/** Both directions are closed; likewise. */
export const EPOLLHUP = 0x10;
/** The other side of a stream will send no more. */
export const EPOLLRDHUP = 0x2000;
/** The member is told of once, and then no more until it is modified. */
export const EPOLLONESHOT = 0x40000000;

/** Room for `struct epoll_event` of any machine. */
const EPOLL_EVENT_BYTES = 16;

const bound = libc({
  epoll_create1: { parameters: ["i32"], result: "i32" }, // int flags
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" }, // epfd, op, fd, event *
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" }, // epfd, events, count, timeout
});

const waiting = libc({
  epoll_wait: {
    parameters: ["i32", "buffer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
});

/**
 * Words of 32 bits from one `struct epoll_event` to the next: u32 events, u64
 * data; packed on x86-64 only.
 */
function eventWords(): number {
  return Deno.build.arch === "x86_64" ? 3 : 4;
}

/** Where `EpollSet.take` puts what it finds. */
export class EpollEvents {
  readonly #stride = eventWords();
  readonly #words: Uint32Array<ArrayBuffer>;

  /** @param capacity Most members of which one call tells. */
  constructor(readonly capacity: number) {
    this.#words = new Uint32Array(capacity * this.#stride);
  }

  /** The table, for the kernel. */
  get words(): Uint32Array<ArrayBuffer> {
    return this.#words;
  }

  /** What happened: a sum of the EPOLL… bits. */
  happened(index: number): number {
    return this.#words[index * this.#stride];
  }

  /** The token of the member at which it happened. */
  token(index: number): number {
    return this.#words[(index + 1) * this.#stride - 2];
  }
}

/** A descriptor that is readable while one of its members is. */
export class EpollSet implements Disposable {
  readonly fd: number;
  readonly #event = new Uint32Array(EPOLL_EVENT_BYTES / 4);
  #open = true;

  /** @throws {SystemError} If there are no descriptors left. */
  constructor() {
    this.fd = check(bound().epoll_create1(O_CLOEXEC), "make an epoll set");
  }

  /**
   * Adds a descriptor; it leaves by being closed.
   *
   * @param events What to wait for, a sum of the EPOLL… bits.
   * @param token A whole number below 2^32 by which `take` names the member.
   * @throws {SystemError} If it cannot be polled, or memory is short.
   */
  add(fd: number, events: number = EPOLLIN, token: number = 0): void {
    check(
      this.#control(EPOLL_CTL_ADD, fd, events, token),
      `watch descriptor ${fd}`,
    );
  }

  /**
   * The same, where a refusal is no surprise. Allocates nothing, never throws.
   *
   * @returns 0, or `-errno`.
   */
  tryAdd(fd: number, events: number, token: number): number {
    const result = this.#control(EPOLL_CTL_ADD, fd, events, token);
    return result < 0 ? -errno() : 0;
  }

  /** Lets a member go, unless it has left already. Allocates nothing, never throws. */
  remove(fd: number): void {
    this.#control(EPOLL_CTL_DEL, fd, 0, 0);
  }

  /**
   * Waits for something else at a member. Allocates nothing, never throws.
   *
   * @param events As in `add`; 0: for its end only.
   * @param token As in `add`.
   * @returns 0, or `-errno`.
   */
  modify(fd: number, events: number, token: number): number {
    const result = this.#control(EPOLL_CTL_MOD, fd, events, token);
    return result < 0 ? -errno() : 0;
  }

  #control(
    operation: number,
    fd: number,
    events: number,
    token: number,
  ): number {
    this.#event[0] = events;
    this.#event[eventWords() - 2] = token;
    return bound().epoll_ctl(this.fd, operation, fd, this.#event);
  }

  /**
   * Tells at which members something has happened; never waits. Where they
   * are more than the table holds, the next call tells of the others.
   * Allocates nothing, never throws.
   *
   * @param events Filled from its first entry on.
   * @returns Number of entries filled.
   */
  take(events: EpollEvents): number {
    const { words, capacity } = events;
    const count = bound().epoll_wait(this.fd, words, capacity, 0);
    return count < 0 ? 0 : count;
  }

  /**
   * Waits on another thread until something happens at a member. Members may
   * come and go meanwhile.
   *
   * @param events As in `take`; belongs to the call until it is over.
   * @param timeoutMs -1: without end.
   * @returns Number of entries filled; negative where the call failed: see
   * `takeAgain`.
   */
  takeLater(events: EpollEvents, timeoutMs: number): Promise<number> {
    const { words, capacity } = events;
    return waiting().epoll_wait(this.fd, words, capacity, timeoutMs);
  }

  /**
   * After a wait that failed: errno was the other thread's, but what is wrong
   * for good is so here, too.
   *
   * @param events As in `take`.
   * @returns Number of entries filled; 0 also when a signal had ended the wait.
   * @throws {SystemError} If the set is not open any more.
   */
  takeAgain(events: EpollEvents): number {
    const { words, capacity } = events;
    const count = bound().epoll_wait(this.fd, words, capacity, 0);
    if (count >= 0) return count;
    const error = errno();
    if (error === EINTR) return 0;
    throw new SystemError("wait for descriptors", error);
  }

  /** Closes it, not its members. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }
}
