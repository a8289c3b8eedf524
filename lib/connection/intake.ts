/**
 * Frames out of a plug for a program: plain ones, unless it asks for
 * superframes.
 *
 * A burst that comes from the plug is handed on as it is where it holds plain
 * frames alone. Otherwise it is kept, and the frames made of it go into another
 * burst, perhaps in several rounds: whoever asks next gets what is left of it
 * before anything new is received.
 *
 * A program that only sends learns of the link's end from here, too: where
 * nothing is held, one burst is received ahead, for whoever asks next.
 *
 * @module
 */

import { makeCableBurst } from "../cable/cable_burst.ts";
import { Unfolder } from "../cable/unfolder.ts";
import type { Burst } from "../net/burst.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { receiveInto } from "../plug/plug_calls.ts";
import { Offload, type Plug } from "../plug/plugin.ts";

const NO_OFFLOADS = 0;
const ALL_OFFLOADS: number = Offload.checksum | Offload.tcp4 | Offload.tcp6 |
  Offload.ecn | Offload.udp4 | Offload.udp6;

/** What comes out of one plug. Never waits. */
export class Intake {
  readonly #plug: Plug;
  readonly #counters: Counters;
  readonly #unfolder: Unfolder;
  readonly #copier: Unfolder;
  /** Holds frames of which plain ones are made, from index `#next` on. */
  #raw: Burst | undefined;
  #next = 0;
  /** Holds plain frames that are handed out one by one, from index `#index` on. */
  #frames: Burst | undefined;
  #index = 0;
  /** Holds what was received before anybody asked, unless it is empty. */
  #ahead: Burst | undefined;

  /**
   * @param plug The caller's.
   * @param counters Of what comes out of it.
   */
  constructor(plug: Plug, counters: Counters) {
    this.#plug = plug;
    this.#counters = counters;
    this.#unfolder = new Unfolder(NO_OFFLOADS, counters);
    this.#copier = new Unfolder(ALL_OFFLOADS, counters);
  }

  /**
   * Looks whether the link is still there, unless frames are held.
   *
   * @throws What the plug throws.
   */
  look(): void {
    if (this.#isHolding()) return;
    const ahead = this.#ahead ??= makeCableBurst();
    ahead.clear();
    this.#receive(ahead);
  }

  #isHolding(): boolean {
    return (this.#ahead?.count ?? 0) > 0 ||
      this.#next < (this.#raw?.count ?? 0) ||
      this.#index < (this.#frames?.count ?? 0);
  }

  /**
   * Takes one plain frame.
   *
   * @returns A copy, the caller's; undefined when none waits.
   * @throws What the plug throws.
   */
  frame(): Uint8Array<ArrayBuffer> | undefined {
    let frames = this.#frames;
    if (frames === undefined || this.#index >= frames.count) {
      this.#index = 0;
      frames?.clear();
      frames = this.#frames = this.#refill(frames ?? makeCableBurst(), false);
      if (frames.count === 0) return undefined;
    }
    return frames.frame(this.#index++).slice();
  }

  /**
   * Takes the frames that wait.
   *
   * @param empty A burst of `makeCableBurst`; its contents are forgotten, and
   * it may be kept in exchange for the one that is returned.
   * @param superframes Whether superframes may be among them.
   * @returns The caller's; without frames when none wait.
   * @throws What the plug throws.
   */
  burst(empty: Burst, superframes: boolean): Burst {
    empty.clear();
    const frames = this.#frames;
    if (frames !== undefined && this.#index < frames.count) {
      // As many as once stood in a burst of the same size: there is room.
      this.#copier.unfold(frames, this.#index, empty);
      this.#index = frames.count;
      return empty;
    }
    return this.#refill(empty, superframes);
  }

  /** Fills a burst with what is left of the last one, or else with new frames. */
  #refill(empty: Burst, superframes: boolean): Burst {
    if (this.#raw !== undefined && this.#next < this.#raw.count) {
      this.#unfold(this.#raw, empty);
      if (empty.count > 0) return empty;
    }
    const fresh = this.#fresh(empty);
    if (fresh.count === 0) return fresh;
    if (superframes || this.#unfolder.takesAll(fresh)) return fresh;
    const plain = this.#raw ?? makeCableBurst();
    plain.clear();
    this.#raw = fresh;
    this.#next = 0;
    this.#unfold(fresh, plain);
    // Nothing could be made of any of them: the plug may have more.
    return plain.count > 0 ? plain : this.#refill(plain, superframes);
  }

  /** What the plug has: in `empty`, or in a burst for which that is kept. */
  #fresh(empty: Burst): Burst {
    const ahead = this.#ahead;
    if (ahead === undefined || ahead.count === 0) {
      this.#receive(empty);
      return empty;
    }
    this.#ahead = empty;
    return ahead;
  }

  #unfold(raw: Burst, plain: Burst): void {
    this.#next = this.#unfolder.unfold(raw, this.#next, plain);
  }

  #receive(burst: Burst): number {
    const frames = receiveInto(this.#plug, burst);
    if (frames === 0) return 0;
    let bytes = 0;
    for (let index = 0; index < frames; index++) bytes += burst.length[index];
    this.#counters.add(Counter.frames, frames);
    this.#counters.add(Counter.bytes, bytes);
    this.#counters.add(Counter.bursts, 1);
    return frames;
  }
}
