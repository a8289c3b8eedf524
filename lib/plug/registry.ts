/**
 * Knows which plugin opens which scheme.
 *
 * Plugins come in modules, each of which exports a table `plugins` of schemes
 * and loaders. The registry is handed the modules' URLs, so that the built-in
 * set and a user's own arrive the same way. A plugin is loaded when its scheme
 * is first asked for. For schemes of no module, the registry may be handed
 * somebody who knows where else plugins are.
 *
 * @module
 */

import { PlugError } from "./errors.ts";
import { describeThrown, explainOpenFault } from "./fault.ts";
import {
  DEFAULT_SCHEME,
  type Located,
  locateVnl,
  type Places,
} from "./locate.ts";
import { SYSTEM_MODULES } from "./module_places.ts";
import {
  findModule,
  type ModulePlaces,
  pluginFolders,
} from "./module_search.ts";
import { showModule } from "./module_url.ts";
import { nearestWord } from "./nearest.ts";
import type { OpenOptions, Plug, Plugin } from "./plugin.ts";
import { SYSTEM_PLACES } from "./places.ts";
import { importTable } from "./plugin_module.ts";
import { findPlugFault, findPluginFault, isPlugin } from "./plugin_shape.ts";
import { registeredPlugins } from "./registered.ts";
import { parseVnl, SCHEME_PATTERN, splitScheme } from "./vnl.ts";

/** Stands for the module of a plugin that the program itself has registered. */
const REGISTERED = "this program";

/** A scheme's loader and the module that brought it. */
interface Entry {
  readonly url: string;
  readonly load: () => Promise<unknown>;
}

/** Finds plugins that are in no module. */
export interface PluginFinder {
  /**
   * Looks for the plugin of a scheme.
   *
   * @param scheme Lower-case letters, digits, `_` and `-`.
   * @returns undefined if there is none.
   * @throws {PlugError} If there is one that cannot be loaded.
   */
  find(scheme: string): Plugin | undefined | Promise<Plugin | undefined>;

  /** Where a plugin is looked for, to follow the word "looked": `for … in …`. */
  describePlaces(scheme: string): string;
}

/** Schemes and their plugins. */
export class Registry {
  /** The modules that were loaded, in the order in which they are searched. */
  readonly moduleUrls: readonly string[];

  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #finder: PluginFinder | undefined;
  /** URLs of the user's files, by their schemes. */
  readonly #files = new Map<string, string>();
  readonly #loaded = new Map<string, Promise<Plugin>>();
  readonly #modules: ModulePlaces;

  private constructor(
    moduleUrls: readonly string[],
    entries: ReadonlyMap<string, Entry>,
    finder: PluginFinder | undefined,
    modules: ModulePlaces,
  ) {
    this.moduleUrls = moduleUrls;
    this.#entries = entries;
    this.#finder = finder;
    this.#modules = modules;
  }

  /**
   * Imports plugin modules. Of a scheme defined twice, the first one counts;
   * then come the plugins that the program has registered, and in the end the
   * user's files, each of which is looked for when its scheme is asked for.
   *
   * @param moduleUrls Absolute URLs, in the order of their precedence.
   * @param finder Asked for the schemes that none of these has.
   * @param modules Where the user's files are looked for.
   * @throws {PlugError} If a module cannot be imported.
   * @throws {TypeError} If a module exports no proper plugin, nor a table of them.
   */
  static async load(
    moduleUrls: readonly string[],
    finder?: PluginFinder,
    modules: ModulePlaces = SYSTEM_MODULES,
  ): Promise<Registry> {
    const entries = new Map<string, Entry>();
    for (const url of moduleUrls) {
      const table = await importTable(url);
      for (const [scheme, load] of Object.entries(table)) {
        if (!entries.has(scheme)) entries.set(scheme, { url, load });
      }
    }
    for (const plugin of registeredPlugins()) {
      if (entries.has(plugin.scheme)) continue;
      const load = () => Promise.resolve(plugin);
      entries.set(plugin.scheme, { url: REGISTERED, load });
    }
    return new Registry([...moduleUrls], entries, finder, modules);
  }

  /** All schemes of the modules, those of the first one first, in its order. */
  schemes(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * The plugin of a scheme. Loaded at the first call.
   *
   * @throws {TypeError} If nobody has the scheme, or what a module has for it
   * is no plugin.
   * @throws {PlugError} If the plugin cannot be loaded.
   */
  async plugin(scheme: string): Promise<Plugin> {
    const known = this.#entries.get(scheme) ?? await this.#findFile(scheme);
    let loading = this.#loaded.get(scheme);
    if (loading === undefined) {
      loading = known === undefined
        ? this.#findElsewhere(scheme)
        : loadPlugin(scheme, known);
      this.#loaded.set(scheme, loading);
    }
    return await loading;
  }

  /** The plugin of a scheme that is in no module. */
  async #findElsewhere(scheme: string): Promise<Plugin> {
    const plugin = SCHEME_PATTERN.test(scheme)
      ? await this.#finder?.find(scheme)
      : undefined;
    if (plugin === undefined) throw this.#unknownScheme(scheme);
    return plugin;
  }

