/**
 * Many datagrams with one call: recvmmsg(2), sendmmsg(2), and the queue of
 * what the network says about datagrams sent (`IP_RECVERR`, ip(7)).
 *
 * The tables of `struct mmsghdr` are laid out once; a burst writes only what
 * differs from the one before.
 *
 * @module
 */

import { EINTR } from "./errno.ts";
import { errno, libc } from "./libc.ts";
import { addressOf, IOVEC_BYTES, Iovecs, putWord64 } from "./memory.ts";
import { SOCKADDR_IN6_BYTES, SOCKADDR_STRIDE_BYTES } from "./sockaddr.ts";

/** Size of `struct mmsghdr`. */
const MMSGHDR_BYTES = 64;
const MMSGHDR_WORDS = MMSGHDR_BYTES / 4;

/** Indexes of the fields of `struct mmsghdr`, in 32-bit words. */
const MSG = {
  name: 0,
  nameLength: 2,
  iov: 4,
  iovLength: 6,
  control: 8,
  controlLength: 10,
  flags: 12,
  length: 14,
} as const;

const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_ERRQUEUE = 0x2000;

const bound = libc({
  recvmmsg: {
    // fd, struct mmsghdr *, unsigned count, int flags, struct timespec *
    parameters: ["i32", "buffer", "u32", "i32", "pointer"],
    result: "i32",
  },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
});

/** Receives datagrams into equal slots, one behind the other. Not shared between threads. */
export class DatagramReceiver {
  /** Senders' addresses: `struct sockaddr`, one each {@linkcode SOCKADDR_STRIDE_BYTES}. */
  readonly sources: Uint8Array<ArrayBuffer>;
  readonly #headers: Uint32Array<ArrayBuffer>;
  readonly #iovecs: Iovecs;
  #address = 0;
  #slotBytes = 0;

  /** @param capacity Most datagrams in one call. */
  constructor(readonly capacity: number) {
    this.sources = new Uint8Array(capacity * SOCKADDR_STRIDE_BYTES);
    this.#headers = new Uint32Array(capacity * MMSGHDR_WORDS);
    this.#iovecs = new Iovecs(capacity);
    const names = addressOf(this.sources);
    for (let index = 0; index < capacity; index++) {
      const at = index * MMSGHDR_WORDS;
      putWord64(
        this.#headers,
        at + MSG.name,
        names + index * SOCKADDR_STRIDE_BYTES,
      );
      putWord64(
        this.#headers,
        at + MSG.iov,
        this.#iovecs.address + index * IOVEC_BYTES,
      );
      this.#headers[at + MSG.iovLength] = 1;
      this.#headers[at + MSG.nameLength] = SOCKADDR_STRIDE_BYTES;
    }
  }

  /**
   * Says where the next calls put their datagrams. Cheap when nothing changes.
   *
   * @param address Address of the first slot. The memory stays alive as long
   * as `receive` is called.
   * @param slotBytes Size of a slot, and distance to the next.
   */
  aim(address: number, slotBytes: number): void {
    if (address === this.#address && slotBytes === this.#slotBytes) return;
    this.#address = address;
    this.#slotBytes = slotBytes;
    for (let index = 0; index < this.capacity; index++) {
      this.#iovecs.set(index, address + index * slotBytes, slotBytes);
    }
  }

  /**
   * Takes the datagrams that wait. Allocates nothing, never throws.
   *
   * @param fd Non-blocking socket.
   * @param count Most datagrams, up to `capacity`.
   * @returns Datagrams received, or `-errno`.
   */
  receive(fd: number, count: number): number {
    for (;;) {
      const n = bound().recvmmsg(fd, this.#headers, count, MSG_DONTWAIT, null);
      if (n >= 0) return n;
      const error = errno();
      if (error !== EINTR) return -error;
    }
  }

  /** Bytes of a datagram that the last `receive` took; -1 if it was longer than its slot. */
  length(index: number): number {
    const at = index * MMSGHDR_WORDS;
    // The kernel wrote the name's real length there; the next call needs the room again.
    this.#headers[at + MSG.nameLength] = SOCKADDR_STRIDE_BYTES;
    const truncated = (this.#headers[at + MSG.flags] & MSG_TRUNC) !== 0;
    return truncated ? -1 : this.#headers[at + MSG.length];
  }
}

/** Sends datagrams, each of a common header and a frame. Not shared between threads. */
export class DatagramSender {
  readonly #headers: Uint32Array<ArrayBuffer>;
  readonly #iovecs: Iovecs;
  readonly #frameIovec: number;
  readonly #perDatagram: number;
  /** The table from each entry on: a fresh view for each call would cost more than the call. */
  readonly #from: Uint32Array<ArrayBuffer>[] = [];

  /**
   * @param capacity Most datagrams in one call.
   * @param header Bytes before each frame; kept, not copied. Empty for none.
   */
  constructor(
    readonly capacity: number,
    private readonly header: Uint8Array<ArrayBuffer>,
  ) {
    this.#perDatagram = header.length > 0 ? 2 : 1;
    this.#frameIovec = this.#perDatagram - 1;
    this.#headers = new Uint32Array(capacity * MMSGHDR_WORDS);
    this.#iovecs = new Iovecs(capacity * this.#perDatagram);
    for (let index = 0; index < capacity; index++) {
      const at = index * MMSGHDR_WORDS;
      const iovec = index * this.#perDatagram;
      putWord64(
        this.#headers,
        at + MSG.iov,
        this.#iovecs.address + iovec * IOVEC_BYTES,
      );
      this.#headers[at + MSG.iovLength] = this.#perDatagram;
      if (header.length > 0) {
        this.#iovecs.set(iovec, addressOf(header), header.length);
      }
      this.#from.push(this.#headers.subarray(at));
    }
  }

  /**
   * Fills one entry in.
   *
   * @param index Below `capacity`.
   * @param address Where the frame stands, until the call.
   * @param length Its length in bytes.
   */
  setFrame(index: number, address: number, length: number): void {
    this.#iovecs.set(
      index * this.#perDatagram + this.#frameIovec,
      address,
      length,
    );
  }

  /**
   * Says where an entry goes; a connected socket needs none.
   *
   * @param address Address of a `struct sockaddr`, alive until the call.
   * @param length Its length in bytes.
   */
  setDestination(index: number, address: number, length: number): void {
    const at = index * MMSGHDR_WORDS + MSG.name;
    putWord64(this.#headers, at, address);
    this.#headers[at + MSG.nameLength] = length;
  }

  /**
   * Sends entries. Allocates nothing, never throws.
   *
   * @param fd Non-blocking socket.
   * @param from First entry.
   * @param count Number of entries.
   * @returns Datagrams sent, at least one, or the `-errno` of the first.
   */
  send(fd: number, from: number, count: number): number {
    for (;;) {
      const n = bound().sendmmsg(fd, this.#from[from], count, MSG_DONTWAIT);
      if (n >= 0) return n;
      const error = errno();
      if (error !== EINTR) return -error;
    }
  }
}

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
    this.#iovecs.set(0, addressOf(this.#payload), this.#payload.length);
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
