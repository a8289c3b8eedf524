/**
 * What a text means that has no `://`: the user's default network, a file that
 * names a network, or the folder of a VDE switch.
 *
 * @module
 */

import { PlugError } from "./errors.ts";
import { quoteVnl, splitScheme } from "./vnl.ts";

/** The scheme that texts without one belong to. */
export const DEFAULT_SCHEME = "vde";

/** Where a user's default network is named, below the home folder; the first that exists counts. */
const DEFAULT_FILES = [".vdeplug/default", ".vde2/default.switch"];

/** What there is in the file system, as far as VNLs go. */
export interface Places {
  /** The user's home folder; "" where there is none. */
  home(): string;
  /**
   * What a path leads to, links followed. A link that leads nowhere is
   * `other`; undefined: there is nothing of that name.
   */
  kind(path: string): "file" | "other" | undefined;
  /**
   * The first line of a file, without its end.
   *
   * @throws {PlugError} If it cannot be read.
   */
  firstLine(path: string): string;
}

/** What {@linkcode locateVnl} finds. */
export interface Located {
  /** Has a scheme. */
  readonly vnl: string;
  /** Whether it is the path of something that does not exist: perhaps a slip. */
  readonly isGuess: boolean;
}

/**
 * Turns what the user gave into a VNL with a scheme.
 *
 * - A text with a scheme is a VNL as it is.
 * - An empty one is the VNL in `~/.vdeplug/default`, else in
 *   `~/.vde2/default.switch`, else `vde://`.
 * - The path of a regular file: its first line is the VNL; the same rules hold
 *   for the line.
 * - Anything else is the path of a switch, to which the VNL's parameters may be
 *   added: `/tmp/switch[12]` is `vde:///tmp/switch[12]`, unless there is
 *   something that is really named so.
 *
 * @param text What the user gave.
 * @param places Where files are looked for.
 * @throws {PlugError} If a file cannot be read, or files name one another in a
 * circle.
 */
export function locateVnl(text: string, places: Places): Located {
  const seen: string[] = [];
  let line = text;
  for (;;) {
    if (splitScheme(line) !== undefined) return { vnl: line, isGuess: false };
    const path = line === "" ? defaultPath(places) : line;
    if (path === undefined) {
      return { vnl: `${DEFAULT_SCHEME}://`, isGuess: false };
    }
    const kind = places.kind(path);
    if (kind !== "file") {
      const address = kind === undefined ? path : quoteVnl(path, "path");
      return {
        vnl: `${DEFAULT_SCHEME}://${address}`,
        isGuess: kind === undefined,
      };
    }
    if (seen.includes(path)) throw circle(text, [...seen, path]);
    seen.push(path);
    line = places.firstLine(path).trim();
  }
}

function defaultPath(places: Places): string | undefined {
  const home = places.home();
  if (home === "") return undefined;
  return DEFAULT_FILES
    .map((name) => `${home}/${name}`)
    .find((path) => places.kind(path) !== undefined);
}

function circle(text: string, files: readonly string[]): PlugError {
  const names = files.map((path) => `"${path}"`).join(", then ");
  return new PlugError(
    `Cannot open "${text}" as a file's first line must lead to a VNL: found ${names}`,
    { code: "ELOOP", hint: "one of these files must hold scheme://address" },
  );
}
