/**
 * Knows which plugin opens which scheme.
 *
 * Plugins come in modules, each of which exports a table `plugins` of schemes
 * and loaders. The registry is handed the modules' URLs, so that the built-in
 * set and a user's own arrive the same way. A plugin is loaded when its scheme
 * is first asked for, and the modules themselves may be, too: then one that
 * cannot be imported stands in the way only of schemes that no module before it
 * has. For schemes of no module, the registry may be handed somebody who knows
 * where else plugins are.
 *
 * @module
 */

import { PlugError } from "./errors.ts";
import { culpritOf, describeThrown, explainOpenFault } from "./fault.ts";
import { discard, InnerPlugs } from "./inner_plugs.ts";
import {
  DEFAULT_SCHEME,
  type Located,
  locateVnl,
  type Places,
} from "./locate.ts";
import {
  findModule,
  type ModulePlaces,
  pluginFolders,
} from "./module_search.ts";
import { showModule } from "./module_url.ts";
import { nearestWord } from "./nearest.ts";
import { namePlug } from "./plug_calls.ts";
import type { OpenParts, Plug, Plugin } from "./plugin.ts";
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
  describePlaces(scheme: string): string | Promise<string>;
}

/** What a registry knows of the machine that it is on. */
export interface Machine {
  /** Asked for the schemes that no module and no file of the user's has. */
  readonly finder?: PluginFinder;
  /** Where the user's files of plugins are looked for. */
  readonly modules: ModulePlaces;
  /** Where files that name a VNL are looked for. */
  readonly places: Places;
}

/** A machine on which there is nothing. */
const BARE_MACHINE: Machine = {
  modules: {
    env: () => undefined,
    cwd: () => "/",
    isFile: () => false,
    names: () => [],
    extensions: [],
  },
  places: { home: () => "", kind: () => undefined, firstLine: () => "" },
};

/** Schemes and their plugins. */
export class Registry {
  /** The modules, in the order in which they are searched. */
  readonly moduleUrls: readonly string[];

  readonly #entries = new Map<string, Entry>();
  /** URLs of the modules whose schemes are among the entries. */
  readonly #imported = new Set<string>();
  readonly #machine: Machine;
  /** URLs of the user's files, by their schemes. */
  readonly #files = new Map<string, string>();
  readonly #loaded = new Map<string, Promise<Plugin>>();

  /**
   * Imports nothing yet: each module is, in their order, once a scheme is asked
   * for that none before it has. Until then, its schemes are not known.
   *
   * @param moduleUrls Absolute URLs, in the order of their precedence.
   * @param machine Where all else is looked for; what is absent: nowhere.
   */
  constructor(moduleUrls: readonly string[], machine: Partial<Machine> = {}) {
    this.moduleUrls = [...moduleUrls];
    this.#machine = { ...BARE_MACHINE, ...machine };
  }

  /**
   * Imports plugin modules, all of them. Of a scheme defined twice, the first one counts;
   * then come the plugins that the program has registered, and in the end the
   * user's files, each of which is looked for when its scheme is asked for.
   *
   * @param moduleUrls Absolute URLs, in the order of their precedence.
   * @param machine Where all else is looked for; what is absent: nowhere.
   * @throws {PlugError} If a module cannot be imported.
   * @throws {TypeError} If a module exports no proper plugin, nor a table of them.
   */
  static async load(
    moduleUrls: readonly string[],
    machine: Partial<Machine> = {},
  ): Promise<Registry> {
    const registry = new Registry(moduleUrls, machine);
    await registry.#importUntil(undefined);
    return registry;
  }

  /** Imports modules until one has the scheme: all of them if none has, or for undefined. */
  async #importUntil(wanted: string | undefined): Promise<void> {
    const entries = this.#entries;
    for (const url of this.moduleUrls) {
      if (wanted !== undefined && entries.has(wanted)) return;
      if (this.#imported.has(url)) continue;
      const table = await importTable(url);
      for (const [scheme, load] of Object.entries(table)) {
        if (!entries.has(scheme)) entries.set(scheme, { url, load });
      }
      this.#imported.add(url);
    }
    for (const plugin of registeredPlugins()) {
      if (entries.has(plugin.scheme)) continue;
      const load = () => Promise.resolve(plugin);
      entries.set(plugin.scheme, { url: REGISTERED, load });
    }
  }

