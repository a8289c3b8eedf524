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

/** Whose fault something is. */
export interface Culprit {
  /** What it is called in a sentence. */
  readonly words: string;
  /** The URL of its module, where that is known. */
  readonly url?: string;
}

/** A plugin of which nothing is known. */
export const SOMEBODY: Culprit = { words: "a plugin" };

/** The plugin, or the plugins, of a module. */
export function culpritOf(url: string): Culprit {
  return { words: `the plugin of ${showModule(url)}`, url };
}

/** How errors are put that somebody wrote; the engine's own begin with "Cannot", too. */
const SENTENCE = /^Cannot (?:open |.*: )/s;
/** The built-in plugins: their faults are ours, wherever they show. */
const OWN_PLUGINS = new URL("../plugins/", LIBRARY_ROOT).href;
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
  who: Culprit = SOMEBODY,
): Error {
  if (error instanceof Error && LINK_ERRORS.includes(error.name)) return error;
  const denial = findDenial(error);
  if (denial !== undefined) {
    const { found, hint } = denial;
    return new PlugError(`Cannot ${attempt}: ${found}`, { hint, cause: error });
  }
  return new PlugError(
    `Cannot ${attempt}: ${who.words} threw ${describeThrown(error, who.url)}`,
    { cause: error },
  );
}

/** The same for whatever a plugin threw at open, when errors may be about the VNL, too. */
export function explainOpenFault(
  error: unknown,
  attempt: string,
  who: Culprit,
): Error {
  return error instanceof Error && isAboutVnl(error)
    ? error
    : explainFault(error, attempt, who);
}

/** Errors of whoever called the kit wrongly: no VNL is to blame. */
const misuses = new WeakSet<object>();

/** Marks an error as the fault of the plugin's code. */
export function misuse<E extends Error>(error: E): E {
  misuses.add(error);
  return error;
}

function isAboutVnl(error: Error): boolean {
  return !misuses.has(error) &&
    VNL_ERRORS.some((kind) => error instanceof kind) &&
    SENTENCE.test(error.message);
}

/**
 * What was thrown, and where, as far as that is known: out of our own library
 * if possible, since whoever called it wrongly is of interest.
 *
 * @param module The URL of the module whose fault it is, where that is known:
 * of one that is none of ours, places in the library would tell nothing.
 */
export function describeThrown(error: unknown, module?: string): string {
  if (!(error instanceof Error)) return `no error, but ${Deno.inspect(error)}`;
  if (isSuppressed(error)) {
    // `error` came while what had gone wrong before was cleared up.
    const [first, then] = [error.suppressed, error.error]
      .map((one) => describeThrown(one, module));
    return `${first}, and then ${then}`;
  }
  const places = placesOf(error);
  const isForeign = module !== undefined && !isOwn(module);
  const place = places.find((place) => !place.startsWith(LIBRARY_ROOT)) ??
    (isForeign ? undefined : places[0]);
  const words = `${error.name}: ${error.message}`.replace(/\.$/, "");
  return place === undefined || words.includes(place)
    ? words
    : `${words} (${place})`;
}

function isOwn(module: string): boolean {
  return module.startsWith(LIBRARY_ROOT) || module.startsWith(OWN_PLUGINS);
}

/** By its name: that of `using` where the runtime knows no such class. */
function isSuppressed(
  error: Error,
): error is Error & { readonly error: unknown; readonly suppressed: unknown } {
  return error.name === "SuppressedError" && "error" in error &&
    "suppressed" in error;
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
