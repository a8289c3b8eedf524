/**
 * The schemes that there are, and where each one's plugin comes from.
 *
 * @module
 */

import { makeNativeFinder } from "../native/native_plugins.ts";
import type { NativePlaces } from "../native/search.ts";
import { findNative, listNative } from "../native/search.ts";
import { listModules, type ModulePlaces } from "../plug/module_search.ts";
import { showModule } from "../plug/module_url.ts";
import type { Plugin } from "../plug/plugin.ts";
import { Registry } from "../plug/registry.ts";
import type { CommandIo } from "./io.ts";

/** What stands for the place of a built-in plugin. */
export const BUILT_IN = "built-in";

/** Where plugins are looked for. */
export interface SchemeSources {
  readonly registry: Registry;
  /** URLs of the modules that belong to the program. */
  readonly builtIn: readonly string[];
  /** Where the user's files are. */
  readonly modules: ModulePlaces;
  /** Where plugins of the C library are. */
  readonly native: NativePlaces;
}

/** A scheme and its plugin, or why there is none. */
export interface SchemeRow {
  readonly scheme: string;
  /** {@linkcode BUILT_IN}, a module as messages show it, or a library's file. */
  readonly from: string;
  /** Whether it is one of the C library; of such a one nothing more is known. */
  readonly isNative: boolean;
  readonly plugin?: Plugin;
  readonly error?: Error;
}

/**
 * Imports the modules of the program and those that somebody has named.
 *
 * @throws {PlugError | TypeError} If one cannot be imported, or has no plugins.
 */
export async function loadSources(
  named: readonly string[],
  { pluginModules: builtIn }: CommandIo,
  { modules, native }: Pick<SchemeSources, "modules" | "native">,
): Promise<SchemeSources> {
  const finder = makeNativeFinder(native);
  const urls = [...builtIn, ...named];
  const registry = await Registry.load(urls, { finder, modules });
  return { registry, builtIn, modules, native };
}

/**
 * All schemes: those of modules, of the user's files, and of the C library,
 * whose plugins are not loaded.
 */
export async function listSchemes(
  sources: SchemeSources,
): Promise<SchemeRow[]> {
  const rows = await listModuleSchemes(sources);
  const known = new Set(rows.map(({ scheme }) => scheme));
  const native = installed(sources.native)
    .filter(({ scheme }) => !known.has(scheme))
    .map(({ scheme, file }) => ({ scheme, from: file, isNative: true }));
  return [...rows, ...native];
}

/**
 * The schemes of modules and of the user's files. A plugin that cannot be
 * loaded does not keep the others from being shown.
 */
export async function listModuleSchemes(
  sources: SchemeSources,
): Promise<SchemeRow[]> {
  const known = sources.registry.schemes();
  for (const { scheme } of listModules(sources.modules)) {
    if (!known.includes(scheme)) known.push(scheme);
  }
  return await Promise.all(
    known.map((scheme) => readScheme(scheme, sources)),
  );
}

/** One scheme; its plugin is loaded. */
export async function readScheme(
  scheme: string,
  sources: SchemeSources,
): Promise<SchemeRow> {
  const { registry } = sources;
  try {
    const plugin = await registry.plugin(scheme);
    const isNative = registry.sourceOf(scheme) === undefined;
    return { scheme, from: originOf(scheme, sources), isNative, plugin };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const from = originOf(scheme, sources);
    return { scheme, from, isNative: false, error };
  }
}

function originOf(scheme: string, sources: SchemeSources): string {
  const url = sources.registry.sourceOf(scheme);
  if (url === undefined) return findNative(scheme, sources.native).file ?? "";
  return sources.builtIn.includes(url) ? BUILT_IN : showModule(url);
}

/** The plugins of the C library, as far as this program may look. */
function installed(places: NativePlaces): ReturnType<typeof listNative> {
  try {
    return listNative(places);
  } catch (error) {
    // Without the permission to load libraries, none of them is of use.
    if (error instanceof Deno.errors.NotCapable) return [];
    throw error;
  }
}
