/**
 * Faults in the code of plugins: errors that no plugin should throw, in words
 * that name the file.
 *
 * @module
 */

import { PlugError } from "./errors.ts";
import { showModule } from "./module_url.ts";

/** Errors of the contract, by their names: a plugin may bring a library of its own, and so other classes. */
const CONTRACT_ERRORS = ["PlugError", "LinkEnd", "SystemError"];
const LOCATION = /\b(?:file|https?):[^\n()]+?:\d+:\d+/g;
const LIBRARY = new URL("../", import.meta.url).href;

/**
 * Makes one of the contract's errors of whatever a plugin threw.
 *
 * @param error What was thrown.
 * @param attempt What was tried, such as `carry frames`.
 * @param who Whose fault it is, as far as that is known.
 * @returns The error itself if it is of the contract; otherwise one that tells
 * what was thrown, and where.
 */
export function explainFault(
  error: unknown,
  attempt: string,
  who = "a plugin",
): Error {
  if (error instanceof Error && isOfContract(error)) return error;
  return new PlugError(
    `Cannot ${attempt}: ${who} threw ${describeThrown(error)}`,
    { cause: error },
  );
}

function isOfContract({ name, message }: Error): boolean {
  return CONTRACT_ERRORS.includes(name) || message.startsWith("Cannot ");
}

/**
 * What was thrown, and where, as far as that is known: out of our own library
 * if possible, since whoever called it wrongly is of interest.
 */
export function describeThrown(error: unknown): string {
  if (!(error instanceof Error)) return `no error, but ${Deno.inspect(error)}`;
  const place = placesOf(error).find((place) => !place.startsWith(LIBRARY)) ??
    placesOf(error)[0];
  const words = `${error.name}: ${error.message}`.replace(/\.$/, "");
  return place === undefined || words.includes(place)
    ? words
    : `${words} (${place})`;
}

/** Why a module cannot be imported; its own faults with their place. */
export function describeImportFault(error: unknown, url: string): string {
  if (!(error instanceof Error)) return describeThrown(error);
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
