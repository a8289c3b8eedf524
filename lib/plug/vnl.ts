/**
 * Virtual Network Locators: `scheme://address` and parameters.
 *
 * The address ends at the first unquoted `/` (slash form) or `[` (bracket
 * form); `key=value` items, parted by `/`, follow. Where a scheme takes a
 * nested VNL, it stands in braces before or after the parameters. Quoting is
 * undone before anything else is looked at; see vnl_scanner.ts.
 *
 * @module
 */

import type {
  NumberKey,
  TextKey,
  Vnl,
  VnlKey,
  VnlSyntax,
} from "./vnl_syntax.ts";
import { ScannedText } from "./vnl_scanner.ts";
import { readValue, type Value } from "./vnl_values.ts";

export type * from "./vnl_syntax.ts";

/** What {@linkcode splitScheme} finds. */
export interface SchemeAndRest {
  /** What stands before `://`; whether any plugin has it is not known yet. */
  readonly scheme: string;
  /** What stands behind it, as it was given. */
  readonly rest: string;
}

const SCHEME_AND_REST = /^([^/[\]{}]*?):\/\/(.*)$/s;
/** What a scheme may look like. */
export const SCHEME_PATTERN: RegExp = /^[a-z0-9][a-z0-9_-]*$/;

/**
 * Parts a VNL from its scheme, so that the scheme's plugin can be found.
 *
 * @param text What the user gave.
 * @returns Scheme and rest; undefined for a text that is no VNL, because it
 * has no `://`, or has one only behind a `/`, as a path may.
 */
export function splitScheme(text: string): SchemeAndRest | undefined {
  const match = SCHEME_AND_REST.exec(text);
  return match === null ? undefined : { scheme: match[1], rest: match[2] };
}

/**
 * Parses a VNL. Nothing in it is ignored: what the scheme does not declare is
 * an error.
 *
 * @param text The whole VNL, scheme included.
 * @param syntax What the scheme's VNLs may say.
 * @throws {SyntaxError} If a quote, bracket or brace is not closed, something
 * follows the end, a text is no UTF-8 or contains a NUL, or there is no scheme.
 * @throws {TypeError} If a key is unknown or given twice, a value is not of its
 * key's kind, or an address or a nested VNL is missing or not expected.
 * @throws {RangeError} If a number is out of its key's range.
 */
export function parseVnl(text: string, syntax: VnlSyntax): Vnl {
  const split = splitScheme(text);
  if (split === undefined || !SCHEME_PATTERN.test(split.scheme)) {
    throw new SyntaxError(
      `Cannot open "${text}" as a VNL is scheme://address and parameters: found no scheme`,
    );
  }
  const { scheme, rest } = split;
  const context = { text, scheme, syntax };
  const parts = syntax.form === "raw"
    ? takeRaw(text, rest)
    : new Cutter(context, new ScannedText(text, text.length - rest.length))
      .cut();
  checkAddress(parts.address, context);
  checkNested(parts.nested, context);
  return new ParsedVnl(context, parts);
}

/**
 * Quotes a text so that it parses back unchanged: delimiters, quotes and
 * control characters become `%HH`.
 *
 * @param text To be quoted: Unicode without a NUL.
 * @param place `value`: fits wherever a VNL has text; `path`: fits the address
 * of the bracket form only, and leaves `/` as it is.
 * @throws {TypeError} If no VNL can hold the text.
 */
