/**
 * Error numbers that only tests need (asm-generic/errno-base.h).
 *
 * @module
 */

export { EACCES, EINVAL, ENOENT } from "../../ffi/errno.ts";

export const EBADF = 9;
export const ENOTTY = 25;
