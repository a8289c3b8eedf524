/**
 * Faults in the code of plugins: errors that no plugin should throw, in words
 * that name the file.
 *
 * @module
 */

import { findDenial } from "./denial.ts";
import { PlugError } from "./errors.ts";
import { showModule } from "./module_url.ts";
import { LIBRARY_ROOT } from "./own_modules.ts";

/** By their names: a plugin may bring a library of its own, and so other classes. */
const LINK_ERRORS = ["PlugError", "LinkEnd", "SystemError", "PermissionError"];
const VNL_ERRORS = [TypeError, RangeError, SyntaxError];
/** How errors are put that somebody wrote; the engine's own begin with "Cannot", too. */
const SENTENCE = /^Cannot (?:open |.*: )/s;
const LOCATION = /\b(?:file|https?):[^\n()]+?:\d+:\d+/g;

/**
 * Makes one of the errors that a link may throw of whatever a plug threw.
 *
 * @param error What was thrown.
 * @param attempt What was tried, such as `carry frames`.
 * @param who Whose fault it is, as far as that is known.
 * @returns The error itself if it is one of these; otherwise one that tells
 * which permission is missing, or what was thrown, and where.
 */
export function explainFault(
  error: unknown,
  attempt: string,
  who = "a plugin",
): Error {
  if (error instanceof Error && LINK_ERRORS.includes(error.name)) return error;
  const denial = findDenial(error);
  if (denial !== undefined) {
    const { found, hint } = denial;
    return new PlugError(`Cannot ${attempt}: ${found}`, { hint, cause: error });
  }
  return new PlugError(
    `Cannot ${attempt}: ${who} threw ${describeThrown(error)}`,
    { cause: error },
  );
}

/** The same for whatever a plugin threw at open, when errors may be about the VNL, too. */
export function explainOpenFault(
  error: unknown,
  attempt: string,
  who: string,
): Error {
  return error instanceof Error && isAboutVnl(error)
    ? error
    : explainFault(error, attempt, who);
}

function isAboutVnl(error: Error): boolean {
  return VNL_ERRORS.some((kind) => error instanceof kind) &&
    SENTENCE.test(error.message);
}

/**
 * What was thrown, and where, as far as that is known: out of our own library
 * if possible, since whoever called it wrongly is of interest.
 */
export function describeThrown(error: unknown): string {
  if (!(error instanceof Error)) return `no error, but ${Deno.inspect(error)}`;
  const place =
    placesOf(error).find((place) => !place.startsWith(LIBRARY_ROOT)) ??
      placesOf(error)[0];
  const words = `${error.name}: ${error.message}`.replace(/\.$/, "");
  return place === undefined || words.includes(place)
    ? words
    : `${words} (${place})`;
}

/** Why a module cannot be imported; its own faults with their place. */
export function describeImportFault(error: unknown, url: string): string {
  if (!(error instanceof Error)) return describeThrown(error);
  const denial = findDenial(error);
  if (denial !== undefined) return `${denial.found} (${denial.hint})`;
  // In stacks, URLs stand as people read them.
  const own = placesOf(error).some((place) =>
    place.replace("file://", "").startsWith(`${showModule(url)}:`)
  );
  return own ? describeThrown(error) : error.message;
}

/** Where an error passed through, where it was thrown first. */
function placesOf({ stack = "" }: Error): readonly string[] {
  return stack.match(LOCATION) ?? [];
}
