/**
 * Many datagrams with one call: recvmmsg(2), and with `UDP_GRO` many in each
 * of its messages.
 *
 * The table of `struct mmsghdr` is laid out once; a call writes only what the
 * kernel changed in it.
 *
 * @module
 */

import { EINTR } from "./errno.ts";
import { errno, libc } from "./libc.ts";
import { addressOf, IOVEC_BYTES, Iovecs, putWord64 } from "./memory.ts";
import {
  CMSG,
  CONTROL_BYTES,
  MMSGHDR_WORDS,
  MSG,
  MSG_DONTWAIT,
  MSG_TRUNC,
  setIovecs,
  SOL_UDP,
  UDP_GRO,
} from "./mmsghdr.ts";
import { SOCKADDR_STRIDE_BYTES } from "./sockaddr.ts";

const CONTROL_WORDS = CONTROL_BYTES / 4;

/** The base of all slots. */
const ARENA = 1;

const bound = libc({
  recvmmsg: {
    // fd, struct mmsghdr *, unsigned count, int flags, struct timespec *
    parameters: ["i32", "buffer", "u32", "i32", "pointer"],
    result: "i32",
  },
});

/** Receives messages into equal slots, one behind the other. Not shared between threads. */
export class DatagramReceiver {
  /** Senders' addresses: `struct sockaddr`, one each {@linkcode SOCKADDR_STRIDE_BYTES}. */
  readonly sources: Uint8Array<ArrayBuffer>;
  readonly #headers: Uint32Array<ArrayBuffer>;
  readonly #controls: Uint32Array<ArrayBuffer>;
  readonly #iovecs: Iovecs;
  #array: Uint8Array | undefined;
  #offset = 0;
  #slotBytes = 0;

  /** @param capacity Most messages in one call. */
  constructor(readonly capacity: number) {
    this.sources = new Uint8Array(capacity * SOCKADDR_STRIDE_BYTES);
    this.#headers = new Uint32Array(capacity * MMSGHDR_WORDS);
    this.#controls = new Uint32Array(capacity * CONTROL_WORDS);
    this.#iovecs = new Iovecs(capacity);
    const names = addressOf(this.sources);
    const controls = addressOf(this.#controls);
    for (let index = 0; index < capacity; index++) {
      const at = index * MMSGHDR_WORDS;
      const name = names + index * SOCKADDR_STRIDE_BYTES;
      putWord64(this.#headers, at + MSG.name, name);
      putWord64(
        this.#headers,
        at + MSG.control,
        controls + index * CONTROL_BYTES,
      );
      const iovec = this.#iovecs.address + index * IOVEC_BYTES;
      setIovecs(this.#headers, index, iovec, 1);
      this.#makeRoom(index);
    }
  }

  /**
   * Says where the next calls put their messages. Cheap when nothing changes.
   *
   * @param array Kept alive until another takes its place.
   * @param offset Of the first slot in it.
   * @param slotBytes Size of a slot, and distance to the next.
   */
  aim(array: Uint8Array, offset: number, slotBytes: number): void {
    if (
      array === this.#array && offset === this.#offset &&
      slotBytes === this.#slotBytes
    ) return;
    this.#array = array;
    this.#offset = offset;
    this.#slotBytes = slotBytes;
    this.#iovecs.bases.point(ARENA, array);
    for (let index = 0; index < this.capacity; index++) {
      this.#iovecs.set(index, ARENA, offset + index * slotBytes, slotBytes);
    }
  }

  /**
   * Takes the messages that wait. Allocates nothing, never throws.
   *
   * @param fd Non-blocking socket.
   * @param count Most messages, up to `capacity`.
   * @returns Messages received, or `-errno`. `length` is to be called for each
   * of them before the next `receive`.
   */
  receive(fd: number, count: number): number {
    for (;;) {
      const n = bound().recvmmsg(fd, this.#headers, count, MSG_DONTWAIT, null);
      if (n >= 0) return n;
      const error = errno();
      if (error !== EINTR) return -error;
    }
  }

  /**
   * Bytes of the datagrams in a message; all but the last are of equal length.
   * -1 if they were longer than their slot.
   */
  length(index: number): number {
    const at = index * MMSGHDR_WORDS;
    const truncated = (this.#headers[at + MSG.flags] & MSG_TRUNC) !== 0;
    return truncated ? -1 : this.#headers[at + MSG.length];
  }

  /**
   * Bytes of each datagram in a message but the last; 0 if there is only one.
   * Makes the entry ready for the next `receive`.
   */
  segmentSize(index: number): number {
    const control = index * CONTROL_WORDS;
    const controls = this.#controls;
    const has = this.#headers[index * MMSGHDR_WORDS + MSG.controlLength] > 0 &&
      controls[control + CMSG.level] === SOL_UDP &&
      controls[control + CMSG.type] === UDP_GRO;
    this.#makeRoom(index);
    return has ? controls[control + CMSG.value] : 0;
  }

  /** The kernel wrote real lengths over the room for name and control message. */
  #makeRoom(index: number): void {
    const at = index * MMSGHDR_WORDS;
    this.#headers[at + MSG.nameLength] = SOCKADDR_STRIDE_BYTES;
    this.#headers[at + MSG.controlLength] = CONTROL_BYTES;
  }
}
