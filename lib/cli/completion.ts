/**
 * `vdeplug completion`: the scripts for shells, and the answers to them.
 *
 * The scripts call it in two ways that no page tells of:
 *
 *     vdeplug completion --words=PROGRAM -- WORD...
 *     vdeplug completion --bash=BREAKS -- LINE
 *
 * The first one takes the words behind the program, quotes undone; the last one
 * is at the cursor. It prints candidates, one a line, with a tab and what it is
 * behind each that has such a text. No space follows one that ends in `=`, `/`,
 * `:`, `[`, `{` or `,`. A line that begins with a tab is none, but says what
 * the shell is to complete by itself:
 *
 *     files N      a path, which begins behind N characters of the word
 *     folders N    the same of a folder
 *     command N    a command line, which begins behind N of the words
 *     message TEXT what is to be typed
 *
 * The second one takes the line up to the cursor as bash has it, and
 * COMP_WORDBREAKS; lib/completion/bash_line.ts tells of its answer. Neither
 * prints errors, and the exit status is always 0.
 *
 * @module
 */

import {
  answerBash,
  type BashLine,
  readBashLine,
} from "../completion/bash_line.ts";
import {
  completeCommandLine,
  type Sources,
} from "../completion/command_line.ts";
import { NO_OFFER, type Offer } from "../completion/offer.ts";
import { offerPaths } from "../completion/paths.ts";
import { SYSTEM_SURROUNDINGS } from "../completion/system.ts";
import {
  findSchemes,
  SYSTEM_NATIVE_FILES,
} from "../completion/system_schemes.ts";
import { SYSTEM_MODULES } from "../machine/modules.ts";
import { type GivenOptions, type OptionSpec, readOptions } from "./getopt.ts";
import { commandHelp } from "./help.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { COMMAND_PAGES } from "./pages/mod.ts";
import { COMPLETION_PAGE } from "./pages/completion.ts";
import { reportError } from "./report.ts";
import { UsageError } from "./usage_error.ts";

/** For the scripts only. */
const HIDDEN_OPTIONS: readonly OptionSpec[] = [
  { name: "words", value: "PROGRAM", summary: "answer zsh and fish" },
  { name: "bash", value: "BREAKS", summary: "answer bash" },
];

const SCRIPTS: Readonly<Record<string, () => Promise<string>>> = {
  bash: async () => (await import("../completion/bash.ts")).BASH_SCRIPT,
  fish: async () => (await import("../completion/fish.ts")).FISH_SCRIPT,
  zsh: async () => (await import("../completion/zsh.ts")).ZSH_SCRIPT,
};

/** Nobody waits longer for a word: a plugin may never be loaded to its end. */
const PATIENCE_MS = 3000;

/**
 * Runs `vdeplug completion`.
 *
 * @param args What stands behind `completion` on the command line.
 * @param io Where words go.
 * @returns Exit status.
 */
export async function completionCommand(
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  try {
    const options = readOptions(args, [
      ...COMPLETION_PAGE.options,
      ...HIDDEN_OPTIONS,
    ]);
    const { given, operands } = options;
    if (given.has("help")) io.out(await commandHelp("completion"));
    else if (given.has("words") || given.has("bash")) {
      const lines = await patiently(() => answer(options, io));
      if (lines.length > 0) io.out(lines.join("\n"));
    } else io.out((await script(operands)).trimEnd());
    return ExitStatus.success;
  } catch (error) {
    return reportError(error, io, "vdeplug completion --help");
  }
}

async function script(operands: readonly string[]): Promise<string> {
  const [shell] = operands;
  if (operands.length === 1 && Object.hasOwn(SCRIPTS, shell)) {
    return await SCRIPTS[shell]();
  }
  throw new UsageError(
    `Cannot print a script as that takes one of ${
      Object.keys(SCRIPTS).join(", ")
    }: received ${
      operands.map((word) => `"${word}"`).join(" ") || "no argument"
    }`,
  );
}

/** Whatever goes wrong, a shell is not to be disturbed. */
async function patiently(ask: () => Promise<string[]>): Promise<string[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string[]>((resolve) => {
    timer = setTimeout(() => resolve([]), PATIENCE_MS);
  });
  try {
    return await Promise.race([ask(), late]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}

async function answer(
  { given, operands }: GivenOptions,
  io: CommandIo,
): Promise<string[]> {
  const breaks = given.get("bash");
  if (breaks === undefined) {
    const program = given.get("words") ?? "";
    const sources = makeSources(io, true);
    return linesOf(
      await completeCommandLine({ program, words: operands }, sources),
    );
  }
  const line = readBashLine(operands[0] ?? "", breaks);
  const [program, ...words] = line.words.map(({ text }) => text);
  const offer = words.length === 0
    ? NO_OFFER
    : await completeCommandLine({ program, words }, makeSources(io, false));
  return answerBash(
    offer.handOver ? listInside(offer, line, breaks) : offer,
    line,
  );
}

/** Readline completes a path by itself only where that begins behind one of its breaks: `-pFILE` is none. */
function listInside(offer: Offer, { words }: BashLine, breaks: string): Offer {
  const { handOver } = offer;
  const typed = words[words.length - 1].text;
  const isReadlines = handOver === undefined || handOver.to === "command" ||
    handOver.from === 0 || breaks.includes(typed[handOver.from - 1]);
  if (isReadlines) return offer;
  const head = typed.slice(0, handOver.from);
  const kind = handOver.to === "files" ? "file" : "folder";
  const found = offerPaths(
    typed.slice(handOver.from),
    kind,
    SYSTEM_SURROUNDINGS,
  );
  return { candidates: found.map(({ word }) => ({ word: head + word })) };
}

function makeSources(io: CommandIo, summaries: boolean): Sources {
  const places = {
    builtIn: io.pluginModules,
    modules: SYSTEM_MODULES,
    native: SYSTEM_NATIVE_FILES,
    summaries,
  };
  return {
    pages: COMMAND_PAGES,
    schemes: (plugins) => findSchemes(plugins, places),
    here: SYSTEM_SURROUNDINGS,
  };
}

function linesOf({ candidates, handOver, message }: Offer): string[] {
  const lines = candidates.filter(({ word }) => !/[\t\n]/.test(word))
    .map(({ word, summary }) => summary ? `${word}\t${summary}` : word);
  if (handOver !== undefined) lines.push(`\t${handOver.to} ${handOver.from}`);
  if (message !== undefined) lines.push(`\tmessage ${message}`);
  return lines;
}
