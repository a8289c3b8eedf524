/**
 * What README.md says to type, and the names that it uses: every one of them is
 * held to the program by a test.
 *
 * @module
 */

import { codeSpans, type Markdown, parseMarkdown } from "./markdown.ts";

/** Languages of blocks whose lines are commands. */
const SHELL = ["indented", "sh", "bash", "shell", "console"];

/** What a drawing is made of. */
const DRAWING = /[\u2500-\u257f]/;

/** What a span begins with that is a whole command. */
const PROGRAMS =
  /^(vdeplug|vde_plug|dpipe|deno|npx|sudo|ip|kvm|man|ssh) |^deno$/;

/** A word that stands for others: `VNL`, `[NAME]`, `…`. */
const PLACEHOLDER = /(^|[ [])[A-Z]{2,}([\] ]|$)|…/;

/** What README.md says. */
export interface Commands {
  /** Lines of each block of commands: no comments, no continued lines. */
  readonly blocks: readonly (readonly string[])[];
  /** Whole commands in sentences, each one once. */
  readonly spans: readonly string[];
  /** Ways to call the program, with words that stand for others. */
  readonly synopses: readonly string[];
  /** Options that stand alone in sentences, with their values: `-p FILE`. */
  readonly options: readonly string[];
  /** VNLs of commands, sentences and tables, with or without words that stand for others. */
  readonly vnls: readonly string[];
  /** Keys that stand alone in sentences, with their values: `/exp=30`. */
  readonly keys: readonly string[];
  /** VNLs of first cells of tables. */
  readonly vnlTable: readonly string[];
  /** TypeScript, block by block. */
  readonly typescript: readonly string[];
}

/** Reads this tree's README.md. */
export async function readmeCommands(): Promise<Commands> {
  const file = new URL("../../README.md", import.meta.url);
  return findCommands(await Deno.readTextFile(file));
}

/**
 * Finds the commands of a text.
 *
 * @throws {TypeError} If a block says neither what language it has, nor is a drawing.
 */
export function findCommands(text: string): Commands {
  const markdown = parseMarkdown(text);
  const { spans } = markdown;
  const cells = firstCells(markdown.tables);
  const blocks = markdown.blocks.filter(isShell)
    .map(({ lines }) => commandLines(lines));
  const commands = unique(spans.filter((span) => PROGRAMS.test(span)));
  const isSynopsis = (span: string) =>
    span.startsWith("vdeplug ") && PLACEHOLDER.test(span);
  return {
    blocks,
    spans: commands.filter((span) => !isSynopsis(span)),
    synopses: unique(
      [...cells, ...commands].filter((span) =>
        cells.includes(span) ? span.startsWith("vdeplug ") : isSynopsis(span)
      ),
    ),
    options: unique(spans.filter((span) => /^--?[a-zA-Z]/.test(span))),
    vnls: unique(
      [...blocks.flat(), ...spans, ...cells].flatMap((code) =>
        code.startsWith("cmd://") ? [code] : code.split(" ")
      ).filter(isVnl),
    ),
    keys: unique(spans.filter((span) => /^\/?[a-z]\w*=\w*$/.test(span))),
    vnlTable: markdown.tables.map((table) => firstCells([table]))
      .filter((each) => each.length > 0 && each.every(isVnl)).flat(),
    typescript: markdown.blocks.filter(({ language }) => language === "ts")
      .map(({ lines }) => lines.join("\n") + "\n"),
  };
}

/** Code of the first cells of tables. */
function firstCells(tables: Markdown["tables"]): string[] {
  return tables.flatMap(({ rows }) =>
    rows.flatMap(([first]) => codeSpans(first))
  );
}

function isVnl(code: string): boolean {
  return /^[a-z]\w*:\/\//.test(code);
}

function isShell(
  { language, lines }: { language: string; lines: readonly string[] },
): boolean {
  if (language !== "") return SHELL.includes(language);
  if (DRAWING.test(lines.join(""))) return false;
  throw new TypeError(
    `Cannot read the block "${
      lines[0]
    }" as commands or as a drawing: it has no language`,
  );
}

/** Commands as they are pasted, but without what the shell would not heed. */
function commandLines(lines: readonly string[]): string[] {
  return lines.join("\n").replaceAll(/ *\\\n */g, " ").split("\n")
    .map((line) => line.replace(/(^|\s+)#(\s.*|$)/, "").replace(/^\$ /, ""))
    .filter((line) => line.trim() !== "");
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}
