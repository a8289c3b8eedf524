/**
 * Writes pages of the manual in roff, with the macros of man(7).
 *
 * Text that stands on a line by itself is escaped so that none of it is taken
 * for a request, and so that what is to be typed can be copied: a hyphen
 * between the parts of a word is a hyphen, which may be printed as a longer one
 * and at which a line may end; every other one is the minus that shells know.
 * Sentences begin on lines of their own, so that formatters know where they
 * end.
 *
 * @module
 */

const SOURCE_COLUMNS = 78;

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "'": "\\(aq",
  '"': "\\(dq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  "-": "\\-",
};

/** Words whose hyphens are hyphens: `lower-case,`, but no `x86-64`. */
const HYPHENATED = /^["'(]*[A-Za-z]+(?:-[A-Za-z]+)+["').,;:!?]*$/;
/** An option in a text, and what stands around it. */
const OPTION = /^(["'(]*)(--?[A-Za-z][\w-]*)(.*)$/s;
/** A page of the manual in a text. */
const REFERENCE = /^(["'(]*)([A-Za-z][\w.-]*)(\([1-8]\).*)$/s;
/** What a sentence does not begin with. */
const PLAIN_WORD = /^[a-z]+[,;.]?$/;
/** The end of a sentence, not three dots. */
const SENTENCE_END = /(?<!\.\.)[.!?]["')]*$/;

/** What stands at the top of a page, and what it is found by. */
export interface PageTitle {
  /** Name of the page: `vdeplug-ping`. */
  readonly name: string;
  /** Number of the part of the manual. */
  readonly part: 1 | 7;
  /** Program and version. */
  readonly source: string;
  /** When it was written: `2026-01-31`. */
  readonly date: string;
  /** One line, without a period. */
  readonly summary: string;
}

/** Escapes what is to be typed, or shown, exactly as it is. */
export function escapeLiteral(text: string): string {
  return Array.from(text, escapeCharacter).join("");
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x80) {
    const hex = code.toString(16).toUpperCase().padStart(4, "0");
    // Half a surrogate pair and controls are nothing that a page could show.
    const isText = code >= 0xa0 && !(code >= 0xd800 && code < 0xe000);
    return isText ? `\\[u${hex}]` : " ";
  }
  if (code < 0x20 || code === 0x7f) return " ";
  return ESCAPES[character] ?? character;
}

/** A literal in bold: what is to be typed. */
export function bold(text: string): string {
  return text === "" ? "" : `\\fB${escapeLiteral(text)}\\fR`;
}

/** A literal in italics: what stands for something else. */
export function italic(text: string): string {
  return text === "" ? "" : `\\fI${escapeLiteral(text)}\\fR`;
}

/** Escapes a word of a text. */
function escapeWord(word: string, placeholder: string | undefined): string {
  const option = OPTION.exec(word);
  if (option !== null) {
    const [, before, name, behind] = option;
    return escapeLiteral(before) + bold(name) + escapeLiteral(behind);
  }
  const reference = REFERENCE.exec(word);
  if (reference !== null) {
    const [, before, name, behind] = reference;
    return escapeLiteral(before) + bold(name) + escapeLiteral(behind);
  }
  if (placeholder !== undefined && hasWord(word, placeholder)) {
    const at = word.indexOf(placeholder);
    return escapeLiteral(word.slice(0, at)) + italic(placeholder) +
      escapeLiteral(word.slice(at + placeholder.length));
  }
  const escaped = escapeLiteral(word);
  return HYPHENATED.test(word) ? escaped.replaceAll("\\-", "-") : escaped;
}

/** Whether a word is a placeholder, with nothing but signs around it. */
function hasWord(word: string, placeholder: string): boolean {
  const at = word.indexOf(placeholder);
  if (at < 0 || placeholder === "") return false;
  return !/\w$/.test(word.slice(0, at)) &&
    !/^\w/.test(word.slice(at + placeholder.length));
}

/** Source lines of a text. */
function textLines(text: string, placeholder?: string): string[] {
  const words = text.split(/[\s\p{Cc}]+/u).filter((word) => word !== "");
  const lines: string[] = [];
  let line = "";
  for (const [index, word] of words.entries()) {
    const escaped = escapeWord(word, placeholder);
    if (line !== "" && line.length + escaped.length >= SOURCE_COLUMNS) {
      // Here the formatter would see the end of a sentence.
      const stop = SENTENCE_END.test(words[index - 1]) ? "\\&" : "";
      lines.push(line + stop);
      line = "";
    }
    line += line === "" ? escaped : ` ${escaped}`;
    const next = words[index + 1] ?? "";
    if (SENTENCE_END.test(word) && !PLAIN_WORD.test(next)) {
      lines.push(line);
      line = "";
    }
  }
  if (line !== "") lines.push(line);
  return lines.length === 0 ? ["\\&"] : lines.map(protect);
}

/** A line that begins like a request is none. */
function protect(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** A text as a sentence: begins with a capital, ends with a period. */
export function sentence(text: string): string {
  if (text.trim() === "") return "";
  const first = /^[a-z]+(?=[ ,;:]|-[a-z]|$)/.test(text)
    ? text[0].toUpperCase() + text.slice(1)
    : text;
  return /[.!?:]$/.test(first) ? first : `${first}.`;
}

/** A page, written from its top to its end. */
export class RoffPage {
  readonly #lines: string[];
  /** Whether the next paragraph needs a mark of its own. */
  #isBegun = false;

  constructor({ name, part, source, date, summary }: PageTitle) {
    const title = quoteArgument(name.toUpperCase());
    const marks = [source, "vdeplug manual"].map(quoteArgument).join(" ");
    this.#lines = [
      // With its hyphens escaped, a date is none to some formatters.
      `.TH ${title} ${part} ${date} ${marks}`,
      ".nh",
      ".ad l",
      ".SH NAME",
      `${escapeLiteral(name)} \\- ${textLines(summary).join(" ")}`,
    ];
  }

  /** Begins a section. */
  section(title: string): void {
    this.#lines.push(`.SH ${quoteArgument(title.toUpperCase())}`);
    this.#isBegun = false;
  }

  /** A paragraph of text. */
  paragraph(text: string): void {
    if (this.#isBegun) this.#lines.push(".PP");
    this.#lines.push(...textLines(text));
    this.#isBegun = true;
  }

  /** Lines that stay as they are, already escaped: each on its own. */
  lines(lines: readonly string[]): void {
    if (this.#isBegun) this.#lines.push(".PP");
    this.#lines.push(".nf", ...lines.map(protect), ".fi");
    this.#isBegun = true;
  }

  /** A line that is already escaped. */
  raw(line: string): void {
    if (this.#isBegun) this.#lines.push(".PP");
    this.#lines.push(protect(line));
    this.#isBegun = true;
  }

  /**
   * A title, and a text that stands below it, indented.
   *
   * @param title Already escaped, not empty.
   * @param placeholder A word of the text that stands for something else.
   */
  entry(title: string, text: string, placeholder?: string): void {
    this.#lines.push(".TP", protect(title), ...textLines(text, placeholder));
    this.#isBegun = true;
  }

  /** The whole page. */
  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

function quoteArgument(text: string): string {
  const escaped = escapeLiteral(text);
  return /^[\w\\.-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
