/**
 * Options of a command line in the manner of getopt_long(3): letters may be
 * joined (`-dl`), a value follows its letter or its name at once or as the next
 * argument (`-pFILE`, `-p FILE`, `--pidfile=FILE`, `--pidfile FILE`), long names
 * may be shortened, and operands may stand between options.
 *
 * @module
 */

import type { WordKind } from "./page.ts";
import { UsageError } from "./usage_error.ts";

/** One option. */
export interface OptionSpec {
  /**
   * Long name; also what {@linkcode GivenOptions.given} calls it. One of a
   * single character is a letter, and the option has no long name.
   */
  readonly name: string;
  /** The same in one letter. */
  readonly letter?: string;
  /** Its value in a word, such as FILE; absent: it takes none. */
  readonly value?: string;
  /** What it has without a value, which can stand behind `=` only. */
  readonly standard?: string;
  /** What it does, for help and manual: begins in lower case, no period. */
  readonly summary: string;
  /** What a shell offers for the value; absent: nothing. */
  readonly completes?: WordKind;
}

/** How an option is typed: `-h`, `--help`; the letter first. */
export function optionNames({ name, letter }: OptionSpec): string[] {
  if (name.length === 1) return [`-${name}`];
  return [...letter === undefined ? [] : [`-${letter}`], `--${name}`];
}

/** A command line in its parts. */
export interface GivenOptions {
  /** Values by long names, "" for options that take none; of several the last. */
  readonly given: ReadonlyMap<string, string>;
  /** All values of an option that may be given more than once. */
  all(name: string): readonly string[];
  /** What is no option. */
  readonly operands: readonly string[];
}

/** How to read. */
export interface ReadingOptions {
  /** The first operand ends the options: it and all behind it are operands. */
  readonly stopEarly?: boolean;
}

/**
 * Reads a command line. `--` ends the options; `-` is an operand.
 *
 * @param args The command line.
 * @param specs The options there are.
 * @throws {UsageError} If an option is unknown, its short form ambiguous, its
 * value missing, or one is given that it does not take.
 */
export function readOptions(
  args: readonly string[],
  specs: readonly OptionSpec[],
  { stopEarly = false }: ReadingOptions = {},
): GivenOptions {
  const reader = new Reader(args, specs);
  const operands: string[] = [];
  while (!reader.isAtEnd) {
    const arg = reader.next();
    if (arg === "--") break;
    if (arg === "-" || !arg.startsWith("-")) {
      operands.push(arg);
      if (stopEarly) break;
    } else if (arg.startsWith("--")) reader.readLong(arg);
    else reader.readLetters(arg);
  }
  return {
    given: reader.given,
    all: (name) => reader.all.get(name) ?? [],
    operands: [...operands, ...reader.rest()],
  };
}

class Reader {
  readonly given = new Map<string, string>();
  readonly all = new Map<string, string[]>();
  readonly #args: readonly string[];
  readonly #specs: readonly OptionSpec[];
  #at = 0;

  constructor(args: readonly string[], specs: readonly OptionSpec[]) {
    this.#args = args;
    this.#specs = specs;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#args.length;
  }

  next(): string {
    return this.#args[this.#at++];
  }

  rest(): readonly string[] {
    return this.#args.slice(this.#at);
  }

  readLong(arg: string): void {
    const equals = arg.indexOf("=");
    const text = arg.slice(2, equals < 0 ? undefined : equals);
    const value = equals < 0 ? undefined : arg.slice(equals + 1);
    const spec = this.#find(text, arg);
    if (spec.value === undefined && value !== undefined) {
      throw new UsageError(
        `Cannot use option "--${spec.name}" with a value: received "${value}"`,
      );
    }
    this.#set(spec, value, `--${spec.name}`);
  }

  #find(text: string, arg: string): OptionSpec {
    const matches = this.#specs.filter(({ name }) =>
      name.length > 1 && name.startsWith(text)
    );
    const exact = matches.find(({ name }) => name === text);
    if (exact !== undefined) return exact;
    if (matches.length === 0) throw unknown(arg);
    if (matches.length === 1) return matches[0];
    const names = matches.map(({ name }) => `--${name}`).join(", ");
    throw new UsageError(
      `Cannot use option "${arg}" as it is short for more than one: found ${names}`,
    );
  }

  readLetters(arg: string): void {
    for (let at = 1; at < arg.length; at++) {
      const spec = this.#specs.find(({ letter, name }) =>
        arg[at] === letter || arg[at] === name
      );
      if (spec === undefined) throw unknown(`-${arg[at]}`);
      if (spec.value === undefined) this.#set(spec, undefined, "");
      else {
        const rest = arg.slice(at + 1);
        return this.#set(spec, rest === "" ? undefined : rest, `-${arg[at]}`);
      }
    }
  }

  #set(spec: OptionSpec, value: string | undefined, shown: string): void {
    const text = this.#read(spec, value, shown);
    this.given.set(spec.name, text);
    const all = this.all.get(spec.name);
    if (all === undefined) this.all.set(spec.name, [text]);
    else all.push(text);
  }

  #read(spec: OptionSpec, value: string | undefined, shown: string): string {
    if (spec.value === undefined) return "";
    const text = value ?? spec.standard;
    if (text !== undefined) return text;
    if (!this.isAtEnd) return this.next();
    throw new UsageError(
      `Cannot use option "${shown}" without ${spec.value}: found nothing behind it`,
    );
  }
}

function unknown(option: string): UsageError {
  return new UsageError(
    `Cannot use option "${option}": there is none of that name`,
  );
}
