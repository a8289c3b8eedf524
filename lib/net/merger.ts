/**
 * Merging: before a burst goes to a TAP interface, neighbouring segments of one
 * flow become one superframe, as the kernel's generic receive offload (GRO)
 * makes them of what a network card receives.
 *
 * **No copy.** Segments stay where they are in the burst. An item of the result
 * is a scatter list for one writev(2): rewritten headers, then the payload of
 * each segment.
 *
 * **What may merge.** Two rules, both strict: {@linkcode FlowKey} says with
 * which frame a superframe may begin, and {@linkcode GrowingItems.continues}
 * whether a frame is the next segment of one. Taken together:
 *
 * - TCP or UDP over IPv4 or IPv6, of a kind that the TAP takes, behind at most
 *   two tags; no fragment, no IPv4 options, no IPv6 extension header.
 * - The same Ethernet header, addresses, ports, version; the same time to live,
 *   type of service (and so ECN bits), Don't Fragment, flow label.
 * - The lengths in the headers agree with the frame's. So a frame padded to
 *   Ethernet's minimum is left alone.
 * - IPv4 identification one above that of the segment before, or the same in
 *   all segments and Don't Fragment set. That is the kernel's rule, in
 *   inet_gro_flush() of include/net/gro.h. It lets a host with a counter for
 *   all its flows go unmerged; but what is merged comes apart again with the
 *   numbers it had, or with numbers that nobody reads (RFC 6864 section 4).
 * - TCP: the same acknowledgement number, window, urgent pointer and options,
 *   byte for byte; the flags ACK, or ACK and PSH, the reserved bits 0; the
 *   sequence number that comes next. The window is the kernel's rule as well.
 *   CWR and ECE forbid, so that no merged frame needs the ECN kind.
 * - UDP: a checksum.
 * - Payload: some; as much as the first segment has, or less, and then the
 *   item is complete. So it is with PSH.
 * - 65,535 bytes of IP packet, and {@linkcode MAX_ITEM_FRAMES} segments.
 * - All checksums right: the kernel will not look at a merged segment's again.
 *   They are computed last, and not before there is something to merge with.
 *
 * **Order.** A flow's frame that does not continue the flow's item closes it,
 * and stands in a later item. So the frames of a flow are written in the order
 * in which they came, whatever flows are between them. A fragment, or an IPv6
 * packet with an extension header, may be of any flow between its addresses,
 * and closes them all.
 *
 * **Finding.** Most frames continue the item of the frame before; that is tried
 * first, without looking at the flow. The items of other flows are found in a
 * {@linkcode FlowTable}, which may find that of another flow by mistake, or
 * not find one: the former is compared and closed, the latter is never
 * continued, and both cost a merge and nothing else.
 *
 * **Cost.** With the sums of a `SimdArena`, a segment of 1448 bytes is merged in
 * 90 ns, half of that for its sum; in 130 where 16 flows alternate. ARP costs
 * 17 ns, and a segment that finds nothing to merge with, among a thousand
 * flows, 60 (Deno 2.9.6, a Xeon; the same burst of 128 or 1000 frames over and
 * over, 67,000 frames a round, the best of 30 rounds on a quiet machine).
 *
 * @module
 */

import type { Burst } from "./burst.ts";
import { FlowKey, MAX_MERGED_ETHERNET_BYTES, Standing } from "./flow_key.ts";
import { FlowTable } from "./flow_table.ts";
import { GrowingItems } from "./growing_items.ts";
import {
  VIRTIO_HEADER_BYTES,
  writeOwnHeader,
  writePlainHeader,
} from "./virtio_header.ts";

export { MAX_ITEM_FRAMES } from "./growing_items.ts";

// Copies that V8 folds into the code, as it does not with exported ones.
const HIDDEN = Standing.hidden;
const FIRST = Standing.first;
const VIRTIO_BYTES = VIRTIO_HEADER_BYTES;

const NONE = -1;

const IPV6_HEADER_BYTES = 40;
const MAX_TCP_HEADER_BYTES = 60;

