/**
 * Many datagrams with one call: sendmmsg(2), and with `UDP_SEGMENT` many in
 * each of its messages.
 *
 * A batch is a list of datagrams, each a few pieces of memory. On its way out,
 * neighbouring datagrams to one destination become one message as long as
 * they are of equal length; a shorter one may be the last of its message. The
 * kernel cuts such a message again, as late as it can.
 *
 * @module
 */

import { EINTR, EINVAL, EIO, EMSGSIZE } from "./errno.ts";
import { errno, libc } from "./libc.ts";
import {
  addressOf,
  type Bases,
  IOVEC_BYTES,
  Iovecs,
  putWord64,
} from "./memory.ts";
import {
  CMSG,
  CMSG_HEADER_BYTES,
  CONTROL_BYTES,
  MMSGHDR_WORDS,
  MSG,
  MSG_DONTWAIT,
  setIovecs,
  SOL_UDP,
  UDP_SEGMENT,
} from "./mmsghdr.ts";

const CONTROL_WORDS = CONTROL_BYTES / 4;

/** UDP_MAX_SEGMENTS of kernels before 6.9; later ones take 128. */
const MAX_SEGMENTS = 64;
/** What one call may hand over: an IPv4 packet without its and UDP's header. */
const MAX_MESSAGE_BYTES = 65507;
/** IOV_MAX. */
const MAX_PIECES = 1024;

/** Most messages of one call. */
const MESSAGES = 64;

const bound = libc({
  // fd, struct mmsghdr *, unsigned count, int flags
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
});

/** A batch of datagrams. Not shared between threads. */
export class DatagramSender {
  /** Datagrams in the batch. */
  count = 0;
  /** Whether several datagrams may go as one message. Off for good once the kernel refused for want of checksums. */
  segments = true;
  readonly #headers = new Uint32Array(MESSAGES * MMSGHDR_WORDS);
  readonly #controls = new Uint32Array(MESSAGES * CONTROL_WORDS);
  readonly #controlAddress = addressOf(this.#controls);
  /** Of each message: its number of datagrams. */
  readonly #datagrams = new Uint32Array(MESSAGES);
  /** What names and pieces are relative to. */
  readonly bases: Bases;
  readonly #iovecs: Iovecs;
  /** Of each datagram: its first piece; one more for the end. */
  readonly #pieces: Uint32Array<ArrayBuffer>;
  readonly #bytes: Uint32Array<ArrayBuffer>;
  readonly #limits: Uint32Array<ArrayBuffer>;
  readonly #names: Float64Array<ArrayBuffer>;
  readonly #nameLengths: Uint32Array<ArrayBuffer>;

  /**
   * @param capacity Most datagrams of a batch.
   * @param pieces Most pieces of all of them.
   */
  constructor(readonly capacity: number, readonly pieces: number) {
    this.#iovecs = new Iovecs(pieces);
    this.bases = this.#iovecs.bases;
    this.#pieces = new Uint32Array(capacity + 1);
    this.#bytes = new Uint32Array(capacity);
    this.#limits = new Uint32Array(capacity);
    this.#names = new Float64Array(capacity);
    this.#nameLengths = new Uint32Array(capacity);
    for (let index = 0; index < MESSAGES; index++) {
      const at = index * CONTROL_WORDS;
      this.#controls[at + CMSG.length] = CMSG_HEADER_BYTES + 2;
      this.#controls[at + CMSG.level] = SOL_UDP;
      this.#controls[at + CMSG.type] = UDP_SEGMENT;
    }
  }

  /** Empties the batch. */
  clear(): void {
    this.count = 0;
  }

  /** Whether the batch takes so many more datagrams of at most two pieces. */
  hasRoom(datagrams: number): boolean {
    return this.count + datagrams <= this.capacity &&
      this.#pieces[this.count] + 2 * datagrams <= this.pieces;
  }

