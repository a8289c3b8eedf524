/**
 * Reads the words before the cursor as options and operands. What is wrong with
 * them is for the command itself to say.
 *
 * @module
 */

import type { OptionSpec } from "../cli/getopt.ts";

/** A word that is no option. */
export interface WalkedOperand {
  readonly word: string;
  /** Its place among the words. */
  readonly index: number;
}

/** What the words before the cursor are. */
export interface Walk {
  readonly operands: readonly WalkedOperand[];
  /** The option that the word at the cursor is the value of. */
  readonly wants: OptionSpec | undefined;
  /** Whether no more options may come. */
  readonly optionsEnded: boolean;
  /** Values by long names, "" for options without one. */
  readonly given: ReadonlyMap<string, readonly string[]>;
}

/** How to read. */
export interface WalkOptions {
  /** The first operand ends the options. */
  readonly stopEarly?: boolean;
}

/** Reads words in the manner of `readOptions`. */
export function walkWords(
  words: readonly string[],
  specs: readonly OptionSpec[],
  { stopEarly = false }: WalkOptions = {},
): Walk {
  const operands: WalkedOperand[] = [];
  const given = new Map<string, string[]>();
  let wants: OptionSpec | undefined;
  let optionsEnded = false;
  const note = ({ name }: OptionSpec, value: string) => {
    given.set(name, [...given.get(name) ?? [], value]);
  };
  for (const [index, word] of words.entries()) {
    if (wants !== undefined) {
      note(wants, word);
      wants = undefined;
    } else if (!optionsEnded && word === "--") optionsEnded = true;
    else if (optionsEnded || word === "-" || !word.startsWith("-")) {
      operands.push({ word, index });
      optionsEnded ||= stopEarly;
    } else {
      for (const { spec, value } of readWord(word, specs)) {
        if (value !== undefined) note(spec, value);
        else wants = spec;
      }
    }
  }
  return { operands, wants, optionsEnded, given };
}

/** An option in a word, and its value: "" if it takes none, undefined if that comes in the next word. */
interface WordOption {
  readonly spec: OptionSpec;
  readonly value: string | undefined;
}

function readWord(word: string, specs: readonly OptionSpec[]): WordOption[] {
  const inside = valueInside(word, specs);
  if (inside !== undefined) {
    const { spec, from } = inside;
    return [{ spec, value: word.slice(from) }];
  }
  if (word.startsWith("--")) {
    const spec = findLong(word.slice(2), specs);
    return spec === undefined ? [] : [{ spec, value: valueOf(spec) }];
  }
  return [...word.slice(1)].flatMap((letter) => {
    const spec = findLetter(letter, specs);
    return spec === undefined ? [] : [{ spec, value: valueOf(spec) }];
  });
}

function valueOf({ value, standard }: OptionSpec): string | undefined {
  return value === undefined ? "" : standard;
}

/**
 * An option whose value stands in the same word: `--pidfile=x`, `-px`.
 *
 * @returns The option, and where in the word the value begins.
 */
export function valueInside(
  word: string,
  specs: readonly OptionSpec[],
): { readonly spec: OptionSpec; readonly from: number } | undefined {
  if (word.startsWith("--")) {
    const equals = word.indexOf("=");
    const spec = findLong(word.slice(2, equals), specs);
    return equals < 0 || spec?.value === undefined
      ? undefined
      : { spec, from: equals + 1 };
  }
  for (let at = 1; at < word.length; at++) {
    const spec = findLetter(word[at], specs);
    if (spec === undefined) return undefined;
    if (spec.value === undefined) continue;
    return at + 1 < word.length ? { spec, from: at + 1 } : undefined;
  }
  return undefined;
}

function findLong(
  name: string,
  specs: readonly OptionSpec[],
): OptionSpec | undefined {
  const long = specs.filter((spec) => spec.name.length > 1);
  return long.find((spec) => spec.name === name) ??
    long.find((spec) => spec.name.startsWith(name));
}

function findLetter(
  letter: string,
  specs: readonly OptionSpec[],
): OptionSpec | undefined {
  return specs.find((spec) => spec.letter === letter || spec.name === letter);
}
