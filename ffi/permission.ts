/**
 * What this program may not do without Deno's leave, asked before it is tried:
 * Deno would put a question to the terminal, or throw words of its own.
 *
 * Two permissions are enough for all that it does by itself: to call the C
 * library, which can do the rest, and to read its own sources, as a cable's
 * thread loads them anew. Pointers are given to the whole of FFI only, so
 * `--allow-ffi` takes no path.
 *
 * @module
 */

/** Where this program's own files are. */
const SOURCES = new URL("../", import.meta.url);
const PLAIN_PATH = /^[\w./+@-]+$/;

/** This program may not do something, as Deno was told to see to. */
export class PermissionError extends Error {
  override readonly name: string = "PermissionError";
  /** As for any error of a plug. */
  readonly code = "EPERM";

  /**
   * @param attempt What was tried: the sentence is `Cannot <attempt>: …`.
   * @param hint What gives the permission.
   */
  constructor(attempt: string, readonly hint: string = howToAllow()) {
    super(`Cannot ${attempt}: Deno has not been given the permission`);
  }
}

/** Whether pointers and the C library may be used. */
export function isFfiAllowed(): boolean {
  return isGranted({ name: "ffi" });
}

/** Sees that they may. @throws {PermissionError} If not. */
export function requireFfi(): void {
  if (!isFfiAllowed()) {
    throw new PermissionError("call the C library");
  }
}

/**
 * Sees that a module of this program may be loaded anew: by another thread, or
 * by its URL.
 *
 * @throws {PermissionError} If not.
 */
export function requireModule(url: URL): void {
  // Other modules than files need a permission that is given unless it is denied.
  if (url.protocol !== "file:") return;
  const path = decodeURIComponent(url.pathname);
  if (!isGranted({ name: "read", path })) {
    throw new PermissionError(`load "${path}"`);
  }
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

/** The flags of `deno run` that this program needs. */
function howToAllow(): string {
  if (SOURCES.protocol !== "file:") return "run it with --allow-ffi";
  const path = decodeURIComponent(SOURCES.pathname).replace(/\/$/, "");
  const word = PLAIN_PATH.test(path) ? path : `'${path}'`;
  return `run it with --allow-ffi --allow-read=${word}`;
}
