/**
 * The system's log (syslog.h).
 *
 * @module
 */

import { cString, libc } from "./libc.ts";

const LOG_USER = 1 << 3;
const LOG_INFO = 6;

const bound = libc({
  openlog: { parameters: ["buffer", "i32", "i32"], result: "void" }, // const char *ident, int option, int facility
  syslog: { parameters: ["i32", "buffer", "buffer"], result: "void" }, // int priority, const char *format, …
});

const FORMAT = cString("%s");

/** The C library keeps its address: it must live as long as the process. */
let ident: Uint8Array<ArrayBuffer> | undefined;

/**
 * Writes a line to the system's log, as information of facility "user". Where
 * no log is kept it vanishes; may wait while the log's socket is full.
 *
 * @param program Stands before each line from now on.
 * @param line Characters that do not print become blanks.
 */
export function writeSystemLog(program: string, line: string): void {
  const c = bound();
  const name = cString(program);
  if (ident === undefined || !isSame(ident, name)) {
    ident = name;
    c.openlog(ident, 0, LOG_USER);
  }
  c.syslog(
    LOG_USER | LOG_INFO,
    FORMAT,
    cString(line.replaceAll(/\p{Cc}/gu, " ")),
  );
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, index) => byte === other[index]);
}
