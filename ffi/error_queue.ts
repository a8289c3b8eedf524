/**
 * What the network says about datagrams sent (`IP_RECVERR`, ip(7)).
 *
 * @module
 */

import { libc } from "./libc.ts";
import { ABSOLUTE, addressOf, Iovecs, putWord64 } from "./memory.ts";
import { MMSGHDR_WORDS, MSG, MSG_DONTWAIT, MSG_ERRQUEUE } from "./mmsghdr.ts";
import { SOCKADDR_IN6_BYTES, SOCKADDR_STRIDE_BYTES } from "./sockaddr.ts";

const bound = libc({
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
});

/** Offsets in `struct cmsghdr` and the `struct sock_extended_err` behind it, in 32-bit words. */
const ERROR_NUMBER = 4;
const CONTROL_BYTES = 128;

/** Reads what the network said about datagrams sent. */
export class ErrorQueue {
  /** Destination of the datagram that `next` told of: a `struct sockaddr`. */
  readonly destination: Uint8Array<ArrayBuffer> = new Uint8Array(
    SOCKADDR_STRIDE_BYTES,
  );
  readonly #header = new Uint32Array(MMSGHDR_WORDS);
  readonly #control = new Uint32Array(CONTROL_BYTES / 4);
  readonly #payload = new Uint8Array(64);
  readonly #iovecs = new Iovecs(1);

  constructor() {
    putWord64(this.#header, MSG.name, addressOf(this.destination));
    putWord64(this.#header, MSG.iov, this.#iovecs.address);
    putWord64(this.#header, MSG.control, addressOf(this.#control));
    this.#header[MSG.iovLength] = 1;
    this.#iovecs.set(
      0,
      ABSOLUTE,
      addressOf(this.#payload),
      this.#payload.length,
    );
  }

  /**
   * Takes one message from a socket's error queue. Allocates nothing, never throws.
   *
   * @returns The error number that the network reported for the datagram to
   * `destination`; 0 when the queue is empty.
   */
  next(fd: number): number {
    this.#header[MSG.nameLength] = SOCKADDR_IN6_BYTES;
    this.#header[MSG.controlLength] = CONTROL_BYTES;
    this.#control.fill(0);
    const n = bound().recvmsg(fd, this.#header, MSG_ERRQUEUE | MSG_DONTWAIT);
    return n < 0 ? 0 : this.#control[ERROR_NUMBER];
  }
}
