/**
 * The C library of this machine: how it is opened, and its `errno`.
 *
 * Every file of this folder declares the functions it needs and binds them
 * through {@linkcode libc}. Binding happens at first use, so that importing a
 * module needs no permission and does nothing.
 *
 * @module
 */

import { errnoName } from "./errno.ts";
import { requireFfi } from "./permission.ts";

const LIBRARY = "libc.so.6";

/** A call into the kernel or libc that failed. */
export class SystemError extends Error {
  override readonly name: string = "SystemError";

  /**
   * @param attempt What was tried: the sentence is `Cannot <attempt>: <text> (<code>)`.
   * @param errno The kernel's number for the fault.
   */
  constructor(readonly attempt: string, readonly errno: number) {
    super(`Cannot ${attempt}: ${errnoText(errno)} (${errnoName(errno)})`);
  }

  /** The kernel's name for the fault, as in errno(3): `EPERM`, `ENODEV`… */
  get code(): string {
    return errnoName(this.errno);
  }
}

/**
 * Binds functions of the C library, once.
 *
 * @param table Their declarations. `ssize_t` of a call that moves less than
 * 2 GiB is declared `i32` throughout: `isize` would come back as a bigint, off
 * the fast path. Structures' addresses stand in their fields as two 32-bit
 * halves, low half first: only 64-bit little-endian machines are supported.
 * @returns A function that gives the bound symbols; the library is opened at
 * its first call, which throws a `PermissionError` where Deno does not let us.
 */
export function libc<const S extends Deno.ForeignLibraryInterface>(
  table: S,
): () => Deno.DynamicLibrary<S>["symbols"] {
  let symbols: Deno.DynamicLibrary<S>["symbols"] | undefined;
  return () => symbols ??= open(table).symbols;
}

function open<S extends Deno.ForeignLibraryInterface>(
  table: S,
): Deno.DynamicLibrary<S> {
  const { os, arch } = Deno.build;
  if (os !== "linux" || (arch !== "x86_64" && arch !== "aarch64")) {
    throw new TypeError(
      `Cannot run on "${os} ${arch}": vdeplug needs Linux on x86-64 or arm64`,
    );
  }
  requireFfi();
  // Before the first call: to open a library after one would change its errno.
  errnoCell ??= mapErrno();
  return Deno.dlopen(LIBRARY, table);
}

const ERRNO_SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" }, // int *
} as const;

const bound = libc({
  strerror: { parameters: ["i32"], result: "pointer" }, // char *, never NULL
});

/** The C library's words for an error number, lower case. */
function errnoText(errno: number): string {
  const text = bound().strerror(errno);
  return text === null
    ? ""
    : Deno.UnsafePointerView.getCString(text).toLowerCase();
}

/** Mapped before the first function of the C library is bound on this thread. */
let errnoCell: Int32Array | undefined;

/**
 * The error number of the call just made on this thread. Valid directly after
 * a synchronous call: nothing may run in between, least of all an `await`; it
 * is never valid after a `nonblocking` one.
 */
export function errno(): number {
  return (errnoCell ??= mapErrno())[0];
}

/**
 * Sets the error number of this thread to 0: for foreign functions that may
 * fail without setting it.
 */
export function clearErrno(): void {
  (errnoCell ??= mapErrno())[0] = 0;
}

/** Each thread, so each Worker, has an `errno` of its own at an address of its own. */
function mapErrno(): Int32Array {
  const { symbols } = Deno.dlopen(LIBRARY, ERRNO_SYMBOLS);
  const location = symbols.__errno_location();
  if (location === null) throw new TypeError("Cannot map errno: no location");
  return new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));
}

/**
 * Passes a call's result on unless it is -1.
 *
 * @param result What the call just returned.
 * @param attempt What was tried, for the error's sentence.
 * @throws {SystemError} If `result` is negative.
 */
export function check(result: number, attempt: string): number {
  if (result < 0) throw new SystemError(attempt, errno());
  return result;
}

/**
 * A string as C takes it: UTF-8 with a zero byte behind it.
 *
 * @throws {TypeError} If it holds a zero byte: C would see only what is before it.
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) {
    throw new TypeError(
      `Cannot use "${text.replaceAll("\0", "\\0")}": it holds a zero byte`,
    );
  }
  return new TextEncoder().encode(`${text}\0`);
}
