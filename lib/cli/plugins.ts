/**
 * `vdeplug plugins`: lists the schemes, explains one, and begins a plugin.
 *
 * @module
 */

import { SYSTEM_NATIVE_PLACES } from "../native/native_plugins.ts";
import type { NativePlaces } from "../native/search.ts";
import { describeSyntax, wrapWords } from "../plug/help.ts";
import { SYSTEM_MODULES } from "../machine/modules.ts";
import { type ModulePlaces, pluginFolders } from "../plug/module_search.ts";
import { Registry } from "../plug/registry.ts";
import { quoteShellWord } from "../plug/shell_words.ts";
import { readOptions } from "./getopt.ts";
import { commandHelp } from "./help.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { readPluginModules } from "./plugin_option.ts";
import { writeNewPlugin } from "./plugins_new.ts";
import { PLUGINS_OPTIONS } from "./plugins_options.ts";
import { reportError } from "./report.ts";
import {
  BUILT_IN,
  listSchemes,
  loadSources,
  readScheme,
  type SchemeRow,
  type SchemeSources,
} from "./scheme_list.ts";
import { UsageError } from "./usage_error.ts";

const NATIVE_SUMMARY = "A native plugin, of the C library.";

/**
 * Runs `vdeplug plugins`.
 *
 * @param args What follows `plugins` on the command line.
 * @param io Where words go.
 * @param modules Where the user's plugins are looked for.
 * @param native Where plugins of the C library are looked for.
 * @returns Exit status.
 */
export async function pluginsCommand(
  args: readonly string[],
  io: CommandIo,
  modules: ModulePlaces = SYSTEM_MODULES,
  native: NativePlaces = SYSTEM_NATIVE_PLACES,
): Promise<number> {
  try {
    const { given, all, operands } = readOptions(args, PLUGINS_OPTIONS);
    if (given.has("help")) {
      io.out(await commandHelp("plugins"));
      return ExitStatus.success;
    }
    if (operands[0] === "new") {
      const registry = await Registry.load(io.pluginModules, { modules });
      return begin(operands.slice(1), registry, io);
    }
    const urls = readPluginModules(all("plugin"));
    const sources = await loadSources(urls, io, { modules, native });
    const rows = operands.length === 0
      ? await listSchemes(sources)
      : await Promise.all(operands.map((name) => explained(name, sources)));
    if (given.has("json")) {
      io.out(JSON.stringify(rows.map(forMachines), null, 2));
    } else if (operands.length === 0) list(rows, io, modules);
    else io.out(rows.map(explain).join("\n\n"));
    const isFine = rows.every(({ error }) => error === undefined);
    return isFine ? ExitStatus.success : ExitStatus.failure;
  } catch (error) {
    return reportError(error, io, "vdeplug plugins --help");
  }
}

function begin(
  operands: readonly string[],
  builtIn: Registry,
  io: CommandIo,
): number {
  const [name, folder = ".", ...rest] = operands;
  if (name === undefined || rest.length > 0) {
    throw new UsageError(
      `Cannot begin a plugin as that takes a name, and perhaps a folder: ` +
        `received ${operands.length} arguments`,
    );
  }
  const taken = builtIn.schemes();
  const [file, test] = writeNewPlugin({ name, folder, taken });
  io.out(`wrote ${file} and ${test}`);
  io.out(`test it:  deno test --allow-all ${quoteShellWord(test)}`);
  const give = `--plugin ${quoteShellWord(file)}`;
  io.out(
    `try it:   vdeplug ${give} ${name}:///tmp/a,/tmp/b probe://192.0.2.1 &`,
  );
  io.out(`          vdeplug ping ${give} ${name}:///tmp/b,/tmp/a 192.0.2.1`);
  return ExitStatus.success;
}

/** One scheme that somebody asks for: it must be there. */
async function explained(
  name: string,
  sources: SchemeSources,
): Promise<SchemeRow> {
  const found = await readScheme(name.split(":")[0], sources);
  if (found.error !== undefined) throw found.error;
  return found;
}

function list(
  rows: readonly SchemeRow[],
  io: CommandIo,
  modules: ModulePlaces,
): void {
  const width = Math.max(...rows.map(({ scheme }) => scheme.length)) + 5;
  for (const { scheme, from, isNative, plugin, error } of rows) {
    if (error !== undefined) io.err(error.message);
    const summary = isNative ? NATIVE_SUMMARY : plugin?.summary;
    if (summary === undefined) continue;
    const origin = from === BUILT_IN ? "" : ` (${from})`;
    const title = `${scheme}://`.padEnd(width);
    for (const line of wrapWords(summary + origin, title)) io.out(line);
  }
  const folders = pluginFolders(modules).join(", ");
  io.out("");
  io.out(`Your own are looked for in ${folders || "no folder"}.`);
  io.out('"vdeplug plugins NAME" explains one.');
}

function explain({ scheme, from, isNative, plugin }: SchemeRow): string {
  if (plugin === undefined) return "";
  if (isNative) return explainNative(scheme, from);
  const text = describeSyntax(plugin);
  return from === BUILT_IN ? text : `${text}\n\nFrom ${from}.`;
}

/** All that is known of a plugin of the C library. */
function explainNative(scheme: string, file: string): string {
  const paragraphs = [
    NATIVE_SUMMARY,
    "What stands behind :// is given to the library as it is, quotes and " +
    `brackets included: libvdeplug_${scheme}(1) may tell what it means there.`,
    `From ${file}. It is foreign code: a crash in it ends the whole program.`,
  ];
  const lines = paragraphs.map((text) => wrapWords(text, "  ").join("\n"));
  return [`${scheme}://ADDRESS`, lines.join("\n\n")].join("\n");
}

function forMachines(row: SchemeRow): Record<string, unknown> {
  const { scheme, from, isNative, plugin, error } = row;
  if (isNative) return { scheme, summary: NATIVE_SUMMARY, from };
  if (plugin === undefined) return { scheme, from, error: error?.message };
  const { summary, description, syntax } = plugin;
  return { scheme, summary, description, syntax, from };
}
