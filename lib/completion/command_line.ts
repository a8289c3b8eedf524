/**
 * Completes the command lines of this program: commands, options, their values
 * and operands, as the commands' pages declare them.
 *
 * @module
 */

import { optionNames, type OptionSpec } from "../cli/getopt.ts";
import type { CommandPage, WordKind } from "../cli/page.ts";
import {
  beginningWith,
  type Candidate,
  NO_OFFER,
  type Offer,
} from "./offer.ts";
import { offerPaths } from "./paths.ts";
import type { Schemes, Surroundings } from "./surroundings.ts";
import { completeVnl, schemeCandidates } from "./vnl_word.ts";
import { valueInside, type Walk, walkWords } from "./walk.ts";

/** A command line up to the cursor. */
export interface TypedLine {
  /** The program, with its folder or without. */
  readonly program: string;
  /** Its arguments, the shell's quotes undone; the last one is at the cursor, perhaps "". */
  readonly words: readonly string[];
}

/** What is known of the program and the machine. */
export interface Sources {
  /** Pages by the names of commands, the main one's among them. */
  readonly pages: Readonly<Record<string, () => Promise<CommandPage>>>;
  /** The schemes there are, with those of plugins that the line names. */
  schemes(plugins: readonly string[]): Schemes;
  readonly here: Surroundings;
}

/** The main command, which has all others but for its links. */
const MAIN = "vdeplug";
/** Programs by themselves, too. */
const LINKS = ["vde_plug", "dpipe"];
/** Commands that begin their own command lines, in part or as a whole. */
const PIPES = "dpipe";

const COMMAND_SIGN = "=";
/** As lib/cli/dpipe_plan.ts has them. */
const PIPE_SIGN = /^[{}]?=[{}]?$/;

const SWITCH_SCHEMES = ["switch", "hub", "multi", "bonding"];
const SHELLS = ["bash", "fish", "zsh"];

/** Options that may be given again and again. */
const REPEATED = ["plugin"];

/** Begins a plugin: a word beside the schemes. */
const BEGIN: Candidate = { word: "new", summary: "begin a plugin of your own" };

/** What could stand at the cursor. */
export async function completeCommandLine(
  line: TypedLine,
  sources: Sources,
): Promise<Offer> {
  return await completeAt({ ...line, offset: 0 }, sources);
}

/** A command line inside another one: where its words begin in that. */
interface LineAt extends TypedLine {
  readonly offset: number;
}

async function completeAt(line: LineAt, sources: Sources): Promise<Offer> {
  const name = baseName(line.program);
  const main = await sources.pages[MAIN]();
  if (LINKS.includes(name)) return await completeOwn(name, line, sources);
  const before = line.words.slice(0, -1);
  const { operands, given, optionsEnded } = walkWords(before, main.options, {
    stopEarly: true,
  });
  const [first] = operands;
  const isCommand = first !== undefined && first.word !== MAIN &&
    Object.hasOwn(sources.pages, first.word);
  const endsEarly = optionsEnded &&
    before.slice(0, first?.index).includes("--");
  if (!isCommand || endsEarly || given.has("help")) {
    return await completeOwn(MAIN, line, sources);
  }
  const from = first.index + 1;
  const own = {
    program: line.program,
    words: line.words.slice(from),
    offset: line.offset + from,
  };
  return await completeOwn(first.word, own, sources);
}

function baseName(program: string): string {
  return program.slice(program.lastIndexOf("/") + 1);
}

/** The cursor in the words of one command. */
interface Place {
  readonly command: string;
  readonly page: CommandPage;
  /** The word at the cursor. */
  readonly word: string;
  /** Words before it. */
  readonly before: readonly string[];
  readonly walk: Walk;
  /** Where the command's words begin in the whole line. */
  readonly offset: number;
  readonly schemes: Schemes;
  readonly sources: Sources;
}

