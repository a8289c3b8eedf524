/**
 * A TAP interface without superframes: one frame a read or a write, and
 * nothing before it.
 *
 * @module
 */

import { closeFd, readv, writev } from "../../ffi/fd.ts";
import type { TapInterface } from "../../ffi/if_tun.ts";
import { AddressCache, Iovecs } from "../../ffi/memory.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { countUnfit, countUnfitFrames, fits } from "../plug/fit.ts";
import type { OpenOptions, Plug } from "../plug/plugin.ts";
import { brokenTap, dropReason, isQuiet } from "./tap_link.ts";

/** The plug of such an interface. */
export class PlainTap implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly fd: number;
  readonly #tap: TapInterface;
  readonly #received;
  readonly #sent;
  readonly #iovec = new Iovecs(1);
  readonly #source = new AddressCache();
  readonly #sink = new AddressCache();
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
    const arena = this.#source.of(burst.bytes);
    // A slot is longer than the longest frame: what is cut off shows as oversize.
    while (burst.room(FRAME_SLOT_BYTES) > 0) {
      this.#iovec.set(0, arena + burst.tail, FRAME_SLOT_BYTES);
      const n = readv(this.fd, this.#iovec, 1);
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
    const arena = this.#sink.of(burst.bytes);
    for (let index = from; index < burst.count; index++) {
      const length = burst.length[index];
      if (!fits(length)) continue;
      this.#iovec.set(0, arena + burst.start[index], length);
      const n = writev(this.fd, this.#iovec, 1);
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
