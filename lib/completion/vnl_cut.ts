/**
 * Cuts a VNL that is still being typed: which part of it the cursor is in, and
 * what stands before. The rules are those of lib/plug/vnl.ts, which wants whole
 * ones.
 *
 * @module
 */

import { ScannedText } from "../plug/vnl_scanner.ts";
import type { VnlSyntax } from "../plug/vnl.ts";

/** Where the end of the text is. All positions are indexes in it. */
export interface Cut {
  readonly at: "address" | "key" | "value" | "nested" | "end";
  /** Where that part begins. */
  readonly from: number;
  /** For `value`: where the key of it begins. */
  readonly keyFrom: number;
  /** The words before `=`, or bare, of the items before the cursor's, as they were typed. */
  readonly given: readonly string[];
  /** Whether parameters have begun. */
  readonly hasItems: boolean;
  /** Whether a nested VNL has begun. */
  readonly hasNested: boolean;
}

/** An unquoted character that may delimit. */
interface Mark {
  readonly index: number;
  readonly mark: string;
}

/**
 * Cuts what stands behind `scheme://`.
 *
 * @returns undefined if the text ends inside a quote of its own.
 */
export function cutPartial(rest: string, syntax: VnlSyntax): Cut | undefined {
  const marks = findMarks(rest);
  if (marks === undefined) return undefined;
  const cutter = new PartialCutter(rest, syntax);
  for (const mark of marks) cutter.take(mark);
  return cutter.cut();
}

/** A part of a VNL, quotes undone; undefined where they are not closed. */
export function unquotePart(text: string): string | undefined {
  try {
    const scanned = new ScannedText(text, 0);
    return scanned.decode(0, scanned.length);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const QUOTED = /'[^']*'|"[^"]*"|\\[^]|%[0-9a-f]{2}/iy;

function findMarks(text: string): Mark[] | undefined {
  const marks: Mark[] = [];
  for (let index = 0; index < text.length;) {
    QUOTED.lastIndex = index;
    const quoted = QUOTED.exec(text)?.[0].length ?? 0;
    const mark = text[index];
    if (quoted === 0 && `'"\\`.includes(mark)) return undefined;
    if (quoted === 0 && "/=[]{}".includes(mark)) marks.push({ index, mark });
    index += quoted || 1;
  }
  return marks;
}

type Part = "address" | "items" | "nested" | "behind";

class PartialCutter {
  readonly #text: string;
  readonly #syntax: VnlSyntax;
  readonly #opener: string;
  readonly #given: string[] = [];
  #part: Part = "address";
  #from = 0;
  #equals = -1;
  #depth = 0;
  #hasItems = false;
  #hasNested = false;

  constructor(text: string, syntax: VnlSyntax) {
    this.#text = text;
    this.#syntax = syntax;
    this.#opener = { slash: "/", bracket: "[", raw: "" }[syntax.form];
  }

  take(mark: Mark): void {
    if (this.#part === "nested") this.#inNested(mark);
    else if (this.#part === "items") this.#inItems(mark);
    else this.#between(mark);
  }

  /** In the address, or behind a closing bracket or brace. */
  #between({ index, mark }: Mark): void {
    if (mark === this.#opener && !this.#hasItems) {
      this.#hasItems = true;
      this.#begin("items", index + 1);
    } else if (mark === "{") this.#beginNested(index);
  }

  #inItems({ index, mark }: Mark): void {
    if (mark === "=" && this.#equals < 0) this.#equals = index;
    else if (mark === "/") {
      this.#endItem(index);
      this.#begin("items", index + 1);
    } else if (mark === "]" && this.#opener === "[") {
      this.#endItem(index);
      this.#begin("behind", index + 1);
    } else if (mark === "{" && this.#opener === "/" && this.#mayNest) {
      this.#endItem(index);
      this.#beginNested(index);
    }
  }

  #inNested({ index, mark }: Mark): void {
    if (mark === "{") this.#depth++;
    else if (mark === "}" && --this.#depth === 0) {
      this.#begin("behind", index + 1);
    }
  }

  get #mayNest(): boolean {
    return this.#syntax.nested !== undefined && !this.#hasNested;
  }

  #beginNested(index: number): void {
    if (!this.#mayNest) return;
    this.#hasNested = true;
    this.#depth = 1;
    this.#begin("nested", index + 1);
  }

  #begin(part: Part, from: number): void {
    this.#part = part;
    this.#from = from;
    this.#equals = -1;
  }

  #endItem(end: number): void {
    const wordEnd = this.#equals < 0 ? end : this.#equals;
    if (end > this.#from) {
      this.#given.push(this.#text.slice(this.#from, wordEnd));
    }
  }

  cut(): Cut {
    const isValue = this.#part === "items" && this.#equals >= 0;
    const at = { address: "address", nested: "nested", behind: "end" } as const;
    return {
      at: this.#part === "items" ? isValue ? "value" : "key" : at[this.#part],
      from: isValue ? this.#equals + 1 : this.#from,
      keyFrom: this.#from,
      given: this.#given,
      hasItems: this.#hasItems,
      hasNested: this.#hasNested,
    };
  }
}
