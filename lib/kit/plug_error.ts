/**
 * What the kernel refuses, in the words of a plug.
 *
 * @module
 */

import { SystemError } from "../../ffi/libc.ts";
import { PlugError } from "../plug/errors.ts";

/**
 * Makes something of the kernel's.
 *
 * @throws {PlugError} If the kernel refuses.
 */
export function orPlugError<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    throw new PlugError(cause.message, { code: cause.code, cause });
  }
}
