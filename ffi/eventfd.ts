/**
 * An event counter that wakes a thread that waits in poll(2) (eventfd(2)).
 *
 * @module
 */

import { closeFd, O_CLOEXEC, O_NONBLOCK } from "./fd.ts";
import { check, libc } from "./libc.ts";

const bound = libc({
  eventfd: { parameters: ["u32", "i32"], result: "i32" }, // unsigned initial value, int flags
  eventfd_write: { parameters: ["i32", "u64"], result: "i32" },
  eventfd_read: { parameters: ["i32", "buffer"], result: "i32" }, // uint64_t *value
});

/** Readable from a `signal` until the next `drain`. */
export class EventFd implements Disposable {
  /** For poll(2): readable while signalled. */
  readonly fd: number;
  #open = true;

  /** @throws {SystemError} If there are no descriptors left. */
  constructor() {
    this.fd = check(
      bound().eventfd(0, O_CLOEXEC | O_NONBLOCK),
      "make an event counter",
    );
  }

  /** Makes it readable. Allocates nothing. */
  signal(): void {
    if (this.#open) signalEventFd(this.fd);
  }

  /** Makes it unreadable. Allocates nothing. */
  drain(): void {
    if (this.#open) drainEventFd(this.fd);
  }

  /** Closes it. Twice is harmless. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }
}

const drained = new BigUint64Array(1);

/** Makes an event counter that another thread made unreadable, by its descriptor. */
export function drainEventFd(fd: number): void {
  bound().eventfd_read(fd, drained);
}

/** Signals an event counter that another thread made, by its descriptor. */
export function signalEventFd(fd: number): void {
  bound().eventfd_write(fd, 1n);
}
