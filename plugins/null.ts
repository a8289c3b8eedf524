/**
 * `null://` plugs: nothing at the other end.
 *
 * @module
 */

import type { Burst } from "../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../lib/net/frame.ts";
import type { Plug, Plugin } from "../lib/plug/plugin.ts";

/** Opens `null://` plugs. */
export const nullPlugin: Plugin = {
  scheme: "null",
  summary:
    "Nothing at the other end: what is sent vanishes, nothing ever comes.",
  description: [
    "It never ends by itself, and takes no privilege: so a switch runs " +
    "alone (vdeplug switch:///tmp/sw null://), and a network can be " +
    "listened to with --stats.",
  ],
  syntax: {
    form: "slash",
    keys: [],
    examples: [{
      vnl: "null://",
      summary: "the far end of a switch that joins nothing else",
    }],
  },
  open: () => new NullPlug(),
};

class NullPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly fd = -1;
  readonly accepts = 0;

  receive(): number {
    return 0;
  }

  send(burst: Burst, from: number): number {
    return burst.count - from;
  }

  [Symbol.dispose](): void {}
}
