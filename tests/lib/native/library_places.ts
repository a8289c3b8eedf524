/**
 * A machine whose native plugins are in one folder.
 *
 * @module
 */

import { SYSTEM_NATIVE_PLACES } from "../../../lib/native/native_plugins.ts";
import type { NativePlaces } from "../../../lib/native/search.ts";

/** Real files, as if VDEPLUGIN_PATH were `folder`. */
export function libraryPlaces(folder: string): NativePlaces {
  return {
    ...SYSTEM_NATIVE_PLACES,
    env: (name) => name === "VDEPLUGIN_PATH" ? folder : undefined,
  };
}
