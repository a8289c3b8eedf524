/**
 * Frames into a plug, in the order in which they were handed over. Who sends
 * into a full link waits; who comes meanwhile waits behind.
 *
 * @module
 */

import { POLLOUT } from "../../ffi/poll.ts";
import { makeCableBurst } from "../cable/cable_burst.ts";
import { Unfolder } from "../cable/unfolder.ts";
import { Burst } from "../net/burst.ts";
import { MIN_FRAME_BYTES } from "../net/frame.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { requireWriteFd, sendFrom } from "../plug/plug_calls.ts";
import type { Plug } from "../plug/plugin.ts";
import type { LinkWait } from "./link_wait.ts";
import { hangUp } from "./receiver.ts";

/** What a sender is made of. */
export interface SenderParts {
  /** The caller's. */
  readonly plug: Plug;
  /** The caller's; closed by `end`. */
  readonly wait: LinkWait;
  /** Of what goes into the plug. */
  readonly counters: Counters;
  /** Names the link in errors. */
  readonly vnl: string;
  /** Looks whether the link is still there, and ends the sender if it is not. Called now and then, before frames are sent. */
  readonly look: () => void;
  /** Told what ended the link, if that shows here: a LinkEnd, or what broke it. */
  readonly onLinkEnd: (reason: unknown) => void;
}

/** What goes into one plug. */
export class Sender {
  readonly #parts: SenderParts;
  readonly #unfolder: Unfolder;
  readonly #single = new Burst(1);
  #plain: Burst | undefined;
  /** Those who wait for their turn. */
  readonly #queue: (() => void)[] = [];
  #isBusy = false;
  #ending: { readonly error: unknown } | undefined;

  /** @param parts Plug, wait, counters and name. */
  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#unfolder = new Unfolder(parts.plug.accepts, parts.counters);
  }

  /** Sends one plain frame, which is copied before this returns. */
  async send(frame: Uint8Array): Promise<void> {
    this.#checkFrame(frame);
    let own = frame;
    if (this.#isBusy) {
      // Not slice(): of a Node.js Buffer, that is no copy.
      own = new Uint8Array(frame);
      await this.#turn();
    }
    this.#isBusy = true;
    try {
      this.#single.clear();
      this.#single.push(own);
      await this.#carry(this.#single);
    } finally {
      this.#next();
    }
  }

  /** Sends all frames of a burst, which must not change until that is done. */
  async sendBurst(burst: Burst): Promise<void> {
    if (!(burst instanceof Burst)) {
      throw new TypeError(
        `Cannot send to "${this.#parts.vnl}" as a burst is a Burst: received ${
          describe(burst)
        }`,
      );
    }
    if (this.#isBusy) await this.#turn();
    this.#isBusy = true;
    try {
      if (this.#unfolder.takesAll(burst)) await this.#carry(burst);
      else await this.#carryUnfolded(burst);
    } finally {
      this.#next();
    }
  }

  /** Ends it for those who wait and all to come. Only the first end counts. */
  end(error: unknown): void {
    if (this.#ending !== undefined) return;
    this.#ending = { error };
    this.#parts.wait.close();
  }

  #checkFrame(frame: Uint8Array): void {
    const { plug, vnl } = this.#parts;
    if (!(frame instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot send to "${vnl}" as a frame is a Uint8Array: received ${
          describe(frame)
        }`,
      );
    }
    const { length } = frame;
    if (length < MIN_FRAME_BYTES || length > plug.maxFrameBytes) {
      throw new RangeError(
        `Cannot send to "${vnl}" as a frame has ${MIN_FRAME_BYTES} to ${plug.maxFrameBytes} bytes: received ${length}`,
      );
    }
  }

  /** Waits until those who came before are done. Who waited has the turn, and leaves it with `#next`. */
  #turn(): Promise<void> {
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  #next(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#isBusy = false;
    else next();
  }

  async #carryUnfolded(burst: Burst): Promise<void> {
    const plain = this.#plain ??= makeCableBurst();
    for (let next = 0; next < burst.count;) {
      plain.clear();
      next = this.#unfolder.unfold(burst, next, plain);
      await this.#carry(plain);
    }
  }

  /** Hands a burst over before anything is awaited, as far as the link takes it. */
  async #carry(burst: Burst): Promise<void> {
    const { look, wait } = this.#parts;
    this.#check();
    // Asked once: the clock is a good part of what a frame costs.
    const { isTurnDue } = wait;
    if (isTurnDue) look();
    this.#check();
    let sent = 0;
    while ((sent = this.#offer(burst, sent)) < burst.count) {
      await this.#room();
    }
    if (isTurnDue) await wait.yield();
  }

  #offer(burst: Burst, from: number): number {
    const { counters, plug } = this.#parts;
    if (burst.count === from) return from;
    const taken = this.#try(() => sendFrom(plug, burst, from));
    if (taken === 0) return from;
    let bytes = 0;
    for (let index = from; index < from + taken; index++) {
      bytes += burst.length[index];
    }
    counters.add(Counter.frames, taken);
    counters.add(Counter.bytes, bytes);
    counters.add(Counter.bursts, 1);
    return from + taken;
  }

  /** Waits until a full link may take more. */
  async #room(): Promise<void> {
    const { plug, vnl, wait } = this.#parts;
    try {
      requireWriteFd(plug);
      const fd = plug.writeFd ?? -1;
      const isHungUp = await wait.until({ fd, events: POLLOUT });
      if (isHungUp) this.fail(hangUp(vnl));
    } catch (error) {
      this.fail(error);
    }
    this.#check();
  }

  #try<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** Ends it as the link did. Does nothing once it has ended. */
  fail(reason: unknown): void {
    if (this.#ending !== undefined) return;
    this.end(reason);
    this.#parts.onLinkEnd(reason);
  }

  #check(): void {
    if (this.#ending !== undefined) throw this.#ending.error;
  }
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  return value.constructor?.name || "an object";
}
