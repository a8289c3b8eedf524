/**
 * Completes a VNL: its scheme, its address, the keys that its scheme declares,
 * their values, and a nested VNL in braces.
 *
 * @module
 */

import {
  quoteVnl,
  type TextKind,
  type VnlKey,
  type VnlSyntax,
} from "../plug/vnl.ts";
import {
  beginningWith,
  type Candidate,
  isWhole,
  NO_OFFER,
  type Offer,
} from "./offer.ts";
import { offerPaths } from "./paths.ts";
import type { Schemes, Surroundings } from "./surroundings.ts";
import { type Cut, cutPartial, unquotePart } from "./vnl_cut.ts";

/** What completion of VNLs needs. */
export interface VnlSources {
  readonly schemes: Schemes;
  readonly here: Surroundings;
}

const SCHEME = /^([^/[\]{}]*?):\/\//;

/**
 * What could go on from a VNL that is being typed.
 *
 * @param word Without a shell's quotes; those of the VNL are in it.
 */
export async function completeVnl(
  word: string,
  sources: VnlSources,
): Promise<Offer> {
  const offer = await completeWithin(word, "", sources);
  return { ...offer, candidates: beginningWith(word, offer.candidates) };
}

/** @param closers What has to follow a whole VNL: `}` for each nested one. */
async function completeWithin(
  word: string,
  closers: string,
  sources: VnlSources,
): Promise<Offer> {
  const match = SCHEME.exec(word);
  if (match === null) {
    return { candidates: await schemeCandidates(word, sources.schemes) };
  }
  const syntax = await sources.schemes.syntax(match[1]);
  if (syntax === undefined) return NO_OFFER;
  const head = match[0];
  const rest = word.slice(head.length);
  const cut = cutPartial(rest, syntax);
  if (cut === undefined) return NO_OFFER;
  const place = { head, rest, cut, syntax, closers, sources };
  switch (cut.at) {
    case "address":
      return completeAddress(place);
    case "key":
      return completeKey(place);
    case "value":
      return completeValue(place);
    case "nested":
      return await completeNested(place);
    case "end":
      return { candidates: endings(place) };
  }
}

/** A cursor in a VNL. */
interface Place {
  /** The scheme and `://`. */
  readonly head: string;
  /** What is typed behind. */
  readonly rest: string;
  readonly cut: Cut;
  readonly syntax: VnlSyntax;
  readonly closers: string;
  readonly sources: VnlSources;
}

/** Schemes with `://`. */
export async function schemeCandidates(
  word: string,
  schemes: Schemes,
): Promise<Candidate[]> {
  const found = await schemes.list(word.replace(/:\/?$/, ""));
  return beginningWith(
    word,
    found.map(({ word, summary }) => ({ word: `${word}://`, summary })),
  );
}

function completeAddress(place: Place): Offer {
  const { head, rest, syntax, closers } = place;
  const { addressCompletes: kind, address, addressSummary } = syntax;
  // Paths may have slashes as they are only where none delimits.
  const quoting = syntax.form === "slash" ? "value" : "path";
  const found = kind === undefined
    ? []
    : textCandidates({ typed: rest, kind, quoting, head }, place.sources.here);
  const candidates = found.map((each) => close(each, closers));
  const isTyped = rest !== "" || address === undefined;
  // An address may be at its end if nobody knows a longer one, or none at all.
  const isLongest = found.every(({ word }) => word === head + rest);
  if (isLongest && (found.length > 0 || kind === undefined)) {
    const takesNested = syntax.nested !== undefined && syntax.form !== "raw";
    if (takesNested) candidates.push({ word: `${head}${rest}{` });
    if (isTyped) candidates.push(...endings(place));
  }
  const message = address === undefined || candidates.length > 0
    ? undefined
    : `${address}: ${addressSummary ?? "address"}`;
  return { candidates, message };
}

/** What may follow an address, or a closing bracket or brace. */
function endings(place: Place): Candidate[] {
  const { head, rest, cut, syntax, closers } = place;
  const opener = { slash: "/", bracket: "[", raw: "" }[syntax.form];
  const word = head + rest;
  const found: Candidate[] = [];
  if (!cut.hasItems && syntax.keys.length > 0 && opener !== "") {
    found.push({ word: word + opener, summary: "parameters" });
  }
  if (closers !== "") found.push({ word: word + closers });
  return found;
}

function completeKey(place: Place): Offer {
  const { head, rest, cut, syntax } = place;
  const before = head + rest.slice(0, cut.from);
  const typed = rest.slice(cut.from);
  const left = keysLeft(place);
  const fitting = left.filter(({ name }) => name.startsWith(typed));
  const candidates = fitting.flatMap((key) => {
    const { name, type, summary } = key;
    if (type !== "flag") return [{ word: `${before}${name}=`, summary }];
    return itemEnds(place, before + name, left.length > 1).map((word) => ({
      word,
      summary,
    }));
  });
  const isBare = fitting.length === 0 && typed !== "" &&
    syntax.unnamedKey !== undefined;
  if (isBare) {
    const words = itemEnds(place, before + typed, left.length > 1);
    candidates.push(...words.map((word) => ({ word, summary: "" })));
  }
  // A flag in slash form, typed to its end, may be followed by other keys.
  const exact = fitting.some(({ name, type }) =>
    name === typed && type === "flag"
  );
  if (exact && syntax.form === "slash" && left.length > 1) {
    candidates.push({ word: `${before}${typed}/`, summary: "more parameters" });
  }
  return { candidates };
}