/** Distance from one item's headers to the next: the longest that are written, rounded up. */
const HEADER_SLOT_BYTES: number = (VIRTIO_HEADER_BYTES +
  MAX_MERGED_ETHERNET_BYTES + IPV6_HEADER_BYTES + MAX_TCP_HEADER_BYTES + 7) &
  ~7;

// Bits of `Offload` (lib/plug/plugin.ts), on which lib/net does not depend.
const CHECKSUM = 0x01;
const TCP4 = 0x02;
const TCP6 = 0x04;
const UDP4 = 0x20;
const UDP6 = 0x40;
/** Those without which a flow is not merged, by its layout. */
const NEEDED_OFFLOADS: readonly number[] = [
  CHECKSUM | TCP4,
  CHECKSUM | TCP6,
  CHECKSUM | UDP4,
  CHECKSUM | UDP6,
];

/**
 * Makes superframes of the frames of a burst. Not shared between threads.
 *
 * The columns tell of the items 0 to `count - 1`, in the order in which they
 * are to be written. They and `headers` are valid until the next call of
 * `merge`, as long as the burst is not changed.
 */
export class Merger {
  /** Most frames of a burst that it takes. */
  readonly capacityFrames: number;

  /** Items of the last burst. */
  count = 0;

  /** Of each item: number of its frames, 1 to {@linkcode MAX_ITEM_FRAMES}. */
  readonly frames: Int32Array<ArrayBuffer>;

  /** Of each item: index in the burst of its first frame. */
  readonly head: Int32Array<ArrayBuffer>;

  /** Of each frame of the burst: index of the next one of its item, -1 for the last. */
  readonly next: Int32Array<ArrayBuffer>;

  /**
   * What is written before an item's frames: a `struct virtio_net_hdr`, and in
   * an item of several frames their headers, made into one superframe's. Its
   * address never changes.
   */
  readonly headers: Uint8Array<ArrayBuffer>;

  /** Of each item: where in `headers` its own begin. Never changes. */
  readonly headerStart: Int32Array<ArrayBuffer>;

  /** Of each item: how many bytes of `headers` are its own. */
  readonly headerLength: Int32Array<ArrayBuffer>;

  /** Of each item: bytes at the start of each of its frames that are not written. */
  readonly payloadOffset: Int32Array<ArrayBuffer>;

  readonly #out: DataView;
  readonly #key: FlowKey;
  readonly #flows: FlowTable;
  readonly #items: GrowingItems;
  /** The open item that the frame before is in; -1 when there is none. */
  #last = NONE;
  /** A bit for each layout that is merged. */
  #layouts = 0;

  /**
   * Makes one that has no items.
   *
   * @param capacityFrames Most frames of a burst.
   * @param seed Makes the hash repeatable, for tests. Random unless given.
   */
  constructor(capacityFrames: number, seed?: number) {
    this.capacityFrames = capacityFrames;
    this.#key = new FlowKey(seed);
    this.#flows = new FlowTable(capacityFrames);
    this.#items = new GrowingItems(capacityFrames);
    this.frames = this.#items.frames;
    this.head = new Int32Array(capacityFrames);
    this.next = new Int32Array(capacityFrames);
    this.headers = new Uint8Array(capacityFrames * HEADER_SLOT_BYTES);
    this.headerStart = Int32Array.from(
      { length: capacityFrames },
      (_, item) => item * HEADER_SLOT_BYTES,
    );
    this.headerLength = new Int32Array(capacityFrames);
    this.payloadOffset = new Int32Array(capacityFrames);
    this.#out = new DataView(this.headers.buffer);
  }

