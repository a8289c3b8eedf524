/**
 * Marks what is to be typed, and what stands for something else, in a line of
 * usage.
 *
 * @module
 */

import { bold, escapeLiteral, italic } from "./roff.ts";

/** Placeholders; blanks, dots and brackets; what else there is, which is typed. */
const PIECES = /([A-Z][A-Z0-9]*(?![a-z]))|(\s+|\.\.\.|[[\]])|[^\sA-Z[\].]+|./g;

/**
 * Marks a line of usage, such as `vdeplug [OPTIONS] VNL = COMMAND ...`.
 *
 * @param line Placeholders are its words in capitals.
 * @param typed Brackets are typed, too.
 */
export function markUsage(line: string, typed = false): string {
  let marked = "";
  // What is typed, since the last piece that is not.
  let literal = "";
  for (const [piece, placeholder, sign] of line.matchAll(PIECES)) {
    const isBracket = piece === "[" || piece === "]";
    if (
      placeholder === undefined && (sign === undefined || isBracket && typed)
    ) {
      literal += piece;
      continue;
    }
    marked += bold(literal) +
      (placeholder === undefined ? escapeLiteral(piece) : italic(piece));
    literal = "";
  }
  return marked + bold(literal);
}