/** An item that is whole: closed, and in brackets also with what parts it from the next one. */
function itemEnds(place: Place, item: string, hasMore: boolean): string[] {
  const { syntax, closers } = place;
  if (syntax.form === "slash") return [item + closers];
  return [`${item}]${closers}`, ...hasMore ? [`${item}/`] : []];
}

function completeValue(place: Place): Offer {
  const { head, rest, cut, syntax } = place;
  const word = unquotePart(rest.slice(cut.keyFrom, cut.from - 1));
  const key = word === undefined ? undefined : keyOf(word, syntax);
  if (key === undefined) return NO_OFFER;
  const typed = rest.slice(cut.from);
  const before = head + rest.slice(0, cut.from);
  const found = valueCandidates(key, typed, before, place.sources.here);
  const candidates = found.map((each) =>
    isWhole(each.word)
      ? { ...each, word: itemEnds(place, each.word, false)[0] }
      : each
  );
  const isKnown = found.every(({ word }) => word === before + typed);
  if (typed !== "" && isKnown) {
    const others = keysLeft(place).length > 0;
    const ends = itemEnds(place, before + typed, others);
    if (syntax.form === "slash" && others) ends.push(`${before}${typed}/`);
    const isNew = (word: string) =>
      word !== head + rest && !candidates.some((each) => each.word === word);
    candidates.push(...ends.filter(isNew).map((word) => ({ word })));
  }
  const message = typed === "" && candidates.length === 0
    ? `${key.placeholder ?? key.name}: ${key.summary}`
    : undefined;
  return { candidates, message };
}

function valueCandidates(
  key: VnlKey,
  typed: string,
  head: string,
  here: Surroundings,
): Candidate[] {
  if (key.type === "text") {
    const { completes: kind } = key;
    if (kind === undefined) return [];
    return textCandidates({ typed, kind, quoting: "value", head }, here);
  }
  const isSwitch = key.type === "flag" || key.min === 0 && key.max === 1;
  if (!isSwitch) return [];
  return beginningWith(
    head + typed,
    ["0", "1"].map((value) => ({ word: head + value, summary: key.summary })),
  );
}

async function completeNested(place: Place): Promise<Offer> {
  const { head, rest, cut, closers, sources } = place;
  const before = head + rest.slice(0, cut.from);
  const inner = await completeWithin(
    rest.slice(cut.from),
    `}${closers}`,
    sources,
  );
  const candidates = inner.candidates.map((each) => ({
    ...each,
    word: before + each.word,
  }));
  return { ...inner, candidates };
}

/** The keys that may still be given: neither before the cursor, nor by it. */
function keysLeft({ rest, cut, syntax }: Place): VnlKey[] {
  const given = cut.given.map((word) => keyOf(word, syntax)?.name);
  if (cut.at === "value") {
    given.push(keyOf(rest.slice(cut.keyFrom, cut.from - 1), syntax)?.name);
  }
  return syntax.keys.filter(({ name }) => !given.includes(name));
}

/** The key that a word stands for: its name, or a short form. */
function keyOf(word: string, { keys }: VnlSyntax): VnlKey | undefined {
  return keys.find(({ name }) => name === word) ??
    (word === "" ? undefined : keys.find(({ name }) => name.startsWith(word)));
}

/** A text that is being typed. */
interface TypedText {
  /** As it was typed, the VNL's quotes included. */
  readonly typed: string;
  readonly kind: TextKind;
  /** How what is added has to be quoted. */
  readonly quoting: "value" | "path";
  /** What stands before it. */
  readonly head: string;
}

/** Whole words with the texts of a kind. What was typed stays as it is. */
function textCandidates(
  { typed, kind, quoting, head }: TypedText,
  here: Surroundings,
): Candidate[] {
  const text = unquotePart(typed);
  if (text === undefined) return [];
  const found = beginningWith(text, textsOf(kind, text, here));
  return found.map(({ word, summary }) => ({
    word: head + typed + quoteVnl(word.slice(text.length), quoting),
    summary,
  }));
}

function textsOf(
  kind: TextKind,
  text: string,
  here: Surroundings,
): Candidate[] {
  switch (kind) {
    case "file":
    case "folder":
    case "switch":
      return offerPaths(text, kind, here);
    case "group":
      return here.groups().map((word) => ({ word }));
    case "interface":
      return here.interfaces().map((word) => ({ word }));
    default:
      return here.interfaces()
        .filter((name) => name.startsWith(text))
        .filter((name) => here.interfaceKind(name) === kind)
        .map((word) => ({ word }));
  }
}

/** A candidate with what has to follow it once it is whole. */
function close(candidate: Candidate, closers: string): Candidate {
  const { word } = candidate;
  return isWhole(word) ? { ...candidate, word: word + closers } : candidate;
}
