/**
 * Where a user's plugins are looked for: `vdeplug_NAME.ts` or
 * `vdeplug_NAME.js` for the scheme NAME, in the folders that
 * `VDEPLUG_PLUGIN_PATH` lists, with colons between; where that is not set, in
 * `vdeplug/plugins` of the user's folder for configuration.
 *
 * @module
 */

import { fileUrl } from "./module_url.ts";
import { SCHEME_PATTERN } from "./vnl.ts";

/** The environment and the file system, as far as plugins go. */
export interface ModulePlaces {
  /** The value of a variable; undefined if it is not set. */
  env(name: string): string | undefined;
  /** The current folder. */
  cwd(): string;
  /** Whether there is a file, or a link to one. */
  isFile(path: string): boolean;
  /** Names in a folder; none if it cannot be read. */
  names(folder: string): readonly string[];
  /** Which kinds of file are taken, the better one first: "ts", "js". */
  readonly extensions: readonly string[];
}

/** A file that may hold the plugin of a scheme. */
export interface FoundModule {
  readonly scheme: string;
  readonly url: string;
}

const PREFIX = "vdeplug_";

/** The folders, in the order in which they are searched; absolute. */
export function pluginFolders(places: ModulePlaces): string[] {
  const path = places.env("VDEPLUG_PLUGIN_PATH");
  if (path) {
    const folders = path.split(":").filter((folder) => folder !== "");
    return folders.map((folder) => absolute(folder, places));
  }
  const config = places.env("XDG_CONFIG_HOME");
  // A relative one is to be ignored, says the XDG Base Directory Specification.
  if (config?.startsWith("/")) return [`${config}/vdeplug/plugins`];
  const home = places.env("HOME");
  // Plugins are no affair of the folder that one happens to be in.
  return home?.startsWith("/") ? [`${home}/.config/vdeplug/plugins`] : [];
}

function absolute(path: string, places: ModulePlaces): string {
  return path.startsWith("/") ? path : `${places.cwd()}/${path}`;
}

/** The URL of the file for a scheme; undefined if there is none. */
export function findModule(
  scheme: string,
  places: ModulePlaces,
): string | undefined {
  if (!SCHEME_PATTERN.test(scheme)) return undefined;
  for (const folder of pluginFolders(places)) {
    for (const extension of places.extensions) {
      const path = `${folder}/${PREFIX}${scheme}.${extension}`;
      if (places.isFile(path)) return fileUrl(path);
    }
  }
  return undefined;
}

/** All files that {@linkcode findModule} finds, each scheme once, in the order of their names. */
export function listModules(places: ModulePlaces): FoundModule[] {
  const schemes = new Set<string>();
  for (const folder of pluginFolders(places)) {
    for (const name of places.names(folder)) {
      const [stem, extension, ...more] = name.split(".");
      const scheme = stem.slice(PREFIX.length);
      if (
        stem.startsWith(PREFIX) && SCHEME_PATTERN.test(scheme) &&
        more.length === 0 && places.extensions.includes(extension)
      ) schemes.add(scheme);
    }
  }
  return [...schemes].sort().flatMap((scheme) => {
    const url = findModule(scheme, places);
    return url === undefined || isTest(scheme, schemes) ? [] : { scheme, url };
  });
}

/** `vdeplug_x_test.ts` stands beside `vdeplug_x.ts`, and is no plugin. */
function isTest(scheme: string, schemes: ReadonlySet<string>): boolean {
  return scheme.endsWith("_test") && schemes.has(scheme.slice(0, -5));
}
