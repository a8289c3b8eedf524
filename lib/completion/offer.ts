/**
 * What a shell is told about the word at the cursor.
 *
 * @module
 */

/** A word that could stand where the cursor is, whole, without a shell's quotes. */
export interface Candidate {
  readonly word: string;
  /** What it is; one line. */
  readonly summary?: string;
}

/** What the shell completes by its own means. */
export type HandOver =
  /** Paths; `from`: how many characters of the word stand before the path. */
  | { readonly to: "files" | "folders"; readonly from: number }
  /** A command line of its own; `from`: index of its first word. */
  | { readonly to: "command"; readonly from: number };

/** All that there is to say. */
export interface Offer {
  readonly candidates: readonly Candidate[];
  readonly handOver?: HandOver;
  /** What is to be typed, where that cannot be listed. */
  readonly message?: string;
}

/** Nothing to say. */
export const NO_OFFER: Offer = { candidates: [] };

/** What ends a candidate behind which the same word goes on; `%2f` is a slash where VNLs quote it. */
const UNFINISHED = /(?:[=/:[{,]|%2f)$/;

/** Whether a word is whole, so that a space may follow. */
export function isWhole(word: string): boolean {
  return !UNFINISHED.test(word);
}

/** Those candidates that begin with what is typed, each word once. */
export function beginningWith(
  typed: string,
  candidates: readonly Candidate[],
): Candidate[] {
  const words = new Set<string>();
  return candidates.filter(({ word }) => {
    if (!word.startsWith(typed) || words.has(word)) return false;
    words.add(word);
    return true;
  });
}
