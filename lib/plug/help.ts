/**
 * Help texts for people, made from what a plugin declares.
 *
 * @module
 */

import type { Plugin } from "./plugin.ts";
import type { VnlKey, VnlSyntax } from "./vnl.ts";
import { formatNumber, formatRange } from "./vnl_values.ts";

const WIDTH_COLUMNS = 80;
const LARGEST_KEY_COLUMNS = 22;
const LARGEST_EXAMPLE_COLUMNS = 40;
const INDENT = "  ";

/** What stands for a value where its key names nothing better. */
const PLACEHOLDERS = {
  text: "TEXT",
  integer: "N",
  octal: "OCTAL",
  size: "SIZE",
} as const;

/**
 * Describes a scheme: usage, summary, description, address, keys and examples.
 * Plain text of 80 columns, without a line end behind the last line.
 *
 * @param plugin Described by what it declares.
 */
export function describeSyntax(plugin: Plugin): string {
  const { scheme, summary, description = [], syntax } = plugin;
  const rows: [string, string][] = [];
  if (syntax.address !== undefined) {
    rows.push([syntax.address, describeAddress(syntax)]);
  }
  for (const key of syntax.keys) {
    rows.push([writeKey(key), describeKey(key, syntax)]);
  }
  if (syntax.nested) rows.push(["{VNL}", "a VNL of its own, in braces"]);
  const lines = [
    ...wrap(usagePieces(scheme, syntax), "", "      "),
    ...wrapWords(summary, INDENT),
    ...description.flatMap((
      paragraph,
    ) => ["", ...wrapWords(paragraph, INDENT)]),
  ];
  if (rows.length > 0) lines.push("", ...formatRows(rows));
  const examples = syntax.examples ?? [];
  if (examples.length > 0) {
    const rows = examples.map(({ vnl, summary }) => [vnl, summary] as const);
    lines.push("", "Examples:", ...formatRows(rows, LARGEST_EXAMPLE_COLUMNS));
  }
  return lines.join("\n");
}

/** The usage line of a scheme, in the pieces between which it may be wrapped. */
export function usagePieces(scheme: string, syntax: VnlSyntax): string[] {
  const { address, addressOptional, keys } = syntax;
  const pieces = [`${scheme}://`];
  if (address !== undefined) {
    pieces[0] += addressOptional && syntax.form === "slash"
      ? `[${address}]`
      : address;
  }
  if (syntax.form === "slash") {
    for (const key of keys) pieces.push(`[/${writeKey(key)}]`);
  } else if (syntax.form === "bracket" && keys.length > 0) {
    const items = keys.map((key) =>
      key.name === syntax.unnamedKey ? placeholder(key) : writeKey(key)
    );
    items.forEach((item, index) => {
      const before = index === 0 ? "[" : "";
      const after = index === items.length - 1 ? "]" : "/";
      pieces.push(before + item + after);
    });
  }
  if (syntax.nested !== undefined) {
    pieces.push(syntax.nested === "optional" ? "[{VNL}]" : "{VNL}");
  }
  return pieces;
}

/** What an address is: its summary, and whether it may be left out where usage does not show it. */
export function describeAddress(syntax: VnlSyntax): string {
  const summary = syntax.addressSummary ?? "address";
  // In the slash form, the usage line shows it.
  return syntax.addressOptional && syntax.form === "bracket"
    ? `${summary} (may be left out)`
    : summary;
}

/** A key as usage shows it: `v6`, `port=N`. */
export function writeKey(key: VnlKey): string {
  return key.type === "flag" ? key.name : `${key.name}=${placeholder(key)}`;
}

function placeholder(key: VnlKey): string {
  if (key.placeholder !== undefined) return key.placeholder;
  return key.type === "flag" ? key.name : PLACEHOLDERS[key.type];
}

/** What a key is: its summary, range and default. */
export function describeKey(key: VnlKey, syntax: VnlSyntax): string {
  const facts: string[] = [];
  if (key.name === syntax.unnamedKey) {
    facts.push(`"${key.name}=" may be left out`);
  }
  if (key.type === "integer" || key.type === "octal" || key.type === "size") {
    facts.push(formatRange(key));
    if (key.default !== undefined) {
      facts.push(`default ${formatNumber(key.default, key.type)}`);
    }
  } else if (key.type === "text" && key.default) {
    facts.push(`default ${key.default}`);
  }
  return facts.length === 0
    ? key.summary
    : `${key.summary} (${facts.join(", ")})`;
}

/**
 * Lines of a table with two columns, of 80 columns of text in all, indented by
 * two.
 *
 * @param largestLeftColumns A left text that is longer has a line for itself.
 */
export function formatRows(
  rows: readonly (readonly [left: string, right: string])[],
  largestLeftColumns: number = LARGEST_KEY_COLUMNS,
): string[] {
  const lengths = rows.map(([left]) => left.length)
    .filter((length) => length <= largestLeftColumns);
  const leftColumns = Math.max(8, ...lengths);
  const behind = " ".repeat(INDENT.length + leftColumns + 2);
  return rows.flatMap(([left, right]) => {
    if (left.length > leftColumns) {
      return [INDENT + left, ...wrapWords(right, behind)];
    }
    const first = `${INDENT}${left.padEnd(leftColumns)}  `;
    return wrapWords(right, first);
  });
}

/**
 * Lines of a text in 80 columns.
 *
 * @param first Stands before the first line; as many blanks before the others.
 */
export function wrapWords(text: string, first = ""): string[] {
  const behind = " ".repeat(first.length);
  const words = text.split(" ");
  const pieces = words.map((word, index) => index === 0 ? word : ` ${word}`);
  return wrap(pieces, first, behind);
}

/**
 * Sets pieces one behind the other and begins a new line where the next one
 * would pass the last column. A blank at which a line breaks is dropped.
 */
function wrap(
  pieces: readonly string[],
  first: string,
  behind: string,
): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const piece of pieces) {
    if (!empty && line.length + piece.length > WIDTH_COLUMNS) {
      lines.push(line);
      line = behind;
      empty = true;
    }
    line += empty ? piece.trimStart() : piece;
    empty = false;
  }
  return [...lines, line].map((line) => line.trimEnd());
}
