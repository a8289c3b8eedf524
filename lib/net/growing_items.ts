/**
 * The items of a {@linkcode Merger} while segments are added to them: what each
 * of them expects of the next segment, and the headers that it gets in the end.
 *
 * @module
 */

import type { Burst } from "./burst.ts";
import { fold, pseudoHeaderSum4, pseudoHeaderSum6, sum } from "./checksum.ts";
import { type FlowKey, LAYOUT_IPV6, LAYOUT_UDP } from "./flow_key.ts";
import { FrameKind } from "./offload.ts";
import {
  sameEthernet,
  sameIpv4,
  sameIpv6,
  sameTcp,
  sameUdp,
} from "./same_headers.ts";
import {
  VIRTIO_HEADER_BYTES,
  writeLengths,
  writePartialHeader,
} from "./virtio_header.ts";

/** Most frames of an item: with the headers, its scatter list has one entry more. */
export const MAX_ITEM_FRAMES = 64;

// Copies that V8 folds into the code, as it does not with exported ones.
const MAX_FRAMES = MAX_ITEM_FRAMES;
const IPV6 = LAYOUT_IPV6;
const UDP = LAYOUT_UDP;
const VIRTIO_BYTES = VIRTIO_HEADER_BYTES;

const MAX_PACKET_BYTES = 65535;

const IPV4_HEADER_BYTES = 20;
const IPV4_LENGTH_OFFSET = 2;
const IPV4_ID_OFFSET = 4;
const IPV4_FLAGS_OFFSET = 6;
const IPV4_CHECKSUM_OFFSET = 10;
const IPV4_DONT_FRAGMENT = 0x4000;
const IPV6_HEADER_BYTES = 40;
const IPV6_LENGTH_OFFSET = 4;

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const TCP_SEQUENCE_OFFSET = 4;
const TCP_FLAGS_OFFSET = 13;
const TCP_CHECKSUM_OFFSET = 16;
const TCP_PSH = 0x08;
const UDP_LENGTH_OFFSET = 4;
const UDP_CHECKSUM_OFFSET = 6;

const WORD_MASK = 0xffff;
/** Sum over data that holds its own right checksum. */
const RIGHT = 0xffff;

/** What the virtio header calls a superframe, by its layout. */
const KINDS: Uint8Array = Uint8Array.of(
  FrameKind.tcp4,
  FrameKind.tcp6,
  FrameKind.udp,
  FrameKind.udp,
);

/** The items that can grow. Not shared between threads. */
export class GrowingItems {
  /** Of each item: number of its frames. */
  readonly frames: Int32Array<ArrayBuffer>;

  /** Of each item: index of its last frame. */
  readonly tail: Int32Array<ArrayBuffer>;

  /** Of each item: where its first frame stands, and there its headers and payload. */
  readonly #at: Int32Array;
  readonly #ip: Uint8Array;
  readonly #transport: Uint8Array;
  readonly #payload: Uint8Array;
  readonly #layout: Uint8Array;
  /** Of each item: length of its first frame. */
  readonly #length: Int32Array;
  /** Of each item: payload of each segment but the last. */
  readonly #segmentSize: Int32Array;
  /** Of each item: bytes of the IP packet so far. */
  readonly #packetBytes: Int32Array;
  /** Of each item: the sequence number that comes next. */
  readonly #sequence: Int32Array;
  /** Of each item: by how much the IPv4 identification grows, 0 or 1. Set by the second frame. */
  readonly #idStep: Uint8Array;
  /** Of each item: whether the first frame's checksums were found right. The two sums are set then. */
  readonly #checked: Uint8Array;
  /** Of each item: sum of the IPv4 header without length, identification and checksum. */
  readonly #ipSum: Int32Array;
  /** Of each item: sum of the pseudo-header without the length. */
  readonly #pseudoSum: Int32Array;

  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** @param capacity Most items. */
  constructor(capacity: number) {
    this.frames = new Int32Array(capacity);
    this.tail = new Int32Array(capacity);
    this.#at = new Int32Array(capacity);
    this.#ip = new Uint8Array(capacity);
    this.#transport = new Uint8Array(capacity);
    this.#payload = new Uint8Array(capacity);
    this.#layout = new Uint8Array(capacity);
    this.#length = new Int32Array(capacity);
    this.#segmentSize = new Int32Array(capacity);
    this.#packetBytes = new Int32Array(capacity);
    this.#sequence = new Int32Array(capacity);
    this.#idStep = new Uint8Array(capacity);
    this.#checked = new Uint8Array(capacity);
    this.#ipSum = new Int32Array(capacity);
    this.#pseudoSum = new Int32Array(capacity);
  }

  /** View of the arena that was attached. */
  get view(): DataView {
    return this.#view;
  }

