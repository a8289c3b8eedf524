/**
 * The work that a switch has beside its user's, while its user takes no frames.
 *
 * A switch carries frames between its clients in the same `receive` that takes
 * those for its user. While nobody asks for frames, for a moment longer than a
 * program that works on one takes, the switch is served alone.
 *
 * @module
 */

import { POLLIN } from "../../ffi/poll.ts";
import { STALL_MS } from "../cable/side_work.ts";
import { type Plug, type Serving, servingOf } from "../plug/plugin.ts";
import type { LinkWait } from "./link_wait.ts";

/** What a side service is told. */
export interface SideServiceParts {
  /** The caller's. */
  readonly plug: Plug;
  /** The caller's; the service ends once it is closed. */
  readonly wait: LinkWait;
  /** Whether somebody waits for frames, and sees to the plug that way. */
  readonly isAwaited: () => boolean;
  /** Told of what ended it, if the plug failed. */
  readonly onFailure: (error: unknown) => void;
}

/** Serves one plug; does nothing for those that have no such work. */
export class SideService {
  readonly #parts: SideServiceParts;
  #takenMs = performance.now();
  #isOver = false;

  /** @param parts What it is told; the service begins at once. */
  constructor(parts: SideServiceParts) {
    this.#parts = parts;
    const serving = servingOf(parts.plug);
    if (serving === undefined) return;
    this.#run(serving).catch(parts.onFailure);
  }

  /** Frames were taken, or would have been. */
  taken(): void {
    this.#takenMs = performance.now();
  }

  /** Ends it. Twice is harmless. */
  end(): void {
    this.#isOver = true;
    this.#parts.wait.close();
  }

  async #run(serving: Serving): Promise<void> {
    const { isAwaited, plug, wait } = this.#parts;
    while (!this.#isOver) {
      await wait.until({ fd: plug.fd, events: POLLIN });
      if (this.#isOver) return;
      const patienceMs = isAwaited()
        ? STALL_MS
        : this.#takenMs + STALL_MS - performance.now();
      if (patienceMs <= 0) serving.serve();
      else {
        const timeoutMs = Math.ceil(patienceMs);
        await wait.until({ fd: -1, events: 0, timeoutMs });
      }
    }
  }
}
