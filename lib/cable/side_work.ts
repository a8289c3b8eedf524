/**
 * The work that a plug has beside its cable's, while the cable is held up.
 *
 * A switch carries frames between its clients in the same `receive` that takes
 * those for the cable. When the cable's other end is full, nobody calls that:
 * the clients would stand still with it. So after a moment, in which a sink
 * that is only slow makes room again, the plug is served alone.
 *
 * @module
 */

import { monotonicMs } from "../../ffi/clock.ts";
import { explainCall } from "../plug/plug_calls.ts";
import { type Plug, type Serving, servingOf } from "../plug/plugin.ts";

/** How long a sink may be full before its source is served alone. */
export const STALL_MS = 50;

/** Side work of one plug, the source of a pump. Allocates nothing after construction. */
export class SideWork {
  readonly #serving: Serving | undefined;
  /** When the pump was found waiting for its sink; negative: it was not. */
  #stalledMs = -1;

  /** @param source Stays the caller's. */
  constructor(private readonly source: Plug) {
    this.#serving = servingOf(source);
  }

  /**
   * To be called before each wait.
   *
   * @param isStalled Whether the pump waits for its sink.
   * @returns Milliseconds until the plug is to be served; 0: now, whenever its
   * `fd` is readable; -1: not at all.
   */
  patienceMs(isStalled: boolean): number {
    if (this.#serving === undefined || !isStalled) {
      this.#stalledMs = -1;
      return -1;
    }
    const nowMs = monotonicMs();
    if (this.#stalledMs < 0) this.#stalledMs = nowMs;
    const left = STALL_MS - (nowMs - this.#stalledMs);
    return left > 0 ? Math.ceil(left) : 0;
  }

  /** The sink has made room: waiting begins anew. */
  moved(): void {
    this.#stalledMs = -1;
  }

  /** Serves the plug once. */
  serve(): void {
    try {
      this.#serving?.serve();
    } catch (error) {
      throw explainCall(this.source, "serve", error);
    }
  }
}