  /**
   * Makes items of the frames of a burst from index `from` on.
   *
   * A frame that is a superframe already, or whose checksum is still to be
   * computed, is an item of its own, with a virtio header made of the burst's
   * columns: whether the TAP takes it is for the caller to see to.
   *
   * @param burst Capacity at most `capacityFrames`. Not changed.
   * @param from Index of the first frame.
   * @param offload Superframes that the TAP takes: a sum of the bits of
   * `Offload`. None are made without `checksum`.
   * @throws {RangeError} If the burst's capacity is greater; never for what is in a frame.
   */
  merge(burst: Burst, from: number, offload: number): void {
    this.#begin(burst, offload);
    const { count, start, length, kind, checksumStart } = burst;
    const items = this.#items;
    for (let frame = from; frame < count; frame++) {
      const last = this.#last;
      // Below 2^31, which V8 does not know of an unsigned column.
      const at = start[frame] | 0;
      const bytes = length[frame] | 0;
      const plain = (kind[frame] | checksumStart[frame]) === 0;
      if (last !== NONE && plain && items.continues(last, burst, at, bytes)) {
        this.#append(last, frame, at, bytes);
      } else {
        this.#place(burst, frame, plain);
      }
    }
    for (let item = 0; item < this.count; item++) {
      if (this.frames[item] > 1) this.#finish(item, burst);
    }
  }

  #begin(burst: Burst, offload: number): void {
    if (burst.capacityFrames > this.capacityFrames) {
      throw new RangeError(
        `Cannot merge a burst of up to ${burst.capacityFrames} frames: room for ${this.capacityFrames}`,
      );
    }
    this.count = 0;
    this.#last = NONE;
    this.#layouts = 0;
    for (let layout = 0; layout < NEEDED_OFFLOADS.length; layout++) {
      const needed = NEEDED_OFFLOADS[layout];
      if ((offload & needed) === needed) this.#layouts |= 1 << layout;
    }
    this.#flows.clear();
    this.#items.attach(burst.bytes);
  }

  /** Finds the place of a frame that does not continue the item of the one before. */
  #place(burst: Burst, frame: number, plain: boolean): void {
    const item = this.count;
    if (this.#layouts === 0) return this.#add(burst, frame, plain);
    const key = this.#key;
    const items = this.#items;
    const flows = this.#flows;
    const start = burst.start[frame] | 0;
    const length = burst.length[frame] | 0;
    const standing = key.read(burst.bytes, items.view, start, length);
    if (standing <= HIDDEN) {
      if (standing === HIDDEN) this.#closePair(key.pair);
      return this.#add(burst, frame, plain);
    }
    if (((this.#layouts >> key.layout) & 1) === 0) {
      return this.#add(burst, frame, plain);
    }
    const place = flows.find(key.flow);
    const found = flows.itemAt(place);
    if (found !== NONE && flows.isOpen(found)) {
      if (
        plain && found !== this.#last &&
        items.continues(found, burst, start, length)
      ) {
        return this.#append(found, frame, start, length);
      }
      this.#close(found);
    }
    this.#add(burst, frame, plain);
    if (standing !== FIRST || !plain) return;
    items.start(item, frame, key, start, length);
    flows.open(place, item, key.flow, key.pair);
    this.#last = item;
  }

  #close(item: number): void {
    this.#flows.close(item);
    if (item === this.#last) this.#last = NONE;
  }

  #closePair(pair: number): void {
    this.#flows.closePair(pair);
    // The item of the frame before is continued without asking the table.
    this.#last = NONE;
  }

  /** Makes an item of one frame. */
  #add(burst: Burst, frame: number, plain: boolean): void {
    const item = this.count++;
    this.frames[item] = 1;
    this.head[item] = frame;
    this.next[frame] = NONE;
    this.headerLength[item] = VIRTIO_BYTES;
    this.payloadOffset[item] = 0;
    const at = item * HEADER_SLOT_BYTES;
    if (plain) writePlainHeader(this.#out, at);
    else writeOwnHeader(this.#out, at, burst, frame);
  }

  /** Adds a frame to the item that it continues. */
  #append(item: number, frame: number, start: number, length: number): void {
    const items = this.#items;
    this.next[items.tail[item]] = frame;
    this.next[frame] = NONE;
    this.#last = item;
    if (!items.append(item, frame, start, length)) this.#close(item);
  }

  /** Makes a superframe of an item of several frames. */
  #finish(item: number, burst: Burst): void {
    const bytes = this.#items.headerBytes(item);
    this.headerLength[item] = VIRTIO_BYTES + bytes;
    this.payloadOffset[item] = bytes;
    const at = item * HEADER_SLOT_BYTES;
    this.#items.writeHeaders(item, burst, this.#out, at);
  }
}
