/**
 * A link of the frames of another plug, one at a time.
 *
 * The plug gives a burst, of which the link hands out one frame after the
 * other; superframes become plain frames on the way, as they do in a cable.
 * While some of a burst is left, nothing at the plug's own descriptor tells of
 * it: so the link's is readable for a second reason, an event counter, which is
 * touched twice a burst and never for a frame alone.
 *
 * What the plug does not take, it may have taken a part of: it must be offered
 * the same frame again, even if whoever sends through the link has dropped it.
 *
 * @module
 */

import { EventFd } from "../../ffi/eventfd.ts";
import { makeCableBurst } from "../cable/cable_burst.ts";
import { Unfolder } from "../cable/unfolder.ts";
import { Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { MAX_FRAME_BYTES } from "../net/frame.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { countUnfit, fits } from "../plug/fit.ts";
import { PlugError } from "../plug/errors.ts";
import { misuse } from "../plug/fault.ts";
import type { AnyOf, FrameLink, SendResult } from "../plug/kit.ts";
import {
  explainCall,
  notWatchable,
  receiveInto,
  requireWriteFd,
  sendFrom,
} from "../plug/plug_calls.ts";
import {
  type OpenOptions,
  type Plug,
  type Serving,
  servingOf,
} from "../plug/plugin.ts";
import { findPlugFault } from "../plug/plugin_shape.ts";
import { makeAnyOf } from "./any_of.ts";
import { orPlugError } from "./plug_error.ts";

/** What a link gives when no frame waits. */
const NONE = -1;
const NO_OFFLOADS = 0;

/** Makes one; see `PluginKit.frameLink`. */
export function linkOf(plug: Plug, options: OpenOptions): FrameLink {
  const fault = findPlugFault(plug);
  if (fault !== undefined) {
    const isPromise = (plug as unknown) instanceof Promise;
    const hint = isPromise ? ": it is a promise, to be awaited" : "";
    throw misuse(
      new TypeError(`Cannot make a link of a plug: ${fault}${hint}`),
    );
  }
  using parts = new DisposableStack();
  parts.use(plug);
  const held = parts.use(orPlugError(() => new EventFd()));
  const any = parts.use(watch(plug, held));
  const inlet = new Inlet(plug, held, options.receiveCounters);
  const outlet = new Outlet(plug, options.sendCounters);
  const serving = servingOf(plug);
  const kept = parts.move();
  // Its members are its own, so that an author may spread it into another.
  return {
    fd: any.fd,
    writeFd: plug.writeFd,
    controlFd: plug.controlFd,
    maxFrameBytes: Math.min(plug.maxFrameBytes, MAX_FRAME_BYTES),
    receive: (room) => inlet.receive(room),
    send: (frame) => outlet.send(frame),
    serve: serving && (() => inlet.serve(serving)),
    [Symbol.dispose]: () => kept.dispose(),
  };
}

function watch(plug: Plug, held: EventFd): AnyOf {
  try {
    return makeAnyOf([plug.fd, held.fd]);
  } catch (error) {
    throw error instanceof PlugError ? notWatchable(plug, error) : error;
  }
}

/** Frames out of the plug. */
class Inlet {
  readonly #plug: Plug;
  readonly #held: EventFd;
  readonly #counters: Counters;
  readonly #unfolder: Unfolder;
  /** What the plug gave; from index `#next` on, plain frames are still to be made of it. */
  readonly #raw = makeCableBurst();
  #next = 0;
  /** Plain frames, in `#raw` itself or made of it, to be handed out from `#index` on. */
  #frames = this.#raw;
  #index = 0;
  #plain: Burst | undefined;
  /** The plug had no room for all, or for its end: it is to be asked again unasked. */
  #isCut = false;
  /** Ended the plug, and so the link. */
  #failure: unknown;
  #isSignalled = false;

  constructor(plug: Plug, held: EventFd, counters: Counters) {
    this.#plug = plug;
    this.#held = held;
    this.#counters = counters;
    this.#unfolder = new Unfolder(NO_OFFLOADS, counters);
  }

  receive(room: Uint8Array<ArrayBuffer>): number {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#receive(room);
    } catch (error) {
      throw this.#failure = error;
    } finally {
      this.#tell();
    }
  }

  #receive(room: Uint8Array<ArrayBuffer>): number {
    // Once a call: what is dropped must not keep the thread from all else.
    if (this.#isEmpty) this.#refill();
    while (!this.#isEmpty) {
      const length = this.#take(room);
      if (length !== NONE) return length;
    }
    return NONE;
  }

  /** The plug's own work; what is held is lost, as what it would give is. */
  serve(serving: Serving): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#drop();
      serving.serve();
    } catch (error) {
      throw this.#failure = explainCall(this.#plug, "serve", error);
    } finally {
      this.#tell();
    }
  }

  #drop(): void {
    while (!this.#isEmpty) {
      if (this.#index === this.#frames.count) this.#unfold();
      this.#counters.add(Counter.full, this.#frames.count - this.#index);
      this.#index = this.#frames.count;
    }
    this.#isCut = false;
  }

  /** Lets the descriptor tell of what is held. */
  #tell(): void {
    const holds = !this.#isEmpty || this.#isCut || this.#failure !== undefined;
    if (holds === this.#isSignalled) return;
    this.#isSignalled = holds;
    if (holds) this.#held.signal();
    else this.#held.drain();
  }

  get #isEmpty(): boolean {
    return this.#index === this.#frames.count &&
      this.#next === this.#raw.count;
  }

  #refill(): void {
    const raw = this.#raw;
    raw.clear();
    this.#frames = raw;
    this.#index = this.#next = 0;
    receiveInto(this.#plug, raw);
    this.#isCut = raw.room(FRAME_SLOT_BYTES) < 1;
    // Without superframes in it, the burst needs no second one.
    if (this.#unfolder.takesAll(raw)) this.#next = raw.count;
    else this.#unfold();
  }

  #unfold(): void {
    const plain = this.#plain ??= makeCableBurst();
    plain.clear();
    this.#frames = plain;
    this.#index = 0;
    this.#next = this.#unfolder.unfold(this.#raw, this.#next, plain);
  }

  /** Hands the next frame out; its length, or {@linkcode NONE} if it is none. */
  #take(room: Uint8Array<ArrayBuffer>): number {
    if (this.#index === this.#frames.count) this.#unfold();
    // Nothing could be made of what was left.
    if (this.#index === this.#frames.count) return NONE;
    const frame = this.#frames.frame(this.#index++);
    if (!fits(frame.length)) {
      countUnfit(frame.length, this.#counters);
      return NONE;
    }
    room.set(frame);
    return frame.length;
  }
}

/** Frames into the plug. */
class Outlet {
  readonly #plug: Plug;
  readonly #counters: Counters;
  /** The frame that is offered. */
  readonly #single = new Burst(1);
  /** The plug has not taken it yet, or not all of it. */
  #isLeft = false;

  constructor(plug: Plug, counters: Counters) {
    this.#plug = plug;
    this.#counters = counters;
  }

  send(frame: Uint8Array<ArrayBuffer>): SendResult {
    if (!fits(frame.length)) {
      countUnfit(frame.length, this.#counters);
      return "sent";
    }
    if (this.#isLeft) {
      const isSame = sameBytes(frame, this.#single.frame(0));
      if (!this.#offer()) return "full";
      if (isSame) return "sent";
    }
    this.#single.clear();
    this.#single.push(frame);
    return this.#offer() ? "sent" : "full";
  }

  /** Whether the plug took the frame. */
  #offer(): boolean {
    this.#isLeft = sendFrom(this.#plug, this.#single, 0) === 0;
    if (this.#isLeft) requireWriteFd(this.#plug);
    return !this.#isLeft;
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, at) => byte === other[at]);
}
