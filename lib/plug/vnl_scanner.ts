/**
 * The lowest layer of the VNL parser: undoes quoting and keeps apart the bytes
 * that may delimit from those that are only themselves.
 *
 * Inside `'…'` and `"…"` every byte is itself, backslash and `%` included.
 * Outside, `\x` is the character x and `%HH` the byte with that code; neither
 * ever delimits. All delimiters are ASCII, so that the work is done on UTF-8
 * bytes: a byte of a longer character is never taken for one.
 *
 * @module
 */

const SINGLE_QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;

/** A text without its quoting. Indexes count unquoted bytes, from 0 to `length`. */
export class ScannedText {
  /** Number of bytes after quoting is undone. */
  readonly length: number;

  readonly #text: string;
  readonly #source: Uint8Array;
  /** The bytes, quoting undone. */
  readonly #bytes: Uint8Array;
  /** The same byte where it may delimit, otherwise 0. */
  readonly #delimiter: Uint8Array;
  /** Where each byte stands in the source; one more for the end. */
  readonly #offset: Uint32Array;

  /**
   * Undoes the quoting of a VNL, or of what stands behind its scheme.
   *
   * @param text The whole VNL, which error texts repeat.
   * @param from Where to begin, in UTF-16 units.
   * @throws {SyntaxError} If a quote is not closed, nothing follows a
   * backslash, or the text is no Unicode.
   */
  constructor(text: string, from: number) {
    if (!text.isWellFormed()) {
      throw new SyntaxError(
        `Cannot open "${text.toWellFormed()}" as a VNL is Unicode text: received half a surrogate pair`,
      );
    }
    this.#text = text;
    this.#source = new TextEncoder().encode(text.slice(from));
    this.#bytes = new Uint8Array(this.#source.length);
    this.#delimiter = new Uint8Array(this.#source.length);
    this.#offset = new Uint32Array(this.#source.length + 1);
    this.length = this.#unquote();
  }

  /** Index of the first unquoted byte in [from, to) that is one of `delimiters`, or `to`. */
  find(delimiters: string, from: number, to: number): number {
    for (let index = from; index < to; index++) {
      if (this.isDelimiter(delimiters, index)) return index;
    }
    return to;
  }

  /** Index of the last unquoted `delimiter` in [from, to), or -1. */
  findLast(delimiter: string, from: number, to: number): number {
    for (let index = to - 1; index >= from; index--) {
      if (this.isDelimiter(delimiter, index)) return index;
    }
    return -1;
  }

  /** Whether the byte at `index` is unquoted and one of `delimiters`. */
  isDelimiter(delimiters: string, index: number): boolean {
    const byte = this.#delimiter[index];
    return byte > 0 && delimiters.includes(String.fromCharCode(byte));
  }

  /**
   * The text of [from, to), quoting undone.
   *
   * @throws {SyntaxError} If that is no UTF-8, or contains a NUL, which the
   * system's functions would take for the end.
   */
  decode(from: number, to: number): string {
    const decoded = decodeUtf8(this.#bytes.subarray(from, to));
    if (decoded === undefined) {
      throw new SyntaxError(
        `Cannot open "${this.#text}" as its text is UTF-8: received "${
          this.#raw(this.#offset[from], this.#offset[to])
        }"`,
      );
    }
    if (decoded.includes("\0")) {
      throw new SyntaxError(
        `Cannot open "${this.#text}" as no text in it may contain a NUL: received one`,
      );
    }
    return decoded;
  }

  /** What stands between the delimiters at `open` and `close`, as it was given. */
  between(open: number, close: number): string {
    return this.#raw(this.#offset[open] + 1, this.#offset[close]);
  }

  /** What stands from `from` to the end, as it was given. */
  rest(from: number): string {
    return this.#raw(this.#offset[from], this.#source.length);
  }

  #raw(from: number, to: number): string {
    return new TextDecoder("utf-8", { ignoreBOM: true })
      .decode(this.#source.subarray(from, to));
  }

  /** Fills the columns; returns the number of bytes in them. */
  #unquote(): number {
    const source = this.#source;
    let count = 0;
    let quote = 0;
    let quoteStart = 0;
    for (let at = 0; at < source.length; at++) {
      const byte = source[at];
      if (quote > 0) {
        if (byte === quote) quote = 0;
        else this.#put(count++, byte, 0, at);
      } else if (byte === SINGLE_QUOTE || byte === DOUBLE_QUOTE) {
        quote = byte;
        quoteStart = at;
      } else if (byte === BACKSLASH) {
        if (at + 1 === source.length) throw this.#nothingEscaped();
        this.#put(count++, source[at + 1], 0, at++);
      } else {
        const code = byte === PERCENT ? hexByte(source, at + 1) : -1;
        if (code < 0) this.#put(count++, byte, byte, at);
        else {
          this.#put(count++, code, 0, at);
          at += 2;
        }
      }
    }
    if (quote > 0) throw this.#unclosedQuote(quoteStart);
    this.#offset[count] = source.length;
    return count;
  }

  #put(index: number, byte: number, delimiter: number, at: number): void {
    this.#bytes[index] = byte;
    this.#delimiter[index] = delimiter;
    this.#offset[index] = at;
  }

  #nothingEscaped(): SyntaxError {
    return new SyntaxError(
      `Cannot open "${this.#text}" as a backslash quotes the character behind it: found the end`,
    );
  }

  #unclosedQuote(at: number): SyntaxError {
    const found = this.#raw(at, this.#source.length);
    return new SyntaxError(
      `Cannot open "${this.#text}" as a quote must be closed: found the end after ${found}`,
    );
  }
}

/** The byte that two hex digits at `at` stand for, or -1. */
function hexByte(source: Uint8Array, at: number): number {
  const high = hexDigit(source[at]);
  const low = hexDigit(source[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** Value of an ASCII hex digit, or -1, also past the end of an array. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
