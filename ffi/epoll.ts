/**
 * Several descriptors under one (epoll(7)): for a plug that has more than one
 * socket, and shows its cable only one descriptor.
 *
 * @module
 */

import { closeFd, O_CLOEXEC } from "./fd.ts";
import { check, libc } from "./libc.ts";

const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;

/** `struct epoll_event` is packed on x86-64 only: u32 events, u64 data. */
const EPOLL_EVENT_BYTES = 16;

const bound = libc({
  epoll_create1: { parameters: ["i32"], result: "i32" }, // int flags
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" }, // epfd, op, fd, event *
});

/** A descriptor that is readable while one of its members is. */
export class EpollSet implements Disposable {
  readonly fd: number;
  #open = true;

  /** @throws {SystemError} If there are no descriptors left. */
  constructor() {
    this.fd = check(bound().epoll_create1(O_CLOEXEC), "make an epoll set");
  }

  /** Adds a descriptor; it leaves by being closed. @throws {SystemError} If it cannot be polled. */
  add(fd: number): void {
    const event = new Uint8Array(EPOLL_EVENT_BYTES);
    new DataView(event.buffer).setUint32(0, EPOLLIN, true);
    check(
      bound().epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, event),
      `watch descriptor ${fd}`,
    );
  }

  /** Closes it, not its members. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }
}
