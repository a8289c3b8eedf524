/**
 * The types of Virtual Network Locators: what a scheme declares, and what a
 * parsed VNL tells. The parser is in vnl.ts.
 *
 * @module
 */

/**
 * What a shell can offer for a text: names of this host's interfaces, all of
 * them, its TAPs or its macvtaps; the folders of switches that run; files;
 * folders; groups of users.
 */
export type TextKind =
  | "interface"
  | "tap"
  | "macvtap"
  | "switch"
  | "file"
  | "folder"
  | "group";

/** What all kinds of key have. */
export interface KeyBase {
  /** As it stands in the VNL. */
  readonly name: string;
  /** One line of help. */
  readonly summary: string;
  /** Name of the value in help texts, e.g. "SECONDS". */
  readonly placeholder?: string;
}

/** A key that is there or not (`/v6`, also `/v6=1`, `/v6=0`). */
export interface FlagKey extends KeyBase {
  /** Kind of value. */
  readonly type: "flag";
}

/** Text. "" where absent unless a default is given. */
export interface TextKey extends KeyBase {
  /** Kind of value. */
  readonly type: "text";
  /** Absent: "". */
  readonly default?: string;
  /** What a shell offers for it; absent: nothing. */
  readonly completes?: TextKind;
}

/** A whole number, in decimal, `0x` hexadecimal or `0` octal; `octal`: octal without a prefix; `size`: with a suffix k, m, g or t. */
export interface NumberKey extends KeyBase {
  /** Kind of value, and how it is written. */
  readonly type: "integer" | "octal" | "size";
  /** Least value. */
  readonly min: number;
  /** Greatest value; Infinity: as great as can be written. */
  readonly max: number;
  /** Absent: the key has no value unless it is given. */
  readonly default?: number;
}

/** One declared key of a scheme. */
export type VnlKey = FlagKey | TextKey | NumberKey;

/** What a scheme's VNLs look like. */
export interface VnlSyntax {
  /**
   * `slash`: `scheme://address/key=value/key`; `bracket`:
   * `scheme://address[key=value/key]`; `raw`: all behind `://` is the address,
   * as it was given, quotes included: there are no keys.
   */
  readonly form: "slash" | "bracket" | "raw";
  /** Name of the address in help texts, e.g. "GROUP"; absent: the scheme takes no address. */
  readonly address?: string;
  /** The address may be left out. */
  readonly addressOptional?: boolean;
  /** One line of help for the address. */
  readonly addressSummary?: string;
  /** What a shell offers for the address; absent: nothing. */
  readonly addressCompletes?: TextKind;
  /** The declared keys, in the order in which short forms are matched. */
  readonly keys: readonly VnlKey[];
  /** The key that a bare word in brackets is the value of. */
  readonly unnamedKey?: string;
  /** Whether a nested VNL in braces may, or must, be given; absent: one is refused. */
  readonly nested?: "optional" | "required";
  /** Examples for help texts and manual pages. */
  readonly examples?: readonly {
    readonly vnl: string;
    readonly summary: string;
  }[];
}

/** A parsed VNL: every key known, every value in range. */
export interface Vnl {
  /** As it was given. */
  readonly text: string;
  /** What stands before `://`. */
  readonly scheme: string;
  /** The address, quoting undone; "" where there is none. */
  readonly address: string;
  /** The VNL in braces, as it was given; undefined where there is none. */
  readonly nested: string | undefined;
  /** Whether the key was given, with whatever value. */
  has(name: string): boolean;
  /** Value of a flag; false where absent. */
  flag(name: string): boolean;
  /** Value of a text key; its default, or "", where absent. */
  string(name: string): string;
  /** Value of a number key; its default, or undefined, where absent. */
  number(name: string): number | undefined;
  /** The same as `text`, so that error texts can say `"${vnl}"`. */
  toString(): string;
}
