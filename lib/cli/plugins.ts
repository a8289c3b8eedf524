/**
 * `vdeplug plugins`: lists the schemes, explains one, and begins a plugin.
 *
 * @module
 */

import { NATIVE_PLUGINS } from "../native/native_plugins.ts";
import { describeSyntax } from "../plug/help.ts";
import { SYSTEM_MODULES } from "../plug/module_places.ts";
import {
  listModules,
  type ModulePlaces,
  pluginFolders,
} from "../plug/module_search.ts";
import { showModule } from "../plug/module_url.ts";
import type { Plugin } from "../plug/plugin.ts";
import { Registry } from "../plug/registry.ts";
import { readOptions } from "./getopt.ts";
import { wrapBeside } from "./help.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { readPluginModules } from "./plugin_option.ts";
import { writeNewPlugin } from "./plugins_new.ts";
import { reportError } from "./report.ts";
import { UsageError } from "./usage_error.ts";

/** What `vdeplug plugins --help` prints. */
const PLUGINS_HELP = `Usage:
  vdeplug plugins [options]            list all schemes
  vdeplug plugins [options] NAME ...   explain schemes: address, keys, examples
  vdeplug plugins new NAME [FOLDER]    begin a plugin of your own

A plugin of your own is a module that exports it as "plugin". It is loaded with
--plugin, or found, when somebody says NAME://, as vdeplug_NAME.ts or
vdeplug_NAME.js in a folder of $VDEPLUG_PLUGIN_PATH (with colons between), or in
~/.config/vdeplug/plugins. Built-in schemes come first. It may do whatever
vdeplug may do: load none that you do not trust.

"new" writes vdeplug_NAME.ts, which works as it is and is yours to change, and
vdeplug_NAME_test.ts, which holds it to what all plugins keep, into FOLDER, or
the current one. Files that are there stay as they are.

Options:
  --plugin FILE   a module, a file or a URL; may be given again
  --json          for machines: an array of scheme, summary, syntax and from,
                  "built-in" or the module; of a plugin that cannot be loaded,
                  scheme, from and error
  -h, --help      print this text

Examples:
  vdeplug plugins vxvde
  vdeplug plugins new mine ~/.config/vdeplug/plugins
  vdeplug --plugin ./vdeplug_mine.ts mine:///tmp/a,/tmp/b tap://t0

Exit status: 0; 1 if a plugin cannot be loaded; 2 for wrong use.`;

const OPTIONS = [
  { name: "help", letter: "h" },
  { name: "json" },
  { name: "plugin", value: "FILE" },
];

/** What stands for the place of a built-in plugin. */
const BUILT_IN = "built-in";

/** A scheme and its plugin, or why there is none. */
interface Row {
  readonly scheme: string;
  /** {@linkcode BUILT_IN}, or a module as messages show it. */
  readonly from: string;
  readonly plugin?: Plugin;
  readonly error?: Error;
}

/**
 * Runs `vdeplug plugins`.
 *
 * @param args What follows `plugins` on the command line.
 * @param io Where words go.
 * @param places Where the user's plugins are looked for.
 * @returns Exit status.
 */
export async function pluginsCommand(
  args: readonly string[],
  io: CommandIo,
  places: ModulePlaces = SYSTEM_MODULES,
): Promise<number> {
  try {
    const { given, all, operands } = readOptions(args, OPTIONS);
    if (given.has("help")) {
      io.out(PLUGINS_HELP);
      return ExitStatus.success;
    }
    const builtIn = await Registry.load(
      io.pluginModules,
      NATIVE_PLUGINS,
      places,
    );
    if (operands[0] === "new") return begin(operands.slice(1), builtIn, io);
    const modules = [...io.pluginModules, ...readPluginModules(all("plugin"))];
    const registry = await Registry.load(modules, NATIVE_PLUGINS, places);
    const rows = operands.length === 0
      ? await allRows(registry, io, places)
      : await Promise.all(
        operands.map((name) => explained(name, registry, io, places)),
      );
    if (given.has("json")) {
      io.out(JSON.stringify(rows.map(forMachines), null, 2));
    } else if (operands.length === 0) list(rows, io, places);
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
  io.out(`test it:  deno test --allow-all ${test}`);
  const give = `--plugin ${file}`;
  io.out(
    `try it:   vdeplug ${give} ${name}:///tmp/a,/tmp/b probe://192.0.2.1 &`,
  );
  io.out(`          vdeplug ping ${give} ${name}:///tmp/b,/tmp/a 192.0.2.1`);
  return ExitStatus.success;
}

/** All schemes, those of the user's files last. */
async function allRows(
  registry: Registry,
  io: CommandIo,
  places: ModulePlaces,
): Promise<Row[]> {
  const known = registry.schemes();
  const found = listModules(places).filter(({ scheme }) =>
    !known.includes(scheme)
  );
  const schemes = [...known, ...found.map(({ scheme }) => scheme)];
  return await Promise.all(
    schemes.map((scheme) => row(scheme, registry, io, places)),
  );
}

/** One scheme. A plugin that cannot be loaded does not keep the others from being shown. */
async function row(
  scheme: string,
  registry: Registry,
  io: CommandIo,
  places: ModulePlaces,
): Promise<Row> {
  const url = registry.sourceOf(scheme) ??
    listModules(places).find((found) => found.scheme === scheme)?.url ?? "";
  const from = io.pluginModules.includes(url) ? BUILT_IN : showModule(url);
  try {
    return { scheme, from, plugin: await registry.plugin(scheme) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { scheme, from, error };
  }
}

/** One scheme that somebody asks for: it must be there. */
async function explained(
  name: string,
  registry: Registry,
  io: CommandIo,
  places: ModulePlaces,
): Promise<Row> {
  const scheme = name.split(":")[0];
  const found = await row(scheme, registry, io, places);
  if (found.error !== undefined) throw found.error;
  return found;
}

function list(
  rows: readonly Row[],
  io: CommandIo,
  places: ModulePlaces,
): void {
  const width = Math.max(...rows.map(({ scheme }) => scheme.length)) + 5;
  for (const { scheme, from, plugin, error } of rows) {
    if (error !== undefined) io.err(error.message);
    if (plugin === undefined) continue;
    const origin = from === BUILT_IN ? "" : ` (${from})`;
    const title = `${scheme}://`.padEnd(width);
    for (const line of wrapBeside(title, plugin.summary + origin)) io.out(line);
  }
  const folders = pluginFolders(places).join(", ");
  io.out("");
  io.out(`Your own are looked for in ${folders || "no folder"}.`);
  io.out('"vdeplug plugins NAME" explains one.');
}

function explain({ from, plugin }: Row): string {
  if (plugin === undefined) return "";
  const text = describeSyntax(plugin);
  return from === BUILT_IN ? text : `${text}\n\nFrom ${from}.`;
}

function forMachines(
  { scheme, from, plugin, error }: Row,
): Record<string, unknown> {
  if (plugin === undefined) return { scheme, from, error: error?.message };
  const { summary, syntax } = plugin;
  return { scheme, summary, syntax, from };
}
