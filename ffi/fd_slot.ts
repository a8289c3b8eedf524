/**
 * A descriptor number behind which sockets come and go (dup(2)): whoever polls
 * it never has to learn another number.
 *
 * @module
 */

import { EventFd } from "./eventfd.ts";
import { closeFd, O_CLOEXEC } from "./fd.ts";
import { check, libc } from "./libc.ts";

const F_DUPFD_CLOEXEC = 1030;

const bound = libc({
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" }, // int old, int new, int flags
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" }, // fd, int command, int argument
});

/** A number for one socket at a time. Empty, it is never readable and always writable. */
export class FdSlot implements Disposable {
  /** Never changes. */
  readonly fd: number;
  readonly #filler = new EventFd();
  #open = true;

  /** @throws {SystemError} If there are no descriptors left. */
  constructor() {
    try {
      this.fd = check(
        bound().fcntl(this.#filler.fd, F_DUPFD_CLOEXEC, 0),
        "reserve a descriptor",
      );
    } catch (error) {
      this.#filler[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Moves an open descriptor here. What was here is closed, and so leaves the
   * epoll sets it was in.
   *
   * @param fd Closed by this: from now on only the slot's number is its.
   */
  put(fd: number): void {
    this.#set(fd);
    closeFd(fd);
  }

  /** Closes what is here. */
  empty(): void {
    this.#set(this.#filler.fd);
  }

  #set(fd: number): void {
    check(bound().dup3(fd, this.fd, O_CLOEXEC), `fill descriptor ${this.fd}`);
  }

  /** Closes it, and what is here. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#filler[Symbol.dispose]();
    closeFd(this.fd);
  }
}
