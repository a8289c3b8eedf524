/**
 * The bursts that frames of any plug are received into.
 *
 * @module
 */

import { makeArena } from "../net/arena.ts";
import { Burst, SUPERFRAME_SLOT_BYTES } from "../net/burst.ts";

/** Most frames of a burst. */
export const BURST_FRAMES = 1024;
/** The largest superframes for which it has room. */
const BURST_SUPERFRAMES = 16;

/** Makes an empty burst with room for whatever a plug hands over at once; it takes memory once it is used. */
export function makeCableBurst(): Burst {
  const arena = makeArena(BURST_SUPERFRAMES * SUPERFRAME_SLOT_BYTES);
  return new Burst(BURST_FRAMES, arena);
}
