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
import type { Schemes, Surroundings } from "./surroundings.ts";
import {
  COMMAND_SIGN,
  commandCandidates,
  completeKind,
  MAIN_NAME,
  type Pages,
} from "./word_kind.ts";
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
  readonly pages: Pages;
  /** The schemes there are, with those of plugins that the line names. */
  schemes(plugins: readonly string[]): Schemes;
  readonly here: Surroundings;
}

/** Commands that are programs by themselves, too. */
const LINKS = ["vde_plug", "dpipe"];

/** The command whose arguments are commands. */
const PIPES = "dpipe";
/** What stands between them: see lib/cli/dpipe_plan.ts. */
const PIPE_SIGN = /^[{}]?=[{}]?$/;

/** Options that may be given again and again. */
const REPEATED = ["plugin"];

/** Options that may stand before a command. */
const BEFORE_COMMANDS = ["verbose"];

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
  const main = await sources.pages[MAIN_NAME]();
  if (LINKS.includes(name)) return await completeOwn(name, line, sources);
  const before = line.words.slice(0, -1);
  const { operands, given, optionsEnded } = walkWords(before, main.options, {
    stopEarly: true,
  });
  const [first] = operands;
  const isCommand = first !== undefined && first.word !== MAIN_NAME &&
    Object.hasOwn(sources.pages, first.word);
  const endsEarly = optionsEnded &&
    before.slice(0, first?.index).includes("--");
  if (!isCommand || endsEarly || given.has("help")) {
    return await completeOwn(MAIN_NAME, line, sources);
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
  /** Its words; the last one is at the cursor. */
  readonly words: readonly string[];
  /** That one. */
  readonly word: string;
  /** What those before it are. */
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
    { command, page, words, word, walk, offset, schemes, sources },
  );
}

function takesCommand({ operands }: CommandPage): boolean {
  return operands.some(({ completes }) => completes === "vnl or =");
}

async function completeWord(place: Place): Promise<Offer> {
  const { words, word, walk, page, command, offset, sources } = place;
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
    [MAIN_NAME, ...LINKS].includes(baseName(own[0]));
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
  const inner = await completeAs(completes, place, typed);
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

/** What could stand for the word at the cursor, or for a part of it. */
async function completeAs(
  kind: WordKind,
  { word, schemes, sources: { here, pages } }: Place,
  typed: string = word,
): Promise<Offer> {
  return await completeKind(kind, typed, { schemes, here, pages });
}

async function completeOperand(place: Place): Promise<Offer> {
  const { command, page, walk, word } = place;
  const { operands, given } = walk;
  if (given.has("help") && command === MAIN_NAME) {
    return await completeTopic(place);
  }
  if (command === "plugins" && operands[0]?.word === BEGIN.word) {
    return await completeBegin(place);
  }
  const declared = page.operands;
  const last = declared.at(-1);
  const operand = declared[operands.length] ??
    (last?.repeats ? last : undefined);
  if (operand === undefined) return NO_OFFER;
  const offer = await completeAs(operand.completes, place);
  const beside = operands.length === 0 ? await firstWords(place) : [];
  const candidates = [...beginningWith(word, beside), ...offer.candidates];
  const message = candidates.length > 0
    ? undefined
    : offer.message ?? `${operand.name}: ${operand.summary}`;
  return { ...offer, candidates, message };
}

/** What `--help` explains: commands, and schemes. */
async function completeTopic(place: Place): Promise<Offer> {
  const { candidates } = await completeAs("scheme", place);
  const commands = await commandCandidates(place.sources.pages);
  return {
    candidates: beginningWith(place.word, [...commands, ...candidates]),
  };
}

/** `plugins new NAME [FOLDER]`. */
async function completeBegin(place: Place): Promise<Offer> {
  const given = place.walk.operands.length;
  if (given === 2) return await completeAs("folder", place);
  return given === 1
    ? { candidates: [], message: "NAME: scheme of the new plugin" }
    : NO_OFFER;
}

/** Words that a command knows beside its first operand. */
async function firstWords(
  { command, walk, sources }: Place,
): Promise<Candidate[]> {
  if (command === "plugins") return [BEGIN];
  const others = [...walk.given.keys()].filter((name) =>
    !BEFORE_COMMANDS.includes(name)
  );
  const takesCommand = command === MAIN_NAME && others.length === 0 &&
    !walk.optionsEnded;
  return takesCommand ? await commandCandidates(sources.pages) : [];
}
