/**
 * The parts of a Markdown text that hold code: blocks, spans in sentences, and
 * first cells of tables.
 *
 * It reads as much of Markdown as README.md uses: fences of backticks, blocks
 * that are indented by four spaces, pipe tables. What it does not know it
 * gives as a sentence.
 *
 * @module
 */

/** A block of code. */
export interface CodeBlock {
  /** First word behind the fence; `indented` where there is none to have one. */
  readonly language: string;
  /** As they stand, without the indentation. */
  readonly lines: readonly string[];
}

/** A table. */
export interface Table {
  readonly heading: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A text, taken apart. */
export interface Markdown {
  readonly blocks: readonly CodeBlock[];
  readonly tables: readonly Table[];
  /** Code in sentences and list items, in order; line ends are spaces. */
  readonly spans: readonly string[];
}

const FENCE = /^ *```/;
const INDENT = "    ";

/** Takes a text apart. */
export function parseMarkdown(text: string): Markdown {
  const lines = text.split("\n");
  const blocks: CodeBlock[] = [];
  const tables: Table[] = [];
  const sentences: string[] = [];
  for (let at = 0; at < lines.length;) {
    const [line, before] = [lines[at], lines[at - 1] ?? ""];
    if (FENCE.test(line)) {
      const { block, next } = readFence(lines, at);
      blocks.push(block);
      at = next;
    } else if (isIndented(line) && before.trim() === "") {
      const end = endOf(lines, at, (each) => isIndented(each) || each === "");
      blocks.push(indentedBlock(lines.slice(at, end)));
      at = end;
    } else if (line.startsWith("|")) {
      const end = endOf(lines, at, (each) => each.startsWith("|"));
      tables.push(readTable(lines.slice(at, end)));
      at = end;
    } else {
      sentences.push(line);
      at++;
    }
  }
  return { blocks, tables, spans: codeSpans(sentences.join("\n")) };
}

/** Code between backticks. A paragraph's lines are one text. */
export function codeSpans(text: string): string[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) =>
    Array.from(
      paragraph.matchAll(/`([^`]+)`/g),
      ([, code]) => code.replaceAll(/\s*\n\s*/g, " "),
    )
  );
}

function isIndented(line: string): boolean {
  return line.startsWith(INDENT);
}

function endOf(
  lines: readonly string[],
  start: number,
  belongs: (line: string) => boolean,
): number {
  let end = start;
  while (end < lines.length && belongs(lines[end])) end++;
  return end;
}

function readFence(
  lines: readonly string[],
  start: number,
): { block: CodeBlock; next: number } {
  const end = endOf(lines, start + 1, (line) => !FENCE.test(line));
  const [language] = lines[start].trim().slice(3).split(/[ ,]/);
  const block = { language, lines: lines.slice(start + 1, end) };
  return { block, next: end + 1 };
}

function indentedBlock(lines: readonly string[]): CodeBlock {
  const text = lines.map((line) => line.slice(INDENT.length)).join("\n");
  return { language: "indented", lines: text.trimEnd().split("\n") };
}

function readTable(lines: readonly string[]): Table {
  const [heading, , ...rows] = lines.map(cells);
  return { heading, rows };
}

/** Cells of a row. A pipe that belongs to a cell has a backslash before it. */
function cells(line: string): string[] {
  return line.replace(/\|\s*$/, "").split(/(?<!\\)\|/).slice(1)
    .map((cell) => cell.replaceAll("\\|", "|").trim());
}