  /**
   * Adds a datagram without a piece. The caller has asked for room.
   *
   * @param base That its name is relative to.
   * @param offset Of a `struct sockaddr`, alive until it is sent; with
   * {@linkcode ABSOLUTE}, its address, or 0 for a connected socket.
   * @param nameLength Its length in bytes.
   * @param limit The longest datagram that gets there in one packet: one that
   * is longer goes alone.
   */
  add(base: number, offset: number, nameLength: number, limit: number): void {
    const index = this.count++;
    this.#names[index] = this.bases.addresses[base] + offset;
    this.#nameLengths[index] = nameLength;
    this.#limits[index] = limit;
    this.#bytes[index] = 0;
    this.#pieces[index + 1] = this.#pieces[index];
  }

  /** Appends a piece of memory, alive until it is sent, to the datagram added last; see `Iovecs.set`. */
  addPiece(base: number, offset: number, length: number): void {
    const at = this.#pieces[this.count]++;
    this.#iovecs.set(at, base, offset, length);
    this.#bytes[this.count - 1] += length;
  }

  /** Sends a datagram elsewhere than it was added for. */
  redirect(index: number, base: number, offset: number, limit: number): void {
    this.#names[index] = this.bases.addresses[base] + offset;
    this.#limits[index] = limit;
  }

  /**
   * Sends the batch from datagram `from` on, as far as one call goes.
   * Allocates nothing, never throws.
   *
   * @param fd Non-blocking socket.
   * @param from Below `count`.
   * @returns Number of datagrams sent, at least one, or the `-errno` of the first.
   */
  send(fd: number, from: number): number {
    let segments = this.segments;
    for (;;) {
      const messages = this.#pack(from, segments);
      const n = bound().sendmmsg(fd, this.#headers, messages, MSG_DONTWAIT);
      if (n > 0) return this.#countDatagrams(n);
      const error = errno();
      if (error === EINTR) continue;
      const whole = this.#datagrams[0] > 1;
      if (!whole || !isRefusal(error)) return -error;
      // A device that computes no checksums takes no message of many, ever; a
      // path that has become narrower does not take this one.
      if (error === EIO) this.segments = false;
      segments = false;
    }
  }

  #countDatagrams(messages: number): number {
    let datagrams = 0;
    for (let index = 0; index < messages; index++) {
      datagrams += this.#datagrams[index];
    }
    return datagrams;
  }

  /** Makes messages out of the datagrams from `from` on; returns their number. */
  #pack(from: number, segments: boolean): number {
    let message = 0;
    for (let at = from; at < this.count && message < MESSAGES; message++) {
      const end = segments ? this.#endOfMessage(at) : at + 1;
      this.#write(message, at, end);
      at = end;
    }
    return message;
  }

  /** Index behind the last datagram that goes with datagram `first`. */
  #endOfMessage(first: number): number {
    const size = this.#bytes[first];
    if (size === 0 || size > this.#limits[first]) return first + 1;
    const name = this.#names[first];
    const most = first + MAX_SEGMENTS < this.count
      ? first + MAX_SEGMENTS
      : this.count;
    let total = size;
    let end = first + 1;
    for (; end < most; end++) {
      const next = this.#bytes[end];
      total += next;
      if (next > size || total > MAX_MESSAGE_BYTES) break;
      if (this.#names[end] !== name) break;
      if (this.#pieces[end + 1] - this.#pieces[first] > MAX_PIECES) break;
      if (next < size) return end + 1;
    }
    return end;
  }

  #write(message: number, first: number, end: number): void {
    const headers = this.#headers;
    const at = message * MMSGHDR_WORDS;
    const piece = this.#pieces[first];
    putWord64(headers, at + MSG.name, this.#names[first]);
    headers[at + MSG.nameLength] = this.#nameLengths[first];
    const iovec = this.#iovecs.address + piece * IOVEC_BYTES;
    setIovecs(headers, message, iovec, this.#pieces[end] - piece);
    this.#datagrams[message] = end - first;
    if (end - first === 1) {
      putWord64(headers, at + MSG.control, 0);
      headers[at + MSG.controlLength] = 0;
      return;
    }
    this.#controls[message * CONTROL_WORDS + CMSG.value] = this.#bytes[first];
    const control = this.#controlAddress + message * CONTROL_BYTES;
    putWord64(headers, at + MSG.control, control);
    headers[at + MSG.controlLength] = CONTROL_BYTES;
  }
}

function isRefusal(error: number): boolean {
  return error === EIO || error === EINVAL || error === EMSGSIZE;
}
