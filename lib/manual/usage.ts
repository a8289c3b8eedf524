/**
 * Marks what is to be typed, and what stands for something else, in a line of
 * usage.
 *
 * @module
 */

import { bold, escapeLiteral, italic } from "./roff.ts";

/** Placeholders, signs that are not typed, and what is. */
const PIECES = /[A-Z][A-Z0-9]*(?![a-z])|\.\.\.|[[\]]|\s+|[^\sA-Z[\].]+|./g;

/**
 * Marks a line of usage, such as `vdeplug [OPTIONS] VNL = COMMAND ...`.
 *
 * @param line Placeholders are its words in capitals.
 * @param typed Brackets are typed, too.
 */
export function markUsage(line: string, typed = false): string {
  return Array.from(line.matchAll(PIECES), ([piece]) => {
    if (/^[A-Z]/.test(piece)) return italic(piece);
    if (/^\s|^\.\.\.$/.test(piece)) return escapeLiteral(piece);
    if (/^[[\]]$/.test(piece) && !typed) return piece;
    return bold(piece);
  }).join("").replaceAll("\\fR\\fB", "");
}
