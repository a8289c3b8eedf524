/**
 * A command's page as the text that `--help` prints: 80 columns, no blanks at
 * the ends of lines, no line end behind the last one.
 *
 * @module
 */

import { formatRows, wrapWords } from "../plug/help.ts";
import { optionNames, type OptionSpec } from "./getopt.ts";
import type { CommandPage, Example, Section, Usage } from "./page.ts";

const LARGEST_USAGE_COLUMNS = 40;
const INDENT = "  ";
/** What keeps the place of a letter and its comma. */
const NO_LETTER = "    ";

/** What is shown beside the page itself. */
export interface PageTextOptions {
  /** Stands behind the operands. */
  readonly behindOperands?: Section;
}

/** Writes a page. */
export function pageText(
  page: CommandPage,
  { behindOperands }: PageTextOptions = {},
): string {
  const parts = [
    usageLines(page.usage),
    ...page.description.map((paragraph) => wrapWords(paragraph)),
    formatRows(page.operands.map(({ name, summary }) => [name, summary])),
    ...behindOperands === undefined ? [] : [sectionLines(behindOperands)],
    ["Options:", ...optionLines(page.options)],
    ...(page.sections ?? []).map(sectionLines),
    exampleLines(page.examples ?? []),
    wrapWords(`Exit status: ${page.exitStatus}`),
  ];
  return parts.filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n")).join("\n\n");
}

/** An option as a title: `-p, --pidfile FILE`, `--stats[=SECONDS]`. */
export function optionTitle(spec: OptionSpec): string {
  const { value, standard } = spec;
  const names = optionNames(spec).join(", ");
  if (value === undefined) return names;
  return standard === undefined ? `${names} ${value}` : `${names}[=${value}]`;
}

function usageLines(usage: readonly Usage[]): string[] {
  if (usage.length === 1 && usage[0].summary === undefined) {
    return [`Usage: ${usage[0].line}`];
  }
  const rows = usage.map(({ line, summary = "" }) => [line, summary] as const);
  return ["Usage:", ...formatRows(rows, LARGEST_USAGE_COLUMNS)];
}

function optionLines(options: readonly OptionSpec[]): string[] {
  const hasLetter = ({ name, letter }: OptionSpec) =>
    name.length === 1 || letter !== undefined;
  const margin = options.some(hasLetter) ? NO_LETTER : "";
  return formatRows(options.map((spec) => [
    hasLetter(spec) ? optionTitle(spec) : margin + optionTitle(spec),
    spec.summary,
  ]));
}

function sectionLines(
  { title, paragraphs = [], rows = [] }: Section,
): string[] {
  // Between a title and its list, a sentence would be in the way.
  return [
    `${title}:`,
    ...formatRows(rows),
    ...paragraphs.flatMap((paragraph) => ["", ...wrapWords(paragraph)]),
  ];
}

function exampleLines(examples: readonly Example[]): string[] {
  if (examples.length === 0) return [];
  const lines = examples.flatMap(({ line, summary }) => [
    INDENT + line,
    ...summary === undefined ? [] : wrapWords(summary, INDENT.repeat(3)),
  ]);
  return ["Examples:", ...lines];
}