  /** The user's file for a scheme. */
  async #findFile(scheme: string): Promise<Entry | undefined> {
    const url = findModule(scheme, this.#modules);
    if (url === undefined) return undefined;
    this.#files.set(scheme, url);
    const table = await importTable(url);
    if (Object.hasOwn(table, scheme)) return { url, load: table[scheme] };
    throw new TypeError(
      `Cannot load "${showModule(url)}" as the plugin "${scheme}": ` +
        `found plugins of ${Object.keys(table).join(", ") || "no scheme"}`,
    );
  }

  /** The URL of the module that a scheme's plugin comes from; of a user's file once it was asked for. */
  sourceOf(scheme: string): string | undefined {
    return this.#entries.get(scheme)?.url ?? this.#files.get(scheme);
  }

  /** All plugins of the modules, in the order of {@linkcode Registry.schemes}. */
  async all(): Promise<Plugin[]> {
    return await Promise.all(
      this.schemes().map((scheme) => this.plugin(scheme)),
    );
  }

  /**
   * Opens the plug that a VNL names.
   *
   * @param text The VNL, or what {@linkcode locateVnl} makes one of.
   * @param options Handed to the plugin as they are.
   * @param places Where files that name a VNL are looked for.
   * @returns The plug, which is the caller's to dispose of.
   * @throws {TypeError | RangeError | SyntaxError} If the VNL is at fault.
   * @throws {PlugError} If the world is.
   */
  async open(
    text: string,
    options: OpenOptions,
    places: Places = SYSTEM_PLACES,
  ): Promise<Plug> {
    const located = this.#locate(text, places);
    const { vnl } = located;
    const plugin = await this.plugin(splitScheme(vnl)?.scheme ?? "");
    try {
      const url = this.sourceOf(plugin.scheme) ?? "";
      return await openPlug({ plugin, vnl, url }, options);
    } catch (error) {
      throw located.isGuess ? this.#explainGuess(text, error) : error;
    }
  }

  #locate(text: string, places: Places): Located {
    if (splitScheme(text) !== undefined) return { vnl: text, isGuess: false };
    // Without a plugin for them, switches are nothing that could be meant.
    if (!this.#entries.has(DEFAULT_SCHEME)) throw this.#noScheme(text);
    return locateVnl(text, places);
  }

  /** There is no switch where one was looked for: perhaps a scheme was meant. */
  #explainGuess(text: string, error: unknown): unknown {
    const isMissing = error instanceof PlugError && error.code === "ENOENT";
    if (!isMissing || text.startsWith("/")) return error;
    const near = this.#nearestScheme(text);
    const perhaps = near === undefined ? "" : `: perhaps "${near}://" is meant`;
    return new PlugError(error.message, {
      code: error.code,
      cause: error,
      hint: `without "://", "${text}" is the folder of a VDE switch${perhaps}`,
    });
  }

  #nearestScheme(text: string): string | undefined {
    return nearestWord(/^[^:/[{]*/.exec(text)?.[0] ?? "", this.schemes());
  }

  #unknownScheme(scheme: string): TypeError {
    const near = nearestWord(scheme, this.schemes());
    const hint = near === undefined ? "" : `, perhaps "${near}" is meant`;
    const elsewhere = this.#finder !== undefined && SCHEME_PATTERN.test(scheme)
      ? `, and ${this.#finder.describePlaces(scheme)}`
      : "";
    return new TypeError(
      `Cannot find a plugin for the scheme "${scheme}"${hint}: ${this.#known()}${elsewhere}`,
    );
  }

  #noScheme(text: string): TypeError {
    const near = this.#nearestScheme(text);
    const hint = near === undefined ? "" : `, perhaps "${near}://" is meant`;
    return new TypeError(
      `Cannot open "${text}" as a VNL looks like scheme://address${hint}: found no "://"; ${this.#known()}`,
    );
  }

  #known(): string {
    const schemes = this.schemes().join(", ");
    const places = this.moduleUrls.map(showModule).join(", ");
    const folders = pluginFolders(this.#modules).join(", ");
    return `the schemes are ${schemes || "none"}; looked in ${
      places || "no module"
    }${folders && `, and for the user's own in ${folders}`}`;
  }
}

/** Opens a plug, and sees to it that it is one. */
async function openPlug(
  { plugin, vnl, url }: { plugin: Plugin; vnl: string; url: string },
  options: OpenOptions,
): Promise<Plug> {
  const who = `the plugin of ${showModule(url)}`;
  const parsed = parseVnl(vnl, plugin.syntax);
  let plug: unknown;
  try {
    plug = await plugin.open(parsed, options);
  } catch (error) {
    throw explainOpenFault(error, `open "${vnl}"`, who);
  }
  const fault = findPlugFault(plug);
  if (fault === undefined) return plug as Plug;
  throw new PlugError(
    `Cannot open "${vnl}" as ${who} must return a plug: ${fault}`,
  );
}

async function loadPlugin(scheme: string, entry: Entry): Promise<Plugin> {
  let plugin: unknown;
  try {
    plugin = await entry.load();
  } catch (cause) {
    throw new PlugError(
      `Cannot load the plugin "${scheme}" of ${showModule(entry.url)}: ${
        describeThrown(cause)
      }`,
      { cause },
    );
  }
  if (!isPlugin(plugin, scheme)) {
    throw new TypeError(
      `Cannot load "${scheme}" of ${showModule(entry.url)} as a plugin: ${
        findPluginFault(plugin, scheme)
      }`,
    );
  }
  return plugin;
}