  /** All schemes of the modules imported so far, those of the first one first, in its order. */
  schemes(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * The plugin of a scheme. Loaded at the first call.
   *
   * @throws {TypeError} If nobody has the scheme, or what a module has for it
   * is no plugin.
   * @throws {PlugError} If the plugin cannot be loaded, or a module that might
   * have it.
   */
  async plugin(scheme: string): Promise<Plugin> {
    await this.#importUntil(scheme);
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
      ? await this.#machine.finder?.find(scheme)
      : undefined;
    if (plugin === undefined) throw await this.#unknownScheme(scheme);
    return plugin;
  }

  /** The user's file for a scheme. */
  async #findFile(scheme: string): Promise<Entry | undefined> {
    const url = findModule(scheme, this.#machine.modules);
    if (url === undefined) return undefined;
    this.#files.set(scheme, url);
    const table = await importTable(url);
    if (Object.hasOwn(table, scheme)) return { url, load: table[scheme] };
    throw new TypeError(
      `Cannot load "${showModule(url)}" as the plugin "${scheme}": ` +
        `found plugins of ${Object.keys(table).join(", ") || "no scheme"}`,
    );
  }

  /**
   * Whether one of the modules has a scheme: not the program itself, nor a file
   * of the user's.
   *
   * @throws {PlugError | TypeError} If a module that might have it cannot be imported.
   */
  async isInModule(scheme: string): Promise<boolean> {
    await this.#importUntil(scheme);
    const entry = this.#entries.get(scheme);
    return entry !== undefined && entry.url !== REGISTERED;
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
   * @param parts Handed to the plugin as they are, and `open` with them.
   * @returns The plug, which is the caller's to dispose of.
   * @throws {TypeError | RangeError | SyntaxError} If the VNL is at fault.
   * @throws {PlugError} If the world is.
   */
  async open(text: string, parts: OpenParts): Promise<Plug> {
    return await this.#open(text, parts, []);
  }

  /** @param way VNLs of the plugs that this one is to stand in, the outermost first. */
  async #open(
    text: string,
    parts: OpenParts,
    way: readonly string[],
  ): Promise<Plug> {
    const located = await this.#locate(text);
    const { vnl } = located;
    const plugin = await this.plugin(splitScheme(vnl)?.scheme ?? "");
    try {
      const url = this.sourceOf(plugin.scheme) ?? "";
      using inner = new InnerPlugs(
        [...way, vnl],
        (text, way) => this.#open(text, parts, way),
      );
      return await openPlug({ plugin, vnl, url }, parts, inner);
    } catch (error) {
      throw located.isGuess ? this.#explainGuess(text, error) : error;
    }
  }

  async #locate(text: string): Promise<Located> {
    if (splitScheme(text) !== undefined) return { vnl: text, isGuess: false };
    await this.#importUntil(DEFAULT_SCHEME);
    // Without a plugin for them, switches are nothing that could be meant.
    if (!this.#entries.has(DEFAULT_SCHEME)) throw this.#noScheme(text);
    return locateVnl(text, this.#machine.places);
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

  async #unknownScheme(scheme: string): Promise<TypeError> {
    const near = nearestWord(scheme, this.schemes());
    const hint = near === undefined ? "" : `, perhaps "${near}" is meant`;
    const { finder } = this.#machine;
    const elsewhere = finder !== undefined && SCHEME_PATTERN.test(scheme)
      ? `, and ${await finder.describePlaces(scheme)}`
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
    const folders = pluginFolders(this.#machine.modules).join(", ");
    return `the schemes are ${schemes || "none"}; looked in ${
      places || "no module"
    }${folders && `, and for the user's own in ${folders}`}`;
  }
}

/** Opens a plug, and sees to it that it is one. */
async function openPlug(
  { plugin, vnl, url }: { plugin: Plugin; vnl: string; url: string },
  parts: OpenParts,
  inner: InnerPlugs,
): Promise<Plug> {
  const culprit = culpritOf(url);
  const parsed = parseVnl(vnl, plugin.syntax);
  let plug: unknown;
  try {
    plug = await plugin.open(parsed, {
      ...parts,
      open: (vnl) => inner.open(vnl),
    });
  } catch (error) {
    throw explainOpenFault(error, `open "${vnl}"`, culprit);
  }
  const fault = findPlugFault(plug);
  if (fault === undefined) {
    const isInner = inner.keep(plug as Plug);
    // Handed on as it came, it is still its own plugin's.
    return isInner ? plug as Plug : namePlug(plug as Plug, { vnl, culprit });
  }
  discard(plug);
  throw new PlugError(
    `Cannot open "${vnl}" as ${culprit.words} must return a plug: ${fault}`,
  );
}

async function loadPlugin(scheme: string, entry: Entry): Promise<Plugin> {
  let plugin: unknown;
  try {
    plugin = await entry.load();
  } catch (cause) {
    throw new PlugError(
      `Cannot load the plugin "${scheme}" of ${showModule(entry.url)}: ${
        describeThrown(cause, entry.url)
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
