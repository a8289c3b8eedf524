/**
 * A scheme's page of the manual, part 7, made from what its plugin declares.
 *
 * @module
 */

import {
  describeAddress,
  describeKey,
  usagePieces,
  writeKey,
} from "../plug/help.ts";
import type { Plugin } from "../plug/plugin.ts";
import type { VnlSyntax } from "../plug/vnl.ts";
import { writeSeeAlso } from "./command_page.ts";
import { MANUAL_DATE } from "./edition.ts";
import { bold, RoffPage, sentence } from "./roff.ts";
import { markUsage } from "./usage.ts";

/** What a plugin does not know of itself. */
export interface SchemePlace {
  /** Version of the program. */
  readonly version: string;
  /** The module of a user's own plugin; absent for a built-in one. */
  readonly from?: string;
  /** Names of other pages, parts included. */
  readonly seeAlso: readonly string[];
}

/** Where the line may be broken without a blank or a hyphen. */
const BREAK = "\\:";

const FORMS: Readonly<Record<VnlSyntax["form"], string>> = {
  slash: "Keys follow the address behind /, with / between them. They may be " +
    "shortened, and text in them and in the address may be quoted, as " +
    "vdeplug(1) tells.",
  bracket: "Keys stand in brackets behind the address, with / between them; " +
    "without keys, there are no brackets. They may be shortened, and text in " +
    "them and in the address may be quoted, as vdeplug(1) tells.",
  raw:
    "All that stands behind :// is the address, as it is: there are no keys " +
    "and no quoting.",
};

/**
 * Writes the page of a scheme.
 *
 * @returns Text with the macros of man(7), a line end behind its last line.
 */
export function schemeManual(plugin: Plugin, place: SchemePlace): string {
  const { scheme, summary, description = [], syntax } = plugin;
  const roff = new RoffPage({
    name: `vdeplug-${scheme}`,
    part: 7,
    source: `vdeplug ${place.version}`,
    date: MANUAL_DATE,
    summary: asTitle(summary),
  });
  roff.section("Synopsis");
  const typed = syntax.form === "bracket";
  const pieces = usagePieces(scheme, syntax);
  roff.raw(pieces.map((piece) => markUsage(piece, typed)).join(BREAK));
  roff.section("Description");
  roff.paragraph(summary);
  for (const paragraph of description) roff.paragraph(paragraph);
  roff.paragraph(
    `A VNL of this scheme may stand wherever vdeplug(1) takes one.${
      syntax.form === "raw" || syntax.keys.length > 0
        ? ` ${FORMS[syntax.form]}`
        : ""
    }`,
  );
  writeParts(syntax, roff);
  writeExamples(plugin, roff);
  if (place.from !== undefined) {
    roff.section("Files");
    roff.entry(bold(place.from), "The module that this plugin comes from.");
  }
  writeSeeAlso(place.seeAlso, roff);
  return roff.toString();
}

function writeParts(syntax: VnlSyntax, roff: RoffPage): void {
  if (syntax.address !== undefined) {
    roff.section("Address");
    roff.entry(
      markUsage(syntax.address, true),
      sentence(describeAddress(syntax)),
    );
  }
  if (syntax.keys.length === 0 && !syntax.nested) return;
  roff.section("Keys");
  for (const key of syntax.keys) {
    roff.entry(
      markKey(writeKey(key)),
      sentence(describeKey(key, syntax)),
      key.placeholder,
    );
  }
  if (syntax.nested) {
    roff.entry(markUsage("{VNL}", true), "A VNL of its own, in braces.");
  }
}

/** A key is typed even where it is in capitals. */
function markKey(text: string): string {
  const equals = text.indexOf("=") + 1 || text.length;
  return bold(text.slice(0, equals)) + markUsage(text.slice(equals), true);
}

function writeExamples({ syntax }: Plugin, roff: RoffPage): void {
  if (syntax.examples === undefined || syntax.examples.length === 0) return;
  roff.section("Examples");
  for (const { vnl, summary } of syntax.examples) {
    roff.entry(bold(vnl), sentence(summary));
  }
}

/** A sentence as what follows a name and a dash. */
function asTitle(summary: string): string {
  const text = summary.replace(/\.$/, "");
  return /^[A-Z](?:[a-z]| )/.test(text)
    ? text[0].toLowerCase() + text.slice(1)
    : text;
}
