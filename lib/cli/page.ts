/**
 * What a command says of itself. One page is the source of the text of
 * `--help`, of the manual page and of what shells complete.
 *
 * @module
 */

import type { OptionSpec } from "./getopt.ts";

/** What a shell can offer for a word: files, VNLs, commands with what follows them … */
export type WordKind =
  | "file"
  | "folder"
  | "group"
  | "vnl"
  | "vnl or =" // a VNL, or the sign that a command follows
  | "switch folder"
  | "scheme"
  | "command line" // a program, and behind it its arguments
  | "page"
  | "shell"
  | "none";

/** One way to call a command. */
export interface Usage {
  /** As it is typed: `vdeplug [OPTIONS] VNL VNL`. */
  readonly line: string;
  /** What that does; absent where the command has one way only. */
  readonly summary?: string;
}

/** A word of the command line that is no option. */
export interface Operand {
  /** As it stands in the usage: `VNL`. */
  readonly name: string;
  /** Sentences without a line end. */
  readonly summary: string;
  /** What a shell offers. */
  readonly completes: WordKind;
  /** Whether it may be given again and again. */
  readonly repeats?: boolean;
}

/** A command line to learn from. */
export interface Example {
  /** As it is typed. */
  readonly line: string;
  /** What it does. */
  readonly summary?: string;
}

/** A part of a page beside the usual ones: paragraphs, then rows of a table. */
export interface Section {
  readonly title: string;
  readonly paragraphs?: readonly string[];
  readonly rows?: readonly (readonly [term: string, text: string])[];
}

/** A command's page. */
export interface CommandPage {
  /** What the user types: `vdeplug switch`, `dpipe`. */
  readonly name: string;
  /** One line, for lists of commands and the manual's index; no period. */
  readonly summary: string;
  readonly usage: readonly Usage[];
  /** Paragraphs without line ends. */
  readonly description: readonly string[];
  readonly operands: readonly Operand[];
  readonly options: readonly OptionSpec[];
  readonly sections?: readonly Section[];
  readonly examples?: readonly Example[];
  /** One paragraph. */
  readonly exitStatus: string;
}