  /** Says in which arena the frames stand from now on. Makes a view only of one that is new. */
  attach(bytes: Uint8Array): void {
    if (bytes === this.#bytes) return;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * Makes an item of a frame with which a superframe may begin.
   *
   * @param item Its number.
   * @param frame Index of the frame.
   * @param key Has just read it.
   * @param start Of the frame's first byte.
   * @param length Of the frame, in bytes.
   */
  start(
    item: number,
    frame: number,
    key: FlowKey,
    start: number,
    length: number,
  ): void {
    const payload = length - key.payload;
    this.frames[item] = 1;
    this.tail[item] = frame;
    this.#at[item] = start;
    this.#ip[item] = key.ip;
    this.#transport[item] = key.transport;
    this.#payload[item] = key.payload;
    this.#layout[item] = key.layout;
    this.#length[item] = length;
    this.#segmentSize[item] = payload;
    this.#packetBytes[item] = length - key.ip;
    this.#checked[item] = 0;
    if ((key.layout & UDP) !== 0) return;
    const sequence = start + key.transport + TCP_SEQUENCE_OFFSET;
    this.#sequence[item] = this.#view.getInt32(sequence) + payload;
  }

  /**
   * Adds a frame that continues an item.
   *
   * @param item Its number.
   * @param frame Index of the frame.
   * @param start Of the frame's first byte.
   * @param length Of the frame, in bytes.
   * @returns Whether yet another frame may follow: not a shorter one, and not one with PSH.
   */
  append(item: number, frame: number, start: number, length: number): boolean {
    const payload = length - this.#payload[item];
    this.tail[item] = frame;
    this.frames[item]++;
    this.#packetBytes[item] += payload;
    this.#sequence[item] += payload;
    return payload === this.#segmentSize[item] && !this.#isPushed(item, start);
  }

  /** Whether a frame of an item has PSH. */
  #isPushed(item: number, start: number): boolean {
    if ((this.#layout[item] & UDP) !== 0) return false;
    const at = start + this.#transport[item] + TCP_FLAGS_OFFSET;
    return (this.#view.getUint8(at) & TCP_PSH) !== 0;
  }

  /**
   * Whether a frame is the next segment of an item. The cheapest questions come
   * first, the checksum last.
   *
   * @param item Number of an open item.
   * @param burst Holds the frame.
   * @param start Of the frame's first byte.
   * @param length Of the frame, in bytes.
   */
  continues(
    item: number,
    burst: Burst,
    start: number,
    length: number,
  ): boolean {
    const payload = length - this.#payload[item];
    if (payload <= 0 || payload > this.#segmentSize[item]) return false;
    if (this.frames[item] >= MAX_FRAMES) return false;
    if (this.#packetBytes[item] + payload > MAX_PACKET_BYTES) return false;
    return this.#sameTransport(item, start, length) &&
      this.#sameNetwork(item, start, length) &&
      sameEthernet(this.#view, this.#at[item], start, this.#ip[item]) &&
      (this.#checked[item] !== 0 || this.#checkFirst(burst, item)) &&
      this.#isRight(burst, item, start, length);
  }

  #sameTransport(item: number, start: number, length: number): boolean {
    const view = this.#view;
    const transport = this.#transport[item];
    const first = this.#at[item] + transport;
    const at = start + transport;
    if ((this.#layout[item] & UDP) === 0) {
      return view.getInt32(at + TCP_SEQUENCE_OFFSET) ===
          this.#sequence[item] &&
        sameTcp(view, first, at, this.#payload[item] - transport);
    }
    return view.getUint16(at + UDP_LENGTH_OFFSET) === length - transport &&
      view.getUint16(at + UDP_CHECKSUM_OFFSET) !== 0 &&
      sameUdp(view, first, at);
  }

  #sameNetwork(item: number, start: number, length: number): boolean {
    const view = this.#view;
    const ip = this.#ip[item];
    const first = this.#at[item] + ip;
    const at = start + ip;
    const bytes = length - ip;
    if ((this.#layout[item] & IPV6) === 0) {
      return view.getUint16(at + IPV4_LENGTH_OFFSET) === bytes &&
        sameIpv4(view, first, at) && this.#isNextId(item, first, at);
    }
    return view.getUint16(at + IPV6_LENGTH_OFFSET) ===
        bytes - IPV6_HEADER_BYTES &&
      sameIpv6(view, first, at);
  }

  /** Whether the IPv4 identification grows by 1 with each frame, or with Don't Fragment by 0. */
  #isNextId(item: number, first: number, at: number): boolean {
    const view = this.#view;
    const frames = this.frames[item];
    const distance = (view.getUint16(at + IPV4_ID_OFFSET) -
      view.getUint16(first + IPV4_ID_OFFSET)) & WORD_MASK;
    if (frames === 1) {
      const flags = view.getUint16(at + IPV4_FLAGS_OFFSET);
      const still = distance === 0 && (flags & IPV4_DONT_FRAGMENT) !== 0;
      this.#idStep[item] = still ? 0 : 1;
    }
    return distance === frames * this.#idStep[item];
  }

  /** Takes the sums that an item's frames have in common, and checks the first frame. */
  #checkFirst(burst: Burst, item: number): boolean {
    const start = this.#at[item];
    const at = start + this.#ip[item];
    const layout = this.#layout[item];
    const protocol = (layout & UDP) === 0 ? PROTOCOL_TCP : PROTOCOL_UDP;
    if ((layout & IPV6) === 0) {
      this.#pseudoSum[item] = pseudoHeaderSum4(this.#bytes, at, protocol, 0);
      this.#ipSum[item] = this.#ipSumOf(at);
    } else {
      this.#pseudoSum[item] = pseudoHeaderSum6(this.#bytes, at, protocol, 0);
    }
    const right = this.#isRight(burst, item, start, this.#length[item]);
    this.#checked[item] = right ? 1 : 0;
    return right;
  }

  /** In one's complement, adding the complement takes a word away. */
  #ipSumOf(at: number): number {
    const view = this.#view;
    return sum(this.#bytes, at, IPV4_HEADER_BYTES, 0) +
      (~view.getUint16(at + IPV4_LENGTH_OFFSET) & WORD_MASK) +
      (~view.getUint16(at + IPV4_ID_OFFSET) & WORD_MASK) +
      (~view.getUint16(at + IPV4_CHECKSUM_OFFSET) & WORD_MASK);
  }

  /** Whether the checksums of a frame are right that has the headers of an item. */
  #isRight(
    burst: Burst,
    item: number,
    start: number,
    length: number,
  ): boolean {
    if ((this.#layout[item] & IPV6) === 0) {
      const view = this.#view;
      const at = start + this.#ip[item];
      const header = this.#ipSum[item] +
        view.getUint16(at + IPV4_LENGTH_OFFSET) +
        view.getUint16(at + IPV4_ID_OFFSET) +
        view.getUint16(at + IPV4_CHECKSUM_OFFSET);
      if (fold(header) !== RIGHT) return false;
    }
    const transport = this.#transport[item];
    const bytes = length - transport;
    const pseudo = this.#pseudoSum[item] + bytes;
    return fold(pseudo + sumOf(burst, start + transport, bytes)) === RIGHT;
  }

  /** Length of the headers of an item's frames, which is where their payload begins. */
  headerBytes(item: number): number {
    return this.#payload[item];
  }

  /**
   * Writes the headers of an item of several frames: the virtio header, and
   * that of the first frame made into a superframe's.
   *
   * @param item Its number.
   * @param burst Holds its frames.
   * @param out Written to.
   * @param at Where, in bytes.
   */
  writeHeaders(item: number, burst: Burst, out: DataView, at: number): void {
    const layout = this.#layout[item];
    const transport = this.#transport[item];
    const isUdp = (layout & UDP) !== 0;
    const checksum = isUdp ? UDP_CHECKSUM_OFFSET : TCP_CHECKSUM_OFFSET;
    writePartialHeader(out, at, KINDS[layout], transport, checksum);
    writeLengths(out, at, this.#payload[item], this.#segmentSize[item]);
    const frame = at + VIRTIO_BYTES;
    this.#copyHeaders(item, out, frame);
    this.#writeNetwork(item, out, frame + this.#ip[item]);
    const bytes = this.#packetBytes[item] + this.#ip[item] - transport;
    const segment = frame + transport;
    out.setUint16(segment + checksum, fold(this.#pseudoSum[item] + bytes));
    if (isUdp) {
      out.setUint16(segment + UDP_LENGTH_OFFSET, bytes);
    } else if (this.#isPushed(item, burst.start[this.tail[item]] | 0)) {
      const flags = out.getUint8(segment + TCP_FLAGS_OFFSET);
      out.setUint8(segment + TCP_FLAGS_OFFSET, flags | TCP_PSH);
    }
  }

  #copyHeaders(item: number, out: DataView, to: number): void {
    const view = this.#view;
    const start = this.#at[item];
    const bytes = this.#payload[item];
    // An Ethernet header is 2 bytes and some words, all the others are words.
    out.setInt16(to, view.getInt16(start));
    for (let at = 2; at < bytes; at += 4) {
      out.setInt32(to + at, view.getInt32(start + at));
    }
  }

  #writeNetwork(item: number, out: DataView, at: number): void {
    const bytes = this.#packetBytes[item];
    if ((this.#layout[item] & IPV6) !== 0) {
      out.setUint16(at + IPV6_LENGTH_OFFSET, bytes - IPV6_HEADER_BYTES);
      return;
    }
    out.setUint16(at + IPV4_LENGTH_OFFSET, bytes);
    const id = out.getUint16(at + IPV4_ID_OFFSET);
    const header = fold(this.#ipSum[item] + bytes + id);
    out.setUint16(at + IPV4_CHECKSUM_OFFSET, ~header & WORD_MASK);
  }
}

/** Sum of a stretch of a burst's arena. */
function sumOf(burst: Burst, offset: number, length: number): number {
  return burst.arena.sum(offset, length);
}
