/**
 * `vdeplug man`: pages of the manual, printed or written into a folder.
 *
 * @module
 */

import { commandManual } from "../manual/command_page.ts";
import { schemeManual } from "../manual/scheme_page.ts";
import { SYSTEM_NATIVE_PLACES } from "../native/native_plugins.ts";
import type { NativePlaces } from "../native/search.ts";
import { PlugError } from "../plug/errors.ts";
import { formatRows } from "../plug/help.ts";
import { SYSTEM_MODULES } from "../machine/modules.ts";
import type { ModulePlaces } from "../plug/module_search.ts";
import { nearestWord } from "../plug/nearest.ts";
import { describeFileError } from "../plug/file_error.ts";
import type { Plugin } from "../plug/plugin.ts";
import { SCHEME_PATTERN } from "../plug/vnl.ts";
import { readOptions } from "./getopt.ts";
import { commandHelp } from "./help.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { MAN_OPTIONS } from "./man_options.ts";
import { MAIN_NAME } from "./names.ts";
import type { Section } from "./page.ts";
import { optionTitle } from "./page_text.ts";
import { COMMAND_PAGES } from "./pages/mod.ts";
import { readPluginModules } from "./plugin_option.ts";
import { reportError } from "./report.ts";
import {
  BUILT_IN,
  listModuleSchemes,
  loadSources,
  readScheme,
  type SchemeRow,
  type SchemeSources,
} from "./scheme_list.ts";
import { UsageError } from "./usage_error.ts";
import { VERSION } from "./version.ts";

/** What the names of all pages but the main one begin with. */
const PREFIX = `${MAIN_NAME}-`;

/** A page, and where it belongs in a folder of the manual. */
interface ManualFile {
  /** `man1/vdeplug.1`. */
  readonly path: string;
  readonly text: string;
}

/**
 * Runs `vdeplug man`.
 *
 * @param args What follows `man` on the command line.
 * @param io Where words go.
 * @param modules Where the user's plugins are looked for.
 * @param native Where plugins of the C library are looked for.
 * @returns Exit status.
 */
export async function man(
  args: readonly string[],
  io: CommandIo,
  modules: ModulePlaces = SYSTEM_MODULES,
  native: NativePlaces = SYSTEM_NATIVE_PLACES,
): Promise<number> {
  try {
    const { given, all, operands } = readOptions(args, MAN_OPTIONS);
    if (given.has("help")) {
      io.out(await commandHelp("man"));
      return ExitStatus.success;
    }
    const folder = given.get("folder");
    checkOperands(operands, folder);
    const urls = readPluginModules(all("plugin"));
    const sources = await loadSources(urls, io, { modules, native });
    if (folder !== undefined) return await writeAll(folder, sources, io);
    if (operands.length === 0) return await list(sources, io);
    // Its last line has an end already.
    io.out((await findPage(operands[0], sources)).trimEnd());
    return ExitStatus.success;
  } catch (error) {
    return reportError(error, io, "vdeplug man --help");
  }
}

function checkOperands(
  operands: readonly string[],
  folder: string | undefined,
): void {
  if (folder === "") {
    throw new UsageError('Cannot use --folder as DIR is a path: received ""');
  }
  const most = folder === undefined ? 1 : 0;
  if (operands.length <= most) return;
  const names = operands.map((name) => `"${name}"`).join(" ");
  throw new UsageError(
    folder === undefined
      ? `Cannot print ${operands.length} pages at a time: received ${names}`
      : `Cannot write some pages into "${folder}" as --folder writes all of them: received ${names}`,
  );
}

/** All pages that there are. */
async function list(sources: SchemeSources, io: CommandIo): Promise<number> {
  const commands = Object.entries(COMMAND_PAGES).map(async ([name, load]) =>
    [name, (await load()).summary] as const
  );
  const rows = await listModuleSchemes(sources);
  for (const { error } of rows) if (error) io.err(error.message);
  const schemes = rows.flatMap(({ scheme, plugin }) =>
    plugin === undefined ? [] : [[`${scheme}://`, plugin.summary] as const]
  );
  const lines = [
    "Commands:",
    ...formatRows(await Promise.all(commands)),
    "",
    "Schemes:",
    ...formatRows(schemes),
    "",
    '"vdeplug man NAME | man -l -" shows one.',
  ];
  for (const line of lines) io.out(line);
  return schemes.length < rows.length ? ExitStatus.failure : ExitStatus.success;
}

