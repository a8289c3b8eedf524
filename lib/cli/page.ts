/**
 * What a command says of itself. One page is the source of the text of
 * `--help`, of the manual page and of what shells complete.
 *
 * @module
 */

import type { Example, ManualParts, Section, Usage } from "../manual/parts.ts";
import type { OptionSpec } from "./getopt.ts";

export type { Example, ManualParts, Section, Usage };

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
  /** What the manual alone has room for. */
  readonly manual?: ManualParts;
}
