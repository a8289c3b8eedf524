/**
 * What Deno says when a permission is missing, in words for a person.
 *
 * @module
 */

import { PlugError } from "./errors.ts";

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

/** Whether a variable may be read. Deno is not made to ask the user. */
export function mayReadVariable(variable: string): boolean {
  return isGranted({ name: "env", variable });
}

/**
 * Sees that a variable may be read.
 *
 * @param attempt What needs it.
 * @throws {PlugError} If not.
 */
export function requireVariable(attempt: string, variable: string): void {
  if (mayReadVariable(variable)) return;
  throw refusal(attempt, { kind: "env", what: variable, flag: "--allow-env" });
}

/**
 * Sees that a file or folder may be read. Deno is not made to ask the user.
 *
 * @param attempt What needs it.
 * @param otherwise What else can be done, to follow the hint.
 * @throws {PlugError} If not.
 */
export function requireReading(
  attempt: string,
  path: string,
  otherwise?: string,
): void {
  // Deno asks for no path that is empty: whoever reads it finds out more.
  if (path === "" || isGranted({ name: "read", path })) return;
  const wish = { kind: "read", what: path, flag: "--allow-read" };
  throw refusal(attempt, wish, otherwise);
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

function refusal(attempt: string, wish: Wish, otherwise?: string): PlugError {
  const { found, hint } = describe(wish);
  return new PlugError(`Cannot ${attempt}: ${found}`, {
    code: "EPERM",
    hint: otherwise === undefined ? hint : `${hint}, ${otherwise}`,
  });
}
