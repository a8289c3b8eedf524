/**
 * The file system of this machine, as far as VNLs go.
 *
 * @module
 */

import { variable } from "../../ffi/environment.ts";
import { EACCES } from "../../ffi/errno.ts";
import {
  type FileFacts,
  fileFacts,
  nameFacts,
  readFile,
} from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import { PlugError } from "../plug/errors.ts";
import { describeFileError } from "../plug/file_error.ts";
import type { Places } from "../plug/locate.ts";

/** A VNL is shorter by far; a file without a line end is no file of a VNL. */
const MAX_LINE_BYTES = 4096;
const LINE_FEED = 10;

/** Looks at the real files, through the C library: it takes no other permission. Links are followed. */
export const SYSTEM_PLACES: Places = {
  home: () => variable("HOME") ?? "",
  kind(path) {
    const found = factsOf(path);
    if (found === undefined) return exists(path) ? "other" : undefined;
    return found.kind === "file" ? "file" : "other";
  },
  firstLine(path) {
    try {
      return readFirstLine(path);
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      throw new PlugError(
        `Cannot read "${path}" as a file that names a network: ${
          describeFileError(cause)
        }`,
        { cause },
      );
    }
  },
};

function factsOf(path: string): FileFacts | undefined {
  try {
    return fileFacts(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return undefined;
  }
}

/** Whether there is a name, whatever it leads to. */
function exists(path: string): boolean {
  try {
    return nameFacts(path) !== undefined;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    // Of what may not be looked at, whoever opens it tells more.
    return error.errno === EACCES;
  }
}

function readFirstLine(path: string): string {
  const bytes = readFile(path, MAX_LINE_BYTES);
  const end = bytes.indexOf(LINE_FEED);
  if (end < 0 && bytes.length === MAX_LINE_BYTES) {
    throw new SyntaxError(`its first line has over ${MAX_LINE_BYTES} bytes`);
  }
  const line = bytes.subarray(0, end < 0 ? bytes.length : end);
  return new TextDecoder("utf-8", { fatal: true }).decode(line);
}
