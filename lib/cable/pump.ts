/**
 * One direction of a cable: bursts out of a source plug, into a sink plug.
 *
 * @module
 */

import { type Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import { receiveInto, requireWriteFd, sendFrom } from "../plug/plug_calls.ts";
import type { Plug } from "../plug/plugin.ts";
import { makeCableBurst } from "./cable_burst.ts";
import { Unfolder } from "./unfolder.ts";

/** What a direction waits for before `step` can do something. */
export const Wait = {
  /** The source's descriptor to become readable. */
  source: 0,
  /** The sink's to become writable: a reliable sink that is full stops its source, nobody else. */
  sink: 1,
  /** Nothing: the source may hold more frames than one burst took. */
  nothing: 2,
} as const;

/** Sees what passes, and changes nothing. Part of the frame path. */
export interface BurstWatch {
  /** Looks at the frames of a burst that was just received. */
  see(burst: Burst): void;
}

/** One direction of a cable. The frame path: allocates nothing after construction. */
export class Pump {
  readonly #received = makeCableBurst();
  /** Index in `#received` of the first frame that is not in `#offered` yet. */
  #next = 0;
  /** What the sink is offered: `#received` itself, or plain frames made of it. */
  #offered = this.#received;
  #sent = 0;
  #plain: Burst | undefined;
  readonly #unfolder: Unfolder;
  #wait: number = Wait.source;

  /**
   * @param source Frames come from here.
   * @param sink They go here.
   * @param counters Of this direction.
   * @param watch Sees all frames that the source gives.
   */
  constructor(
    private readonly source: Plug,
    private readonly sink: Plug,
    private readonly counters: Counters,
    private readonly watch?: BurstWatch,
  ) {
    this.#unfolder = new Unfolder(sink.accepts, counters);
  }

  /** What has to happen before `step` is worth a call: one of {@linkcode Wait}. */
  get wait(): number {
    return this.#wait;
  }

  /** Frames that came from the source so far. */
  get frames(): number {
    return this.counters.cells[Counter.frames];
  }

  /**
   * Moves one burst, or what is left of the last one.
   *
   * @throws {LinkEnd | PlugError} What the plugs throw, or that they return
   * what no plug may; frames that the source gave before it ended have been
   * offered to the sink.
   */
  step(): void {
    if (this.#isDone()) this.#receive();
    this.flush();
  }

  /** Offers the sink what is left of the last burst; takes nothing new from the source. */
  flush(): void {
    while (!this.#isDone()) {
      if (this.#sent === this.#offered.count) this.#unfold();
      this.#sent += sendFrom(this.sink, this.#offered, this.#sent);
      if (this.#sent < this.#offered.count) {
        requireWriteFd(this.sink);
        this.#wait = Wait.sink;
        return;
      }
    }
    const more = this.#received.room(FRAME_SLOT_BYTES) < 1;
    this.#wait = more ? Wait.nothing : Wait.source;
  }

  #isDone(): boolean {
    return this.#sent === this.#offered.count &&
      this.#next === this.#received.count;
  }

  #receive(): void {
    const burst = this.#received;
    burst.clear();
    this.#offered = burst;
    this.#next = 0;
    this.#sent = 0;
    const frames = receiveInto(this.source, burst);
    if (frames === 0) return;
    this.watch?.see(burst);
    let bytes = 0;
    for (let index = 0; index < frames; index++) bytes += burst.length[index];
    this.counters.add(Counter.frames, frames);
    this.counters.add(Counter.bytes, bytes);
    this.counters.add(Counter.bursts, 1);
    // What the sink takes as it is needs no second burst, and no copy.
    if (this.#unfolder.takesAll(burst)) this.#next = burst.count;
    else this.#unfold();
  }

  #unfold(): void {
    const plain = this.#plain ??= makeCableBurst();
    plain.clear();
    this.#offered = plain;
    this.#sent = 0;
    this.#next = this.#unfolder.unfold(this.#received, this.#next, plain);
  }
}
