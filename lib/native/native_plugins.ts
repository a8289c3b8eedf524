/**
 * Finds native plugins on this machine, for schemes that no module has.
 *
 * @module
 */

import { dirname } from "node:path";
import { LinkerError } from "../../ffi/dynamic_linker.ts";
import { variable } from "../../ffi/environment.ts";
import { SystemError } from "../../ffi/libc.ts";
import {
  loadHostLibraries,
  type NativeConnection,
  NativeLibrary,
  NO_REASON,
} from "../../ffi/native_plugin.ts";
import { isFile, namesOrNone } from "../machine/look.ts";
import { PlugError } from "../plug/errors.ts";
import type { OpenOptions, Plugin } from "../plug/plugin.ts";
import type { PluginFinder } from "../plug/registry.ts";
import type { Vnl } from "../plug/vnl.ts";
import { describeClient, thisClient } from "../vde/description.ts";
import { NativePlug } from "./native_plug.ts";
import { findNative, type NativePlaces } from "./search.ts";

/** What libvdeplug's own tools ask for unless they are told otherwise. */
const DEFAULT_MODE = 0o700;

/** Looks at the real files. Loads libvdeplug.so.2 to find out where it is. */
export const SYSTEM_NATIVE_PLACES: NativePlaces = {
  multiarch: `${Deno.build.arch}-linux-gnu`,
  env: variable,
  libraryFolder() {
    const file = loadHostLibraries();
    return file === undefined ? undefined : dirname(file);
  },
  isFile,
  names: namesOrNone,
};

/** The native plugins of this machine: what a `Registry` asks for schemes that no module has. */
export const NATIVE_PLUGINS: PluginFinder = makeNativeFinder(
  SYSTEM_NATIVE_PLACES,
);

/** A finder that looks in these places. */
export function makeNativeFinder(places: NativePlaces): PluginFinder {
  return {
    find: (scheme) => findPlugin(scheme, places),
    describePlaces: (scheme) => findNative(scheme, places).lookedIn,
  };
}

function findPlugin(
  scheme: string,
  places: NativePlaces,
): Plugin | undefined {
  const { file, isLinkers } = findNative(scheme, places);
  if (file === undefined) return undefined;
  try {
    return nativePlugin(scheme, NativeLibrary.load(file));
  } catch (error) {
    if (!(error instanceof LinkerError)) throw error;
    if (isLinkers && error.isMissing) return undefined;
    throw new PlugError(
      `Cannot load "${error.file}" as the native plugin for "${scheme}://": ${error.found}`,
      { cause: error },
    );
  }
}

/** The plugin that a library is. */
function nativePlugin(scheme: string, library: NativeLibrary): Plugin {
  return {
    scheme,
    summary: `The native plugin ${library.file}.`,
    syntax: {
      form: "raw",
      address: "ADDRESS",
      addressOptional: true,
      addressSummary: `as libvdeplug_${scheme}(1) describes it`,
      keys: [],
      examples: [{
        vnl: `${scheme}://`,
        summary: "what follows :// goes to the plugin as it is",
      }],
    },
    open: (vnl, options) => openPlug(library, vnl, options),
  };
}

function openPlug(
  library: NativeLibrary,
  vnl: Vnl,
  options: OpenOptions,
): NativePlug {
  const connection = connect(library, vnl, options);
  try {
    return new NativePlug(connection, vnl.text, options);
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}

function connect(
  library: NativeLibrary,
  vnl: Vnl,
  { description, access }: OpenOptions,
): NativeConnection {
  const result = library.open({
    address: vnl.address,
    description: describeClient(description, thisClient()),
    port: access?.port ?? 0,
    group: access?.group,
    mode: access?.mode ?? DEFAULT_MODE,
  });
  if (typeof result !== "number") return result;
  const attempt = `open "${vnl}" with "${library.file}"`;
  if (result === NO_REASON) {
    throw new PlugError(
      `Cannot ${attempt}: the native plugin gives no reason`,
    );
  }
  const cause = new SystemError(attempt, result);
  throw new PlugError(cause.message, { code: cause.code, cause });
}
