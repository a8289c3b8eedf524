/**
 * A command's page of the manual, part 1.
 *
 * @module
 */

import { MANUAL_DATE } from "./edition.ts";
import type { CommandText, Example, Section } from "./parts.ts";
import { bold, RoffPage, sentence } from "./roff.ts";
import { markUsage } from "./usage.ts";

/** What a page does not know of itself. */
export interface CommandPlace {
  /** Name of the page: `vdeplug-ping`. */
  readonly manualName: string;
  /** Version of the program. */
  readonly version: string;
  /** Names of other pages, parts included: `vdeplug(1)`. */
  readonly seeAlso: readonly string[];
}

/**
 * Writes the page of a command.
 *
 * @returns Text with the macros of man(7), a line end behind its last line.
 */
export function commandManual(page: CommandText, place: CommandPlace): string {
  const { manual = {} } = page;
  const roff = new RoffPage({
    name: place.manualName,
    part: 1,
    source: `vdeplug ${place.version}`,
    date: MANUAL_DATE,
    summary: page.summary,
  });
  writeUsage(page, roff);
  writeOptions(page, roff);
  const ownSections = [...page.sections ?? [], ...manual.sections ?? []];
  for (const section of ownSections) writeSection(section, roff);
  writeExamples(page.examples ?? [], roff);
  roff.section("Exit status");
  roff.paragraph(sentence(page.exitStatus));
  for (const section of manual.lastSections ?? []) writeSection(section, roff);
  writeSeeAlso([...place.seeAlso, ...manual.seeAlso ?? []], roff);
  return roff.toString();
}

/** Writes the last section of a page: names of others, parts included. */
export function writeSeeAlso(names: readonly string[], roff: RoffPage): void {
  roff.section("See also");
  roff.paragraph([...new Set(names)].join(", "));
}

function writeUsage({ usage, ...page }: CommandText, roff: RoffPage): void {
  roff.section("Synopsis");
  roff.lines(usage.map(({ line }) => markUsage(line)));
  roff.section("Description");
  const paragraphs = [...page.description, ...page.manual?.description ?? []];
  for (const paragraph of paragraphs) roff.paragraph(paragraph);
  for (const { line, summary } of usage) {
    if (summary === undefined) continue;
    roff.entry(markUsage(line), sentence(summary));
  }
  if (page.operands.length === 0) return;
  roff.section("Operands");
  for (const { name, summary } of page.operands) {
    roff.entry(markUsage(name), sentence(summary), name);
  }
}

function writeOptions({ options }: CommandText, roff: RoffPage): void {
  roff.section("Options");
  for (const { title, summary, value } of options) {
    roff.entry(markOption(title), sentence(summary), value);
  }
}

/** Names of an option are typed even where they are in capitals. */
function markOption(title: string): string {
  return title.split(", ").map((part) => {
    const [, name, behind] = /^(-[^\s[=]*)(.*)$/s.exec(part) ?? [, part, ""];
    return bold(name) + markUsage(behind);
  }).join(", ");
}

function writeSection(
  { title, paragraphs = [], rows = [] }: Section,
  roff: RoffPage,
): void {
  roff.section(title);
  for (const paragraph of paragraphs) roff.paragraph(paragraph);
  for (const [term, text] of rows) {
    roff.entry(bold(term), sentence(text));
  }
}

function writeExamples(examples: readonly Example[], roff: RoffPage): void {
  if (examples.length === 0) return;
  roff.section("Examples");
  for (const { line, summary } of examples) {
    if (summary === undefined) roff.raw(bold(line));
    else roff.entry(bold(line), sentence(summary));
  }
}
