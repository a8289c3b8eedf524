/**
 * Looks at this machine's files where nobody minds if there are none.
 *
 * @module
 */

import { fileFacts, namesIn } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";

/** Whether a path leads to a regular file, links followed. What may not be seen is not there. */
export function isFile(path: string): boolean {
  return quietly(() => fileFacts(path)?.kind === "file", false);
}

/** The names in a folder; none if it cannot be read. */
export function namesOrNone(folder: string): readonly string[] {
  return quietly(() => namesIn(folder), []);
}

function quietly<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return otherwise;
  }
}
