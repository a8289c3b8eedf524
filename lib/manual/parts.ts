/**
 * What pages of the manual are made of.
 *
 * @module
 */

/** One way to call a command. */
export interface Usage {
  /** As it is typed: `vdeplug [OPTIONS] VNL VNL`. */
  readonly line: string;
  /** What that does; absent where the command has one way only. */
  readonly summary?: string;
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

/** What the manual tells beyond `--help`. */
export interface ManualParts {
  /** Paragraphs behind the description. */
  readonly description?: readonly string[];
  /** Stand between options and examples. */
  readonly sections?: readonly Section[];
  /** Stand behind the exit status: signals, environment, files. */
  readonly lastSections?: readonly Section[];
  /** Other pages: `ip(8)`. Those of this program's own come by themselves. */
  readonly seeAlso?: readonly string[];
}

/** An option as a page shows it. */
export interface OptionText {
  /** As it is typed: `-p, --pidfile FILE`. */
  readonly title: string;
  /** What it does. */
  readonly summary: string;
  /** What its value is called in both. */
  readonly value?: string;
}

/** What a command's page tells. */
export interface CommandText {
  /** One line, no period. */
  readonly summary: string;
  readonly usage: readonly Usage[];
  /** Paragraphs without line ends. */
  readonly description: readonly string[];
  readonly operands: readonly {
    readonly name: string;
    readonly summary: string;
  }[];
  readonly options: readonly OptionText[];
  readonly sections?: readonly Section[];
  readonly examples?: readonly Example[];
  /** One paragraph. */
  readonly exitStatus: string;
  readonly manual?: ManualParts;
}
