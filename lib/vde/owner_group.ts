/**
 * The group of users that may join what a plug makes: what `vde://`, `ptp://`
 * and the switches share.
 *
 * @module
 */

import { groupId } from "../../ffi/users.ts";
import type { Vnl } from "../plug/vnl.ts";

/**
 * Id of the group that is asked for, by a key of the VNL or beside it.
 *
 * @param vnl Declares the key as text.
 * @param key Its name.
 * @param beside What the command line asks for; the key wins.
 * @returns undefined where none is asked for.
 * @throws {TypeError} If there is no such group.
 */
export function ownerGroup(
  vnl: Vnl,
  key: string,
  beside: string | undefined,
): number | undefined {
  const group = vnl.has(key) ? vnl.string(key) : beside;
  if (group === undefined) return undefined;
  try {
    return groupId(group);
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) {
      throw cause;
    }
    const found = cause.message.slice(cause.message.lastIndexOf(": ") + 2);
    throw new TypeError(
      `Cannot open "${vnl}" as ${key} must be an id, or in the group ` +
        `database: received "${group}", and ${found}`,
      { cause },
    );
  }
}