/** The page of a command, or else of a scheme. */
async function findPage(
  name: string,
  sources: SchemeSources,
): Promise<string> {
  const own = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  if (Object.hasOwn(COMMAND_PAGES, own)) return await commandPage(own, sources);
  const scheme = own.split(":")[0];
  if (!SCHEME_PATTERN.test(scheme)) throw noPage(name, sources);
  const row = await readScheme(scheme, sources);
  if (row.isNative) throw nativePage(row);
  if (row.plugin !== undefined) return schemePage(row.plugin, row.from);
  // Nobody has such a scheme: it is in no file, and what does not load is another matter.
  const isUnknown = row.error instanceof TypeError && !row.from.includes("/");
  throw isUnknown ? noPage(name, sources) : row.error;
}

function nativePage({ scheme, from }: SchemeRow): PlugError {
  return new PlugError(
    `Cannot make a page of the manual for "${scheme}://" as that is a native plugin: "${from}" tells nothing of itself`,
    { hint: `its library may have brought one: man libvdeplug_${scheme}` },
  );
}

function noPage(name: string, { registry }: SchemeSources): UsageError {
  const commands = Object.keys(COMMAND_PAGES);
  const schemes = registry.schemes();
  const near = nearestWord(name, [...commands, ...schemes]);
  const hint = near === undefined ? "" : `, perhaps "${near}" is meant`;
  return new UsageError(
    `Cannot find a page of the manual for "${name}"${hint}: the commands are ${
      commands.join(", ")
    }; the schemes are ${schemes.join(", ")}`,
  );
}

async function commandPage(
  name: string,
  sources: SchemeSources,
): Promise<string> {
  const isMain = name === MAIN_NAME;
  const page = await COMMAND_PAGES[name]();
  const sections = [
    ...page.sections ?? [],
    ...isMain ? [await schemesSection(sources)] : [],
  ];
  const options = page.options.map((spec) => ({
    ...spec,
    title: optionTitle(spec),
  }));
  const seeAlso = Object.keys(COMMAND_PAGES)
    .filter((other) => isMain ? other !== name : other === MAIN_NAME)
    .map((other) => `${manualName(other)}(1)`);
  return commandManual({ ...page, options, sections }, {
    manualName: manualName(name),
    version: VERSION,
    seeAlso,
  });
}

/** Built-in schemes, as each has a page of its own. */
async function schemesSection(sources: SchemeSources): Promise<Section> {
  const rows = builtInSchemes(sources).map(async (scheme) => {
    const { summary } = await sources.registry.plugin(scheme);
    return [`${scheme}://`, summary] as const;
  });
  return {
    title: "Schemes",
    paragraphs: [
      `These are built-in, and ${PREFIX}SCHEME(7) explains each. ` +
      `${PREFIX}plugins(1) lists others.`,
    ],
    rows: await Promise.all(rows),
  };
}

function builtInSchemes({ registry, builtIn }: SchemeSources): string[] {
  return registry.schemes().filter((scheme) =>
    builtIn.includes(registry.sourceOf(scheme) ?? "")
  );
}

/** Pages of the C programs keep their names. */
function manualName(command: string): string {
  return command === MAIN_NAME ? MAIN_NAME : PREFIX + command;
}

function schemePage(plugin: Plugin, from: string): string {
  const { scheme } = plugin;
  const namesake = Object.hasOwn(COMMAND_PAGES, scheme)
    ? [`${PREFIX}${scheme}(1)`]
    : [];
  return schemeManual(plugin, {
    version: VERSION,
    from: from === BUILT_IN ? undefined : from,
    seeAlso: [`${MAIN_NAME}(1)`, ...namesake, `${PREFIX}plugins(1)`],
  });
}

/** Writes all pages but those of the user's own plugins, which others on this machine may not have. */
async function writeAll(
  folder: string,
  sources: SchemeSources,
  io: CommandIo,
): Promise<number> {
  const commands = Object.keys(COMMAND_PAGES).map(async (name) => ({
    path: `man1/${manualName(name)}.1`,
    text: await commandPage(name, sources),
  }));
  const schemes = builtInSchemes(sources).map(async (scheme) => ({
    path: `man7/${PREFIX}${scheme}.7`,
    text: schemePage(await sources.registry.plugin(scheme), BUILT_IN),
  }));
  const files = await Promise.all([...commands, ...schemes]);
  const base = folder.replace(/\/+$/, "");
  for (const part of ["man1", "man7"]) {
    attempt(`make the folder "${base}/${part}"`, () => {
      Deno.mkdirSync(`${base}/${part}`, { recursive: true });
    });
  }
  for (const file of files) writePage(base, file);
  io.out(
    `wrote ${commands.length} pages to ${base}/man1 and ${schemes.length} to ${base}/man7`,
  );
  return ExitStatus.success;
}

function writePage(base: string, { path, text }: ManualFile): void {
  attempt(`write "${base}/${path}"`, () => {
    Deno.writeTextFileSync(`${base}/${path}`, text);
  });
}

function attempt(what: string, run: () => void): void {
  try {
    run();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new PlugError(`Cannot ${what}: ${describeFileError(cause)}`, {
      cause,
    });
  }
}
