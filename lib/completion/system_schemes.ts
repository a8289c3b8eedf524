/**
 * The schemes of this machine, for completion: built-in ones, those of modules
 * that the command line names, the user's own, and native ones. A list runs no
 * code of others; the syntax of a scheme is asked of its plugin alone.
 *
 * @module
 */

import { listNative, type NativePlaces } from "../native/search.ts";
import { SYSTEM_MODULES } from "../machine/modules.ts";
import {
  findModule,
  listModules,
  type ModulePlaces,
} from "../plug/module_search.ts";
import { moduleUrl, showModule } from "../plug/module_url.ts";
import { importTable } from "../plug/plugin_module.ts";
import { Registry } from "../plug/registry.ts";
import type { VnlSyntax } from "../plug/vnl.ts";
import type { Candidate } from "./offer.ts";
import type { Schemes } from "./surroundings.ts";

/** Where schemes come from. */
export interface SchemePlaces {
  /** URLs of the built-in modules. */
  readonly builtIn: readonly string[];
  /** Where the user's own are. */
  readonly modules: ModulePlaces;
  /** Where native ones are. */
  readonly native: NativePlaces;
  /** Whether candidates shall say what they are: that has plugins loaded. */
  readonly summaries: boolean;
}

/** Names of the C library, which tells where its plugins are. */
const LIBRARY = "libvdeplug.so.2";

/** Looks at the real files. Unlike those that open plugs, loads no library to find out where it is. */
export const SYSTEM_NATIVE_FILES: NativePlaces = {
  multiarch: `${Deno.build.arch}-linux-gnu`,
  env: SYSTEM_MODULES.env,
  libraryFolder() {
    const folders = [
      "/usr/local/lib",
      `/usr/lib/${this.multiarch}`,
      "/usr/lib",
    ];
    return folders.find((folder) => this.isFile(`${folder}/${LIBRARY}`));
  },
  isFile: SYSTEM_MODULES.isFile,
  names: SYSTEM_MODULES.names,
};

/** Nothing is known of what they take, but that some take a VNL in braces. */
const NATIVE_SYNTAX: VnlSyntax = {
  form: "raw",
  address: "ADDRESS",
  addressOptional: true,
  addressSummary: "as the native plugin describes it",
  keys: [],
  nested: "optional",
};

/**
 * The schemes.
 *
 * @param plugins What `--plugin` is given: files or URLs. Only files are read.
 */
export function findSchemes(
  plugins: readonly string[],
  places: SchemePlaces,
): Schemes {
  let loading: Promise<Registry> | undefined;
  const registry = () => loading ??= loadRegistry(plugins, places);
  return {
    list: async (prefix) => await listSchemes(prefix, await registry(), places),
    syntax: async (scheme) =>
      await findSyntax(scheme, await registry(), places),
  };
}

/** A module that cannot be loaded has no schemes. */
async function loadRegistry(
  plugins: readonly string[],
  { builtIn, modules }: SchemePlaces,
): Promise<Registry> {
  const urls = plugins.filter((plugin) => plugin !== "")
    .map((plugin) => moduleUrl(plugin, modules.cwd))
    .filter((url) => url.startsWith("file:"));
  const good: string[] = [];
  for (const url of urls) {
    if (await orNothing(() => importTable(url)) !== undefined) good.push(url);
  }
  return await Registry.load([...builtIn, ...good], { modules });
}

async function listSchemes(
  prefix: string,
  registry: Registry,
  { modules, native, summaries }: SchemePlaces,
): Promise<Candidate[]> {
  const known = registry.schemes().filter((word) => word.startsWith(prefix));
  const own = await Promise.all(known.map(async (word) => {
    const plugin = summaries
      ? await orNothing(() => registry.plugin(word))
      : undefined;
    return { word, summary: plugin?.summary };
  }));
  const files = listModules(modules).map(({ scheme, url }) => ({
    word: scheme,
    summary: showModule(url),
  }));
  const libraries = listNative(native).map(({ scheme, file }) => ({
    word: scheme,
    summary: file,
  }));
  const found = new Map<string, Candidate>();
  for (const each of [...own, ...files, ...libraries]) {
    const isNew = each.word.startsWith(prefix) && !found.has(each.word);
    if (isNew) found.set(each.word, each);
  }
  return [...found.values()];
}

async function findSyntax(
  scheme: string,
  registry: Registry,
  { modules, native }: SchemePlaces,
): Promise<VnlSyntax | undefined> {
  const isModule = registry.schemes().includes(scheme) ||
    findModule(scheme, modules) !== undefined;
  if (isModule) {
    return (await orNothing(() => registry.plugin(scheme)))?.syntax;
  }
  const isNative = listNative(native).some((each) => each.scheme === scheme);
  return isNative ? NATIVE_SYNTAX : undefined;
}

/** What cannot be had is not there: this is no place for errors. */
async function orNothing<T>(get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch {
    return undefined;
  }
}
