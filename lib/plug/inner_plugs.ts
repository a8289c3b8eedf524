/**
 * Plugs that a plug stands before: those that its plugin has opened for it.
 *
 * They belong to that plug. Should it not open, nobody else would give them
 * back, so they are remembered until it does. A plugin that opens itself would
 * go on without end; what each plug is to stand in is known, and counted.
 *
 * @module
 */

import { LinkEnd, PlugError } from "./errors.ts";
import type { Plug } from "./plugin.ts";
import { standsBefore } from "./status.ts";

/** Most plugs in one another: more than anybody has a use for. */
const MAX_DEPTH = 16;

const VNL_ERRORS = [TypeError, RangeError, SyntaxError];

/** Errors that name the way already. */
const explained = new WeakSet<object>();

/** Opens the plug of a VNL that is to stand in others, the outermost first. */
export type OpenInner = (vnl: string, way: readonly string[]) => Promise<Plug>;

/** Those of one plug that is being opened. Disposed of, it gives them back, unless they are kept. */
export class InnerPlugs implements Disposable {
  readonly #way: readonly string[];
  readonly #openInner: OpenInner;
  readonly #plugs = new Set<Plug>();
  #isKept = false;
  #isGivenUp = false;

  /**
   * @param way VNLs of the plugs that these are to stand in, the outermost first.
   * @param openInner Opens one.
   */
  constructor(way: readonly string[], openInner: OpenInner) {
    this.#way = way;
    this.#openInner = openInner;
  }

  /** What stands in a plugin's options as `open`. */
  open(vnl: string): Promise<Plug> {
    const opening = this.#open(vnl);
    // Who does not wait for it must not end the program: nobody else would hear of it.
    opening.catch(() => {});
    return opening;
  }

  async #open(vnl: string): Promise<Plug> {
    let plug: Plug;
    try {
      this.#check(vnl);
      plug = await this.#openInner(vnl, this.#way);
    } catch (error) {
      throw this.#explain(vnl, error);
    }
    // Not refused: perhaps nobody waits for it any more, who would hear of that.
    if (this.#isGivenUp) discard(plug);
    else if (!this.#isKept) this.#plugs.add(plug);
    return plug;
  }

  #check(vnl: unknown): void {
    if (typeof vnl !== "string") {
      throw new TypeError(
        `a VNL is a string: received ${Deno.inspect(vnl)}`,
      );
    }
    if (this.#way.length < MAX_DEPTH) return;
    throw new PlugError(
      `at most ${MAX_DEPTH} plugs stand in one another, and this is one more`,
      { code: "ELOOP", hint: "a plugin that opens itself never ends" },
    );
  }

  /** An error that names both ends of the way: what was asked for, and what is wrong. */
  #explain(vnl: string, error: unknown): unknown {
    if (explained.has(Object(error))) return error;
    const words = `Cannot open "${this.#way[0]}" as it needs "${vnl}"`;
    const told = inWords(words, error);
    explained.add(told);
    return told;
  }

  /**
   * They are the opened plug's from now on.
   *
   * @returns Whether that is one of them itself.
   */
  keep(opened: Plug): boolean {
    const isInner = this.#plugs.has(opened);
    if (!isInner) standsBefore(opened, [...this.#plugs]);
    this.#isKept = true;
    this.#plugs.clear();
    return isInner;
  }

  /** Gives back what nobody keeps, what is still to be opened included. */
  [Symbol.dispose](): void {
    this.#isGivenUp = !this.#isKept;
    for (const plug of this.#plugs) discard(plug);
    this.#plugs.clear();
  }
}

/** The same error, of the same kind, behind other words. */
function inWords(words: string, error: unknown): Error {
  const found = error instanceof Error ? error.message : Deno.inspect(error);
  const message = `${words}: ${found}`;
  const kind = VNL_ERRORS.find((kind) => error instanceof kind);
  if (kind !== undefined) return new kind(message, { cause: error });
  const facts = {
    code: textOf(error, "code"),
    hint: textOf(error, "hint"),
    cause: error,
  };
  return error instanceof LinkEnd
    ? new LinkEnd(message, facts)
    : new PlugError(message, facts);
}

/** A property of an error; "" where it has none. A plugin may bring classes of its own. */
function textOf(error: unknown, name: string): string {
  const value = error instanceof Error ? Reflect.get(error, name) : undefined;
  return typeof value === "string" ? value : "";
}

/** Gives back what something holds that nobody has a use for, whether it is a plug or not. */
export function discard(refused: unknown): void {
  try {
    const dispose: unknown = Reflect.get(Object(refused), Symbol.dispose);
    if (typeof dispose === "function") dispose.call(refused);
  } catch {
    // What is wrong with it is told already.
    return;
  }
}
