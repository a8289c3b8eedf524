/**
 * The file system of this machine, as far as VNLs go.
 *
 * @module
 */

import { PlugError } from "./errors.ts";
import type { Places } from "./locate.ts";

/** A VNL is shorter by far; a file without a line end is no file of a VNL. */
const MAX_LINE_BYTES = 4096;
const LINE_FEED = 10;

/** Looks at the real files. Links are followed. */
export const SYSTEM_PLACES: Places = {
  home: () => Deno.env.get("HOME") ?? "",
  kind(path) {
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
export function describeFileError({ message }: Error): string {
  return message.replace(/ \(os error \d+\)/, "").replace(/: \w+ '.*'$/s, "");
}