export function quoteVnl(
  text: string,
  place: "value" | "path" = "value",
): string {
  if (!text.isWellFormed() || text.includes("\0")) {
    throw new TypeError(
      `Cannot quote "${text.toWellFormed()}" as text of a VNL: found a NUL or half a surrogate pair`,
    );
  }
  const special = place === "path"
    ? /[\p{Cc}'"\\%[\]{}=]/gu
    : /[\p{Cc}'"\\%[\]{}=/]/gu;
  return text.replaceAll(special, percentEncode);
}

function percentEncode(character: string): string {
  return Array.from(
    new TextEncoder().encode(character),
    (byte) => "%" + byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** What every check needs for its words. */
interface Context {
  readonly text: string;
  readonly scheme: string;
  readonly syntax: VnlSyntax;
}

/** A VNL in its parts, values not looked at yet. */
interface Parts {
  readonly address: string;
  readonly nested: string | undefined;
  readonly items: readonly Item[];
}

/** One `key=value`, or a bare word. */
interface Item {
  /** Text before the first unquoted `=`, or all of it. */
  readonly word: string;
  /** Text behind it; undefined where there is no `=`. */
  readonly value: string | undefined;
}

/** The address of the raw form. */
function takeRaw(text: string, rest: string): Parts {
  if (rest.includes("\0")) {
    throw new SyntaxError(
      `Cannot open "${
        text.replaceAll("\0", "\\0")
      }" as a VNL has no NUL: found one`,
    );
  }
  return { address: rest, nested: undefined, items: [] };
}

/**
 * Cuts the text behind the scheme at its delimiters. Parameters and nested VNL
 * each come once at most, in either order.
 */
class Cutter {
  readonly #context: Context;
  readonly #scanned: ScannedText;
  readonly #opener: "/" | "[";
  #nested: string | undefined;
  #items: Item[] | undefined;

  constructor(context: Context, scanned: ScannedText) {
    this.#context = context;
    this.#scanned = scanned;
    this.#opener = context.syntax.form === "slash" ? "/" : "[";
  }

  cut(): Parts {
    const scanned = this.#scanned;
    let at = scanned.find(`{${this.#opener}`, 0, scanned.length);
    const address = scanned.decode(0, at);
    while (at < scanned.length) {
      if (scanned.isDelimiter("{", at) && this.#nested === undefined) {
        at = this.#cutNested(at);
      } else if (
        scanned.isDelimiter(this.#opener, at) && this.#items === undefined
      ) {
        at = this.#cutParameters(at);
      } else throw this.#trailing(at);
    }
    return { address, nested: this.#nested, items: this.#items ?? [] };
  }

  /** Takes the nested VNL that begins at `open`; returns the index behind it. */
  #cutNested(open: number): number {
    if (!this.#context.syntax.nested) throw this.#unwantedBrace(open);
    const close = this.#findClose(open, this.#scanned.length, "}");
    this.#nested = this.#scanned.between(open, close);
    return close + 1;
  }

  /** Takes the parameters that begin at `open`; returns the index behind them. */
  #cutParameters(open: number): number {
    const scanned = this.#scanned;
    // A nested VNL has brackets and slashes of its own.
    const limit = this.#nested === undefined
      ? scanned.find("{", open + 1, scanned.length)
      : scanned.length;
    if (limit < scanned.length && !this.#context.syntax.nested) {
      throw this.#unwantedBrace(limit);
    }
    const end = this.#opener === "["
      ? this.#findClose(open, limit, "]")
      : limit;
    this.#items = cutItems(scanned, open + 1, end);
    return this.#opener === "[" ? end + 1 : end;
  }

  /** Index of the last unquoted `closer` before `limit`. */
  #findClose(open: number, limit: number, closer: "]" | "}"): number {
    const close = this.#scanned.findLast(closer, open + 1, limit);
    if (close >= 0) return close;
    const what = closer === "]" ? "bracket" : "brace";
    throw new SyntaxError(
      `Cannot open "${this.#context.text}" as a ${what} must be closed: found no "${closer}" in "${
        this.#scanned.rest(open)
      }"`,
    );
  }

  #unwantedBrace(at: number): TypeError {
    const { text, scheme } = this.#context;
    return new TypeError(
      `Cannot open "${text}" as ${scheme} takes no nested VNL, and other braces are quoted: found "${
        this.#scanned.rest(at)
      }"`,
    );
  }

  #trailing(at: number): SyntaxError {
    return new SyntaxError(
      `Cannot open "${this.#context.text}" as nothing may stand behind the closing bracket or brace: found "${
        this.#scanned.rest(at)
      }"`,
    );
  }
}

/** Cuts parameters at unquoted slashes. Items without a byte hold nothing. */
function cutItems(scanned: ScannedText, from: number, to: number): Item[] {
  const items: Item[] = [];
  for (let at = from; at < to;) {
    const end = scanned.find("/", at, to);
    const equals = scanned.find("=", at, end);
    if (end > at) {
      items.push({
        word: scanned.decode(at, equals),
        value: equals < end ? scanned.decode(equals + 1, end) : undefined,
      });
    }
    at = end + 1;
  }
  return items;
}

function checkAddress(address: string, context: Context): void {
  const { text, scheme, syntax } = context;
  if (syntax.address === undefined && address !== "") {
    throw new TypeError(
      `Cannot open "${text}" as ${scheme} takes no address: received "${address}"`,
    );
  }
  if (
    syntax.address !== undefined && !syntax.addressOptional && address === ""
  ) {
    throw new TypeError(
      `Cannot open "${text}" as ${scheme} needs an address, ${scheme}://${syntax.address}: received none`,
    );
  }
}

function checkNested(nested: string | undefined, context: Context): void {
  const { text, scheme, syntax } = context;
  if (syntax.nested !== "required" || nested !== undefined) return;
  throw new TypeError(
    `Cannot open "${text}" as ${scheme} needs a nested VNL, in braces: received none`,
  );
}

/** The one implementation of {@linkcode Vnl}. */
class ParsedVnl implements Vnl {
  readonly text: string;
  readonly scheme: string;
  readonly address: string;
  readonly nested: string | undefined;
  readonly #keys: readonly VnlKey[];
  readonly #given = new Map<string, Value>();

  constructor(context: Context, parts: Parts) {
    this.text = context.text;
    this.scheme = context.scheme;
    this.address = parts.address;
    this.nested = parts.nested;
    this.#keys = context.syntax.keys;
    for (const item of parts.items) {
      const { key, value } = matchKey(item, context);
      if (this.#given.has(key.name)) {
        throw new TypeError(
          `Cannot open "${this.text}" as each key may be given once: found ${key.name} again`,
        );
      }
      this.#given.set(key.name, readValue(value ?? "", key, this.text));
    }
  }

  has(name: string): boolean {
    this.#declared(name, ["flag", "text", "integer", "octal", "size"]);
    return this.#given.has(name);
  }

  flag(name: string): boolean {
    this.#declared(name, ["flag"]);
    return this.#given.get(name) === true;
  }

  string(name: string): string {
    const key = this.#declared(name, ["text"]) as TextKey;
    return String(this.#given.get(name) ?? key.default ?? "");
  }

  number(name: string): number | undefined {
    const key = this.#declared(name, ["integer", "octal", "size"]) as NumberKey;
    const value = this.#given.get(name);
    return value === undefined ? key.default : Number(value);
  }

  toString(): string {
    return this.text;
  }

  /** A plugin that asks for what it has not declared has a bug, which should show. */
  #declared(name: string, types: readonly VnlKey["type"][]): VnlKey {
    const key = this.#keys.find((key) => key.name === name);
    if (key === undefined || !types.includes(key.type)) {
      throw new TypeError(
        `Cannot read key "${name}" of "${this.text}" as ${
          types.join(" or ")
        }: its syntax declares ${key?.type ?? "no such key"}`,
      );
    }
    return key;
  }
}

/** Finds the key that an item means. */
function matchKey(
  item: Item,
  context: Context,
): { key: VnlKey; value: string | undefined } {
  const { text, scheme, syntax } = context;
  const { word, value } = item;
  if (value === undefined && syntax.unnamedKey !== undefined) {
    const key = syntax.keys.find((key) => key.name === syntax.unnamedKey);
    if (key !== undefined) return { key, value: word };
  }
  const key = syntax.keys.find((key) => key.name === word) ??
    (word === ""
      ? undefined
      : syntax.keys.find((key) => key.name.startsWith(word)));
  if (key === undefined) {
    const names = syntax.keys.map((key) => key.name).join(", ");
    throw new TypeError(
      `Cannot open "${text}" as ${scheme} has no key "${word}": ${
        names === "" ? "it has no keys" : `its keys are ${names}`
      }`,
    );
  }
  return { key, value };
}
