/**
 * Command lines, split into words as a shell splits them (POSIX, Shell Command
 * Language, 2.2 Quoting): blanks part words, quotes and backslashes keep them
 * together. Nothing else means anything here: no variables, patterns, pipes or
 * comments.
 *
 * @module
 */

const BLANKS = " \t\n";

/** What a backslash takes its meaning from between double quotes; it is kept before all else. */
const SPECIAL_IN_DOUBLE_QUOTES = '$`"\\';

/**
 * Splits a command line into its words.
 *
 * @param text Any text.
 * @returns The words, quoting undone; none for a text of blanks. A word may be
 * empty: `''`.
 * @throws {SyntaxError} If a quote is not closed, or nothing follows the last
 * backslash.
 */
export function splitShellWords(text: string): string[] {
  const splitter = new Splitter(text);
  while (!splitter.atEnd) splitter.step();
  splitter.endWord();
  return splitter.words;
}

/** Characters that mean nothing to a shell, wherever they stand in a word. */
const PLAIN_WORD = /^[\w./:,@%+-]+$/;

/** A word as it can be given to a shell: {@linkcode splitShellWords} gives it back. */
export function quoteShellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Walks through a text, one quote, blank or character a step. */
class Splitter {
  readonly words: string[] = [];
  /** The word that has begun; undefined between words. */
  #word: string | undefined;
  #at = 0;

  constructor(private readonly text: string) {}

  get atEnd(): boolean {
    return this.#at >= this.text.length;
  }

  step(): void {
    const character = this.text[this.#at++];
    if (BLANKS.includes(character)) this.endWord();
    else if (character === "'") this.#takeSingleQuoted();
    else if (character === '"') this.#takeDoubleQuoted();
    else if (character === "\\") this.#takeEscaped();
    else this.#add(character);
  }

  endWord(): void {
    if (this.#word !== undefined) this.words.push(this.#word);
    this.#word = undefined;
  }

  #add(characters: string): void {
    this.#word = (this.#word ?? "") + characters;
  }

  #takeSingleQuoted(): void {
    const end = this.text.indexOf("'", this.#at);
    if (end < 0) throw this.#fault("a single quote must be closed");
    this.#add(this.text.slice(this.#at, end));
    this.#at = end + 1;
  }

  #takeDoubleQuoted(): void {
    this.#add("");
    for (;;) {
      if (this.atEnd) throw this.#fault("a double quote must be closed");
      const character = this.text[this.#at++];
      if (character === '"') return;
      if (character !== "\\") this.#add(character);
      else if (this.text[this.#at] === "\n") this.#at++;
      else if (SPECIAL_IN_DOUBLE_QUOTES.includes(this.text[this.#at] ?? "-")) {
        this.#add(this.text[this.#at++]);
      } else this.#add(character);
    }
  }

  /** A backslash joins two lines, or keeps one character as it is. */
  #takeEscaped(): void {
    if (this.atEnd) throw this.#fault("a character must follow a backslash");
    const character = this.text[this.#at++];
    if (character !== "\n") this.#add(character);
  }

  #fault(rule: string): SyntaxError {
    return new SyntaxError(
      `Cannot split "${this.text}" into words as ${rule}: found the end`,
    );
  }
}
