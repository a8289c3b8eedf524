/**
 * A command line as bash is about to complete it: its words, quotes undone; and
 * candidates as readline wants them.
 *
 * Readline replaces the text from the last unquoted character of
 * COMP_WORDBREAKS on, or from an open quote on. So a candidate is what was typed
 * from there on, as it was typed, and behind it what is new, quoted. Variables
 * and commands in the line are left as they are: nothing is expanded.
 *
 * @module
 */

import { isWhole, type Offer } from "./offer.ts";

/** The quote that is open at the cursor. */
type OpenQuote = "" | "'" | '"';

/** A word of the line. */
interface BashWord {
  /** Where it begins in the line, in characters. */
  readonly from: number;
  /** Quotes undone. */
  readonly text: string;
}

/** A command line up to the cursor. */
export interface BashLine {
  /** Words without redirections; the last one is at the cursor. */
  readonly words: readonly BashWord[];
  /** Whether the word at the cursor is the file of a redirection. */
  readonly isRedirected: boolean;
  /** What readline replaces. */
  readonly replaced: string;
  readonly openQuote: OpenQuote;
}

const BLANK = /\s/;
const ESCAPED_IN_DOUBLE = '$`"\\\n';
/** What a shell would take for something else; "~" and "#" do at the beginning only, where nothing is added. */
const SPECIAL = /[\s'"\\$`&|;()<>*?[\]{}!]/g;
const SPECIAL_IN_DOUBLE = /["\\$`!]/g;

/**
 * Reads a line.
 *
 * @param line From the beginning of the command to the cursor.
 * @param breaks COMP_WORDBREAKS.
 */
export function readBashLine(line: string, breaks: string): BashLine {
  return new LineReader([...line], breaks).read();
}

class LineReader {
  readonly #line: readonly string[];
  readonly #breaks: string;
  readonly #words: BashWord[] = [];
  #at = 0;
  /** Where readline's own word begins. */
  #breakAt = 0;
  #openQuote: OpenQuote = "";
  /** Whether the next word is a file. */
  #redirects = false;

  constructor(line: readonly string[], breaks: string) {
    this.#line = line;
    this.#breaks = breaks;
  }

  read(): BashLine {
    const line = this.#line;
    for (;;) {
      while (this.#at < line.length && BLANK.test(line[this.#at])) this.#at++;
      if (this.#isOperator(this.#at)) {
        this.#readOperator();
        continue;
      }
      const from = this.#at;
      this.#breakAt = from;
      const text = this.#readWord();
      const isLast = this.#at === line.length;
      if (isLast || !this.#redirects) this.#words.push({ from, text });
      if (isLast) break;
      this.#redirects = false;
    }
    return {
      words: this.#words,
      isRedirected: this.#redirects,
      replaced: line.slice(this.#breakAt).join(""),
      openQuote: this.#openQuote,
    };
  }

  /** `>`, `2>>`, `&>` … */
  #isOperator(at: number): boolean {
    return /^(\d*|&)[<>]/.test(this.#line.slice(at, at + 8).join(""));
  }

  #readOperator(): void {
    while (!"<>".includes(this.#line[this.#at])) this.#at++;
    while (
      this.#at < this.#line.length && "<>&|".includes(this.#line[this.#at])
    ) this.#at++;
    this.#redirects = true;
  }

  #readWord(): string {
    const line = this.#line;
    let text = "";
    while (this.#at < line.length) {
      const letter = line[this.#at];
      if (BLANK.test(letter) || "<>".includes(letter)) break;
      this.#at++;
      if (letter === "'" || letter === '"') text += this.#readQuoted(letter);
      else if (letter === "\\") text += line[this.#at++] ?? "";
      else {
        text += letter;
        if (this.#breaks.includes(letter)) this.#breakAt = this.#at;
      }
    }
    return text;
  }

  #readQuoted(quote: "'" | '"'): string {
    const line = this.#line;
    const from = this.#at;
    let text = "";
    while (this.#at < line.length) {
      const letter = line[this.#at++];
      if (letter === quote) return text;
      const next = line[this.#at] ?? " ";
      const isEscape = quote === '"' && letter === "\\" &&
        ESCAPED_IN_DOUBLE.includes(next);
      text += isEscape ? line[this.#at++] : letter;
    }
    this.#openQuote = quote;
    this.#breakAt = from;
    return text;
  }
}

/**
 * What the script in bash.ts is told: candidates for COMPREPLY, one a line, and
 * lines that begin with a tab, which say what else to do.
 */
export function answerBash(offer: Offer, line: BashLine): string[] {
  const { words, isRedirected } = line;
  if (isRedirected) return ["\tfiles"];
  const typed = words[words.length - 1].text;
  const { handOver } = offer;
  if (handOver?.to === "command") {
    // The line's first word is the program.
    return [`\tcommand ${words[handOver.from + 1].from}`];
  }
  if (handOver !== undefined) return [`\t${handOver.to}`];
  const fitting = offer.candidates.map(({ word }) => word)
    .filter((word) => word.startsWith(typed) && !word.includes("\n"));
  const replies = fitting.map((word) =>
    line.replaced + quote(word.slice(typed.length), line.openQuote)
  );
  if (fitting.length !== 1 || isWhole(fitting[0])) return replies;
  // Readline closes a quote behind the only candidate, but not behind what two have in common.
  return line.openQuote === ""
    ? ["\tnospace", ...replies]
    : [...replies, `${replies[0]} `];
}

function quote(text: string, open: OpenQuote): string {
  if (open === "'") return text.replaceAll("'", "'\\''");
  return text.replaceAll(open === "" ? SPECIAL : SPECIAL_IN_DOUBLE, "\\$&");
}
