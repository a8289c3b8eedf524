/**
 * The file system of this machine, as far as VNLs go.
 *
 * @module
 */

import { findDenial, requireReading, requireVariable } from "./denial.ts";
import { PlugError } from "./errors.ts";
import type { Places } from "./locate.ts";

/** A VNL is shorter by far; a file without a line end is no file of a VNL. */
const MAX_LINE_BYTES = 4096;
const LINE_FEED = 10;

/** Looks at the real files. Links are followed. What Deno does not let us see is a `PlugError` that tells how to. */
export const SYSTEM_PLACES: Places = {
  home() {
    requireVariable("find the default network", "HOME");
    return Deno.env.get("HOME") ?? "";
  },
  kind(path) {
    // Without a look at it, nobody knows if it is a switch's, or a file's that names a network.
    requireReading(`find out what "${path}" is`, path, `or say vde://${path}`);
    try {
      return Deno.statSync(path).isFile ? "file" : "other";
    } catch {
      return exists(path) ? "other" : undefined;
    }
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

/** Whether there is a name, whatever it leads to. */
function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    // Of what may not be looked at, whoever opens it tells more.
    return error instanceof Deno.errors.PermissionDenied;
  }
}

function readFirstLine(path: string): string {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(MAX_LINE_BYTES);
  let filled = 0;
  for (;;) {
    const n = file.readSync(bytes.subarray(filled)) ?? 0;
    filled += n;
    const end = bytes.subarray(0, filled).indexOf(LINE_FEED);
    if (n > 0 && end < 0 && filled < bytes.length) continue;
    if (end < 0 && filled === bytes.length) {
      throw new SyntaxError(`its first line has over ${MAX_LINE_BYTES} bytes`);
    }
    const line = bytes.subarray(0, end < 0 ? filled : end);
    return new TextDecoder("utf-8", { fatal: true }).decode(line);
  }
}

/** What the file system said, without the runtime's own words about the call. */
export function describeFileError(error: Error): string {
  const denial = findDenial(error);
  if (denial !== undefined) return `${denial.found} (${denial.hint})`;
  const { name, message } = error;
  // The C library's: its words stand behind what was tried.
  if (name === "SystemError") {
    return message.slice(message.lastIndexOf(": ") + 2);
  }
  return message.replace(/ \(os error \d+\)/, "").replace(/: \w+ '.*'$/s, "");
}
