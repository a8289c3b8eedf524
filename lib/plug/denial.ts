/**
 * What Deno says when a permission is missing, in words for a person.
 *
 * @module
 */

/** A missing permission. */
export interface Denial {
  /** What was found: follows `Cannot …: `. */
  readonly found: string;
  /** What gives the permission. */
  readonly hint: string;
}

/** Deno's sentence; the loader of modules puts it in an error of another class. */
const SENTENCE =
  /\bRequires (\w+) access(?: to "?(.+?)"?)?, run again with the (--[\w-]+) flag/s;

/** What each permission lets a program do. */
const ACTIONS: Readonly<Record<string, string>> = {
  env: "read the variable",
  ffi: "call the library",
  import: "import from",
  net: "reach",
  read: "read",
  run: "start",
  sys: "ask the system for",
  write: "write",
};

/** Takes Deno's sentence apart; undefined for any other error. */
export function findDenial(error: unknown): Denial | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, kind, what, flag] = SENTENCE.exec(error.message) ?? [];
  return flag === undefined ? undefined : describe({ kind, what, flag });
}

/** A permission, what it is asked for, and the flag that gives it. */
interface Wish {
  readonly kind: string;
  /** Absent: for all there is. */
  readonly what?: string;
  readonly flag: string;
}

function describe({ kind, what, flag }: Wish): Denial {
  const action = ACTIONS[kind] ?? "use";
  const object = what === undefined ? "" : ` "${what}"`;
  const isWhole = what === undefined || kind === "ffi" || kind === "all";
  return {
    found: `Deno has not been given the permission to ${action}${object}`,
    hint: `run it with ${isWhole ? flag : `${flag}=${what}`}`,
  };
}