async function completeOwn(
  command: string,
  { words, offset }: LineAt,
  sources: Sources,
): Promise<Offer> {
  const page = await sources.pages[command]();
  const before = words.slice(0, -1);
  const { options } = page;
  const sign = command === PIPES ? -1 : before.indexOf(COMMAND_SIGN);
  if (sign >= 0 && takesCommand(page)) {
    return await completeCommand(words, sign + 1, offset, sources);
  }
  const walk = walkWords(before, options, { stopEarly: command === PIPES });
  const plugins = walk.given.get("plugin") ?? [];
  const word = words[words.length - 1] ?? "";
  const schemes = sources.schemes(plugins);
  return await completeWord(
    { command, page, word, before, walk, offset, schemes, sources },
    words,
  );
}

function takesCommand({ operands }: CommandPage): boolean {
  return operands.some(({ completes }) => completes === "vnl or =");
}

async function completeWord(
  place: Place,
  words: readonly string[],
): Promise<Offer> {
  const { word, walk, page, command, offset, sources } = place;
  if (walk.wants !== undefined) {
    return await completeOption(walk.wants, 0, place);
  }
  if (!walk.optionsEnded && word.startsWith("-")) {
    const inside = valueInside(word, page.options);
    return inside === undefined
      ? { candidates: optionCandidates(place) }
      : await completeOption(inside.spec, inside.from, place);
  }
  if (command === PIPES) {
    const first = walk.operands[0]?.index ?? words.length - 1;
    const sign = words.slice(first, -1).findLastIndex((each) =>
      PIPE_SIGN.test(each)
    );
    return await completeCommand(words, first + sign + 1, offset, sources);
  }
  return await completeOperand(place);
}

/** A command line of its own, from a word on: ours, or one that the shell knows. */
async function completeCommand(
  words: readonly string[],
  from: number,
  offset: number,
  sources: Sources,
): Promise<Offer> {
  const own = words.slice(from);
  const isOurs = own.length > 1 &&
    [MAIN, ...LINKS].includes(baseName(own[0]));
  if (!isOurs) {
    return {
      candidates: [],
      handOver: { to: "command", from: offset + from },
    };
  }
  return await completeAt(
    { program: own[0], words: own.slice(1), offset: offset + from + 1 },
    sources,
  );
}

/** Names of options, those that are given already left out. */
function optionCandidates({ word, page, walk }: Place): Candidate[] {
  const found = page.options.flatMap((spec) => {
    const { name, value, standard, summary } = spec;
    if (walk.given.has(name) && !REPEATED.includes(name)) return [];
    const long = optionNames(spec).at(-1) ?? `--${name}`;
    const words = value !== undefined && standard !== undefined
      ? [long, `${long}=`]
      : [long];
    return words.map((each) => ({ word: each, summary }));
  });
  return beginningWith(word, found);
}

/** @param from Where in the word at the cursor the value begins. */
async function completeOption(
  spec: OptionSpec,
  from: number,
  place: Place,
): Promise<Offer> {
  const { completes = "none", value, summary } = spec;
  const message = `${value}: ${summary}`;
  const typed = place.word.slice(from);
  const inner = await completeKind(completes, { ...place, word: typed });
  const head = place.word.slice(0, from);
  const { handOver } = inner;
  return {
    candidates: inner.candidates.map((each) => ({
      ...each,
      word: head + each.word,
    })),
    handOver: handOver === undefined || handOver.to === "command"
      ? handOver
      : { ...handOver, from: from + handOver.from },
    message: completes === "none" ? message : inner.message,
  };
}

async function completeOperand(place: Place): Promise<Offer> {
  const { command, page, walk, word } = place;
  const { operands, given } = walk;
  if (given.has("help") && command === MAIN) {
    return await completeKind("scheme", place);
  }
  if (command === "plugins" && operands[0]?.word === BEGIN.word) {
    if (operands.length === 1) {
      return { candidates: [], message: "NAME: of the new plugin's scheme" };
    }
    return operands.length === 2
      ? await completeKind("folder", place)
      : NO_OFFER;
  }
  const declared = page.operands;
  const last = declared.at(-1);
  const operand = declared[operands.length] ??
    (last?.repeats ? last : undefined);
  if (operand === undefined) return NO_OFFER;
  const offer = await completeKind(operand.completes, place);
  const extra = operands.length > 0
    ? []
    : command === MAIN
    ? await commandCandidates(place.sources)
    : command === "plugins"
    ? [BEGIN]
    : [];
  const candidates = [...beginningWith(word, extra), ...offer.candidates];
  const message = candidates.length > 0
    ? undefined
    : offer.message ?? `${operand.name}: ${operand.summary}`;
  return { ...offer, candidates, message };
}

