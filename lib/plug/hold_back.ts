/**
 * For plugs that hold something back when they return.
 *
 * @module
 */

import type { Burst } from "../net/burst.ts";

/**
 * Leaves no room in a burst, so that whoever drives the plug comes back at
 * once: a plug that has frames to hand out before it tells of its end cannot
 * count on its descriptor to tell of that, too.
 *
 * @param burst Has frames of the plug in it.
 */
export function holdBack(burst: Burst): void {
  burst.tail = burst.bytes.length;
}
