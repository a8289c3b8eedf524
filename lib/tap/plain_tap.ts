/**
 * A TAP interface without superframes: one frame a read or a write, and
 * nothing before it.
 *
 * @module
 */

import { closeFd, readv, writev } from "../../ffi/fd.ts";
import type { TapInterface } from "../../ffi/if_tun.ts";
import { Iovecs } from "../../ffi/memory.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { countUnfit, countUnfitFrames, fits } from "../plug/fit.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import { brokenTap, dropReason, isQuiet } from "./tap_link.ts";

/** The base of frames. */
const ARENA = 1;

/** The plug of such an interface. */
export class PlainTap implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly fd: number;
  readonly #tap: TapInterface;
  readonly #received;
  readonly #sent;
  readonly #readIovec = new Iovecs(1);
  readonly #writeIovec = new Iovecs(1);
  #open = true;

  /** @param tap Becomes the plug's. */
  constructor(tap: TapInterface, options: OpenOptions) {
    this.fd = tap.fd;
    this.#tap = tap;
    this.#received = options.receiveCounters;
    this.#sent = options.sendCounters;
  }

  receive(burst: Burst): number {
    const before = burst.count;
    this.#readIovec.bases.point(ARENA, burst.bytes);
    // A slot is longer than the longest frame: what is cut off shows as oversize.
    while (burst.room(FRAME_SLOT_BYTES) > 0) {
      this.#readIovec.set(0, ARENA, burst.tail, FRAME_SLOT_BYTES);
      const n = readv(this.fd, this.#readIovec, 1);
      if (n < 0) {
        if (isQuiet(n)) break;
        throw brokenTap(this.#tap, "read from", n);
      }
      if (fits(n)) burst.append(burst.tail, n);
      else countUnfit(n, this.#received);
    }
    return burst.count - before;
  }

  send(burst: Burst, from: number): number {
    this.#writeIovec.bases.point(ARENA, burst.bytes);
    for (let index = from; index < burst.count; index++) {
      const length = burst.length[index];
      if (!fits(length)) continue;
      this.#writeIovec.set(0, ARENA, burst.start[index], length);
      const n = writev(this.fd, this.#writeIovec, 1);
      if (n < 0) this.#sent.add(dropReason(this.#tap, n), 1);
    }
    countUnfitFrames(burst, from, burst.count, this.#sent);
    return burst.count - from;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }
}
