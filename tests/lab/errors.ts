/**
 * What goes wrong in a lab.
 *
 * @module
 */

/** A lab cannot do what a test asked of it, or a command in it failed. */
export class LabError extends Error {
  override readonly name: string = "LabError";
}
