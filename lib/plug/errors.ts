/**
 * What a plug throws when the world is at fault. The caller's own faults are
 * `TypeError`, `RangeError` and `SyntaxError`.
 *
 * @module
 */

/** What is known about a {@linkcode PlugError} beyond its sentence. */
export interface PlugErrorOptions {
  /** The kernel's name for the fault (`EPERM`, `ENODEV`…), where there is one. */
  readonly code?: string;
  /** What the user can do about it: one sentence, no full stop. */
  readonly hint?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * A plug cannot be opened, or its link broke.
 *
 * @example Say what the user can do
 * ```ts
 * import { open, PlugError } from "@vdeplug/vdeplug";
 * import { assertEquals, assertMatch } from "@std/assert";
 *
 * try {
 *   await using _network = await open("vde:///nowhere/at/all");
 * } catch (error) {
 *   if (!(error instanceof PlugError)) throw error; // the VNL is at fault
 *   assertEquals(error.code, "ENOENT");
 *   assertMatch(error.hint, /is the switch running/);
 * }
 * ```
 */
export class PlugError extends Error {
  /** "PlugError", or the name of the class derived from it. */
  override readonly name: string = "PlugError";
  /** The kernel's name for the fault, or "" where there is none. */
  readonly code: string;
  /** What the user can do about it, or "". */
  readonly hint: string;

  /**
   * Makes an error.
   *
   * @param message `Cannot <what was tried> "<on what>": <what was found>`.
   * @param options Code, hint and cause.
   */
  constructor(message: string, options: PlugErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = options.code ?? "";
    this.hint = options.hint ?? "";
  }
}

/**
 * The other side is gone in good order: end of file on a pipe, a peer that
 * hung up. Ends a cable without being a failure.
 */
export class LinkEnd extends PlugError {
  /** "LinkEnd". */
  override readonly name: string = "LinkEnd";
}
