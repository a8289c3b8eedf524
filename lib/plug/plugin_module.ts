/**
 * Plugin modules: what they export, and how they are imported.
 *
 * A module exports one plugin, `plugin`, or a table of many, `plugins`. A
 * plugin that is the default export is taken as well.
 *
 * @module
 */

import { PlugError } from "./errors.ts";
import { describeImportFault } from "./fault.ts";
import { thisRuntime } from "./runtime.ts";
import { runtimeFault, showModule } from "./module_url.ts";
import type { Plugin, PluginTable } from "./plugin.ts";
import {
  findPluginFault,
  findTableFault,
  isPluginTable,
  SCHEME_RULE,
} from "./plugin_shape.ts";
import { SCHEME_PATTERN } from "./vnl.ts";

/**
 * Imports a plugin module.
 *
 * @param url Its absolute URL.
 * @returns Its schemes and their loaders.
 * @throws {PlugError} If it cannot be imported.
 * @throws {TypeError} If it exports neither a proper plugin nor a table of them.
 */
export async function importTable(url: string): Promise<PluginTable> {
  const module = await importModule(url);
  if (module.plugins !== undefined) return tableOf(url, module.plugins);
  if (module.plugin !== undefined) return tableOfOne(url, module.plugin);
  if (module.default !== undefined) return tableOfDefault(url, module.default);
  return tableOf(url, undefined);
}

async function importModule(url: string): Promise<Record<string, unknown>> {
  try {
    return await import(url);
  } catch (cause) {
    throw explainImport(cause, url);
  }
}

/** Only a module that fails is a fault of the runtime: one inside the program is loaded however it is named. */
function explainImport(cause: unknown, url: string): PlugError {
  const attempt = `Cannot load "${showModule(url)}" as a plugin module`;
  const reason = runtimeFault(url, thisRuntime());
  // The loader puts the engine's errors in words of its own.
  const isParsing = /\bSyntaxError\b|could not be parsed/.test(String(cause));
  return reason !== undefined && (isParsing || !url.startsWith("file:"))
    ? new PlugError(`${attempt}: ${reason.fault}`, { hint: reason.hint, cause })
    : new PlugError(`${attempt}: ${describeImportFault(cause, url)}`, {
      cause,
    });
}

function tableOf(url: string, table: unknown): PluginTable {
  const fault = findTableFault(table);
  if (fault === undefined) return table as PluginTable;
  throw new TypeError(
    `Cannot load "${showModule(url)}" as a plugin module exports a plugin, ` +
      `plugin, or a table of schemes and loaders, plugins: ${fault}`,
  );
}

function tableOfOne(url: string, plugin: unknown): PluginTable {
  const scheme = schemeOf(plugin);
  const fault = findSchemeFault(plugin, scheme) ??
    findPluginFault(plugin, scheme);
  if (fault !== undefined) {
    throw new TypeError(
      `Cannot load "${showModule(url)}" as a plugin module: ${fault}`,
    );
  }
  return { [scheme]: () => Promise.resolve(plugin as Plugin) };
}

/** Whoever exports something else by default has most often not named it. */
function tableOfDefault(url: string, exported: unknown): PluginTable {
  const scheme = schemeOf(exported);
  if (scheme !== "") return tableOfOne(url, exported);
  const name = isPluginTable(exported) ? "plugins" : "plugin";
  throw new TypeError(
    `Cannot load "${showModule(url)}" as a plugin module exports a plugin, ` +
      `plugin, or a table of schemes and loaders, plugins: found a default ` +
      `export alone, which needs the name "${name}"`,
  );
}

function schemeOf(plugin: unknown): string {
  const isObject = typeof plugin === "object" && plugin !== null;
  return isObject && "scheme" in plugin ? String(plugin.scheme) : "";
}

function findSchemeFault(plugin: unknown, scheme: string): string | undefined {
  const isObject = typeof plugin === "object" && plugin !== null;
  if (!isObject || SCHEME_PATTERN.test(scheme)) return undefined;
  return "scheme" in plugin
    ? `found the scheme "${scheme}", which is not ${SCHEME_RULE}`
    : "found a plugin without a scheme";
}