async function commandCandidates({ pages }: Sources): Promise<Candidate[]> {
  const { [MAIN]: _main, ...others } = pages;
  return await Promise.all(
    Object.entries(others).map(async ([word, load]) => ({
      word,
      summary: (await load()).summary,
    })),
  );
}

/** What could stand for the place's word, if it is of a kind. */
async function completeKind(kind: WordKind, place: Place): Promise<Offer> {
  const { word, schemes, sources: { here, pages } } = place;
  const fitting = (candidates: readonly Candidate[]) => ({
    candidates: beginningWith(word, candidates),
  });
  switch (kind) {
    case "file":
      return { candidates: [], handOver: { to: "files", from: 0 } };
    case "folder":
      return { candidates: [], handOver: { to: "folders", from: 0 } };
    case "group":
      return fitting(here.groups().map((each) => ({ word: each })));
    case "shell":
      return fitting(SHELLS.map((each) => ({ word: each })));
    case "scheme":
      return fitting(await schemes.list(word));
    case "page":
      return fitting([
        ...Object.keys(pages).map((each) => ({
          word: each,
          summary: "a command",
        })),
        ...await schemes.list(word),
      ]);
    case "vnl":
    case "vnl or =":
      return await completeEnd(kind, place);
    case "switch folder":
      return await completeSwitch(place);
    case "command line":
    case "none":
      return NO_OFFER;
  }
}

/** One end of a cable. */
async function completeEnd(
  kind: "vnl" | "vnl or =",
  { word, schemes, sources: { here } }: Place,
): Promise<Offer> {
  if (isHomePath(word)) {
    return { candidates: [], handOver: { to: "files", from: 0 } };
  }
  const offer = await completeVnl(word, { schemes, here });
  if (word.includes("://")) return offer;
  const sign = kind === "vnl"
    ? []
    : [{ word: COMMAND_SIGN, summary: "a command follows" }];
  const paths = [
    ...offerPaths(word, "switch", here),
    ...isPath(word) ? offerPaths(word, "file", here) : [],
  ];
  const unlike = paths.filter(({ word }) =>
    !paths.some((path) => `${path.word}/` === word)
  );
  const candidates = [...offer.candidates, ...sign, ...unlike];
  return { candidates: beginningWith(word, candidates) };
}

/** The switch that `vdeplug switch` is to make. */
async function completeSwitch(
  { word, schemes, sources: { here } }: Place,
): Promise<Offer> {
  if (isHomePath(word)) {
    return { candidates: [], handOver: { to: "folders", from: 0 } };
  }
  if (word.includes("://")) return await completeVnl(word, { schemes, here });
  if (isPath(word)) {
    // The scheme is left out: its keys may follow.
    const head = "switch://";
    const { candidates } = await completeVnl(head + word, { schemes, here });
    return {
      candidates: candidates.map((each) => ({
        ...each,
        word: each.word.slice(head.length),
      })),
    };
  }
  const found = await schemeCandidates(word, schemes);
  const fitting = found.filter(({ word }) =>
    SWITCH_SCHEMES.some((scheme) => word === `${scheme}://`)
  );
  return { candidates: [...fitting, ...offerPaths(word, "folder", here)] };
}

/** Only a shell knows what `~` and `~user` stand for. */
function isHomePath(word: string): boolean {
  return word.startsWith("~");
}

function isPath(word: string): boolean {
  return word.includes("/") || word.startsWith(".");
}
