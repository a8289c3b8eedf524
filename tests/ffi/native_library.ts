/**
 * Shared libraries for tests of native plugins, compiled when they are first
 * needed.
 *
 * @module
 */

import { LabError, peerAvailable, spawn } from "../lab/mod.ts";

const SOURCE = new URL("test_plugin.c", import.meta.url).pathname;
const COMPILER = "cc";

/** Scheme of the plugin that does what its address says: see test_plugin.c. */
export const TEST_SCHEME = "nativetest";

/** A folder of libraries. */
export interface Libraries {
  /** Removed when the program ends. */
  readonly folder: string;
  /** The plugin of {@linkcode TEST_SCHEME}. */
  readonly plugin: string;
}

let compiled: Promise<Libraries> | undefined;

/** Why nothing can be compiled here; undefined if it can. */
export async function noCompiler(): Promise<string | undefined> {
  const found = await peerAvailable(COMPILER);
  return found.ok ? undefined : found.reason;
}

/** The test plugin, compiled once. */
export function testLibraries(): Promise<Libraries> {
  return compiled ??= compileAll();
}

async function compileAll(): Promise<Libraries> {
  const folder = await Deno.makeTempDir({ prefix: "native-" });
  globalThis.addEventListener("unload", () => {
    Deno.removeSync(folder, { recursive: true });
  });
  const plugin = `${folder}/libvdeplug_${TEST_SCHEME}.so`;
  await compile(SOURCE, plugin);
  return { folder, plugin };
}

/**
 * Compiles a library from source text.
 *
 * @param file Where it goes; its source is put beside it.
 */
export async function compileText(text: string, file: string): Promise<void> {
  await Deno.writeTextFile(`${file}.c`, text);
  await compile(`${file}.c`, file);
}

async function compile(source: string, file: string): Promise<void> {
  const options = ["-std=gnu11", "-Wall", "-Wextra", "-shared", "-fPIC"];
  await using process = spawn([COMPILER, ...options, "-o", file, source]);
  const { code } = await process.exited;
  if (code !== 0) {
    throw new LabError(`Cannot compile "${source}": ${process.report()}`);
  }
}
