/**
 * One direction of a cable: bursts out of a source plug, into a sink plug.
 *
 * @module
 */

import { Burst, FRAME_SLOT_BYTES } from "../net/burst.ts";
import { Counter, type Counters } from "../plug/counters.ts";
import type { Plug } from "../plug/plugin.ts";

/** What a direction waits for before `step` can do something. */
export const Wait = {
  /** The source's descriptor to become readable. */
  source: 0,
  /** The sink's to become writable: a reliable sink that is full stops its source, nobody else. */
  sink: 1,
  /** Nothing: the source may hold more frames than one burst took. */
  nothing: 2,
} as const;

/** One direction of a cable. The frame path: allocates nothing after construction. */
export class Pump {
  readonly #burst = new Burst();
  #sent = 0;
  #wait: number = Wait.source;

  /**
   * @param source Frames come from here.
   * @param sink They go here.
   * @param counters Of this direction.
   */
  constructor(
    private readonly source: Plug,
    private readonly sink: Plug,
    private readonly counters: Counters,
  ) {}

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
   * @throws {LinkEnd | PlugError} What the plugs throw; frames that the source
   * gave before it ended have been offered to the sink.
   */
  step(): void {
    if (this.#sent === this.#burst.count) this.#receive();
    this.#send();
  }

  /** Offers the sink what is left of the last burst; takes nothing new from the source. */
  flush(): void {
    if (this.#sent < this.#burst.count) this.#send();
  }

  #receive(): void {
    const burst = this.#burst;
    burst.clear();
    this.#sent = 0;
    const frames = this.source.receive(burst);
    if (frames === 0) return;
    let bytes = 0;
    for (let index = 0; index < frames; index++) bytes += burst.length[index];
    this.counters.add(Counter.frames, frames);
    this.counters.add(Counter.bytes, bytes);
    this.counters.add(Counter.bursts, 1);
  }

  #send(): void {
    const burst = this.#burst;
    if (this.#sent < burst.count) {
      this.#sent += this.sink.send(burst, this.#sent);
    }
    if (this.#sent < burst.count) this.#wait = Wait.sink;
    else {this.#wait = burst.room(FRAME_SLOT_BYTES) > 0
        ? Wait.source
        : Wait.nothing;}
  }
}
