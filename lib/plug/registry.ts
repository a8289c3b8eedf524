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
import {
  DEFAULT_SCHEME,
  type Located,
  locateVnl,
  type Places,
} from "./locate.ts";
import { nearestWord } from "./nearest.ts";
import type { OpenOptions, Plug, Plugin, PluginTable } from "./plugin.ts";
import { SYSTEM_PLACES } from "./places.ts";
import {
  findPluginFault,
  findTableFault,
  isPlugin,
  isPluginTable,
} from "./plugin_shape.ts";
import { parseVnl, SCHEME_PATTERN, splitScheme } from "./vnl.ts";

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
  readonly #loaded = new Map<string, Promise<Plugin>>();

  private constructor(
    moduleUrls: readonly string[],
    entries: ReadonlyMap<string, Entry>,
    finder: PluginFinder | undefined,
  ) {
    this.moduleUrls = moduleUrls;
    this.#entries = entries;
    this.#finder = finder;
  }

  /**
   * Imports plugin modules. Of a scheme defined twice, the first one counts.
   *
   * @param moduleUrls Absolute URLs, in the order of their precedence.
   * @param finder Asked for the schemes that no module has.
   * @throws {PlugError} If a module cannot be imported.
   * @throws {TypeError} If a module exports no proper table `plugins`.
   */
  static async load(
    moduleUrls: readonly string[],
    finder?: PluginFinder,
  ): Promise<Registry> {
    const entries = new Map<string, Entry>();
    for (const url of moduleUrls) {
      const table = await importTable(url);
      for (const [scheme, load] of Object.entries(table)) {
        if (!entries.has(scheme)) entries.set(scheme, { url, load });
      }
    }
    return new Registry([...moduleUrls], entries, finder);
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
    let loading = this.#loaded.get(scheme);
    if (loading === undefined) {
      const entry = this.#entries.get(scheme);
      loading = entry === undefined
        ? this.#findElsewhere(scheme)
        : loadPlugin(scheme, entry);
      this.#loaded.set(scheme, loading);
    }
    return await loading;
  }

  async #findElsewhere(scheme: string): Promise<Plugin> {
    const plugin = SCHEME_PATTERN.test(scheme)
      ? await this.#finder?.find(scheme)
      : undefined;
    if (plugin === undefined) throw this.#unknownScheme(scheme);
    return plugin;
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
   * @param options Handed to the plugin.
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
      return await plugin.open(parseVnl(vnl, plugin.syntax), options);
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
    const places = this.moduleUrls.join(", ");
    return `the schemes are ${schemes || "none"}; looked in ${
      places || "no module"
    }`;
  }
}

async function importTable(url: string): Promise<PluginTable> {
  let module: Record<string, unknown>;
  try {
    module = await import(url);
  } catch (cause) {
    throw new PlugError(
      `Cannot load "${url}" as a plugin module: ${messageOf(cause)}`,
      { cause },
    );
  }
  const table = module.plugins;
  if (!isPluginTable(table)) {
    throw new TypeError(
      `Cannot load "${url}" as a plugin module exports a table of schemes and loaders, plugins: ${
        findTableFault(table)
      }`,
    );
  }
  return table;
}

async function loadPlugin(scheme: string, entry: Entry): Promise<Plugin> {
  let plugin: unknown;
  try {
    plugin = await entry.load();
  } catch (cause) {
    throw new PlugError(
      `Cannot load the plugin "${scheme}" of ${entry.url}: ${messageOf(cause)}`,
      { cause },
    );
  }
  if (!isPlugin(plugin, scheme)) {
    throw new TypeError(
      `Cannot load "${scheme}" of ${entry.url} as a plugin: ${
        findPluginFault(plugin, scheme)
      }`,
    );
  }
  return plugin;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
