/**
 * A command line that says nothing that can be done.
 *
 * @module
 */

/** Told with the way to the help text; the exit status is 2. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}
