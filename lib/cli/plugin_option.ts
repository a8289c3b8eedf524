/**
 * The option `--plugin`, which every command has that opens networks.
 *
 * @module
 */

import { currentFolder } from "../machine/modules.ts";
import { moduleUrl } from "../plug/module_url.ts";
import type { OptionSpec } from "./getopt.ts";
import { UsageError } from "./usage_error.ts";

/** The option. */
export const PLUGIN_OPTION: OptionSpec = {
  name: "plugin",
  value: "FILE",
  summary: "a plugin of your own, a file or a URL; may be given again",
  completes: "file",
};

/**
 * The URLs of plugin modules that a user names.
 *
 * @param values A file or a URL each.
 * @throws {UsageError} If one is empty.
 * @throws {PlugError} If one is relative to a folder that is no more.
 */
export function readPluginModules(values: readonly string[]): string[] {
  if (values.includes("")) {
    throw new UsageError(
      'Cannot use --plugin as FILE is the path or the URL of a module: received ""',
    );
  }
  return values.map((value) => moduleUrl(value, currentFolder));
}
