/**
 * Names of plugin modules: what a user writes, what the runtime loads, and
 * what a message shows.
 *
 * @module
 */

import { quoteShellWord } from "./shell_words.ts";

const URL_START = /^[a-z][a-z0-9+.-]+:/i;

/** Runtimes from this one on read TypeScript from disk in a compiled program, too. */
const TRANSPILES_SINCE = [2, 8, 2] as const;

/** What is known of the runtime. */
export interface Runtime {
  /** Whether this is a compiled program. */
  readonly standalone: boolean;
  /** Version of Deno. */
  readonly version: string;
}

/** The URL of the file at an absolute path. */
export function fileUrl(path: string): string {
  return `file://${path.split("/").map(encodeURIComponent).join("/")}`;
}

/**
 * The URL of a module.
 *
 * @param fileOrUrl What the user gave: a URL, or a path.
 * @param cwd Tells what a relative path begins at; only then it is asked.
 */
export function moduleUrl(fileOrUrl: string, cwd: () => string): string {
  if (URL_START.test(fileOrUrl)) return fileOrUrl;
  const path = fileOrUrl.startsWith("/") ? fileOrUrl : `${cwd()}/${fileOrUrl}`;
  return new URL(fileUrl(path)).href;
}

/** A module as messages show it: the path of a file, or the URL. */
export function showModule(url: string): string {
  if (!url.startsWith("file:///")) return url;
  try {
    return decodeURIComponent(url.slice("file://".length));
  } catch {
    // A % that begins no code, or codes of no text: the user's own words, then.
    return url;
  }
}

/** Whether a runtime loads TypeScript from disk. */
export function readsTypeScript({ standalone, version }: Runtime): boolean {
  if (!standalone) return true;
  const given = version.split(".").map((part) => parseInt(part, 10));
  for (const [index, least] of TRANSPILES_SINCE.entries()) {
    if (given[index] !== least) return given[index] > least;
  }
  return true;
}

/** Why a module cannot be loaded by this runtime, and what to do; undefined: nothing is known against it. */
export function runtimeFault(
  url: string,
  runtime: Runtime,
): { readonly fault: string; readonly hint: string } | undefined {
  if (!runtime.standalone) return undefined;
  const program = `this program is compiled with Deno ${runtime.version}`;
  if (!/^(file|data):/.test(url)) {
    return {
      fault: `${program}, which loads files of this host only`,
      hint: "save it as a file, and give its path",
    };
  }
  if (!/^file:.*\.(ts|mts|tsx)$/.test(url) || readsTypeScript(runtime)) {
    return undefined;
  }
  const path = showModule(url);
  const [source, script] = [path, path.replace(/\.\w+$/, ".js")]
    .map(quoteShellWord);
  return {
    fault: `${program}, which reads no TypeScript (Deno 2.8.2 and newer do)`,
    hint:
      `write JavaScript once with "deno transpile -o ${script} ${source}", ` +
      "and use that, or run vdeplug with deno run",
  };
}
