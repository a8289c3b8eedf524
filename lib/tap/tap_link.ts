/**
 * What the reads and writes of a TAP interface answer, and what that means.
 *
 * @module
 */

import { EBADFD, EINVAL, EIO, ENODEV } from "../../ffi/errno.ts";
import { isAgain } from "../../ffi/fd.ts";
import type { TapInterface } from "../../ffi/if_tun.ts";
import { SystemError } from "../../ffi/libc.ts";
import { Counter } from "../plug/counters.ts";
import { PlugError } from "../plug/errors.ts";

/** Whether a read of `-errno` only means that nothing is there: an interface that is down reads EIO until it is up again. */
export function isQuiet(result: number): boolean {
  return isAgain(result) || result === -EIO;
}

/**
 * The counter for a frame whose write answered `-errno`.
 *
 * @throws {PlugError} If the interface is gone for good.
 */
export function dropReason(tap: TapInterface, result: number): number {
  if (result === -EIO) return Counter.down;
  if (result === -EINVAL) return Counter.malformed;
  if (result === -EBADFD || result === -ENODEV) {
    throw brokenTap(tap, "write to", result);
  }
  return Counter.full;
}

/** The error of a TAP interface that is gone, or does what it never should. */
export function brokenTap(
  { name }: TapInterface,
  attempt: string,
  result: number,
): PlugError {
  const cause = new SystemError(`${attempt} interface "${name}"`, -result);
  const removed = result === -EBADFD || result === -ENODEV;
  return new PlugError(
    removed ? `Cannot ${cause.attempt}: it was removed` : cause.message,
    { code: cause.code, cause },
  );
}
