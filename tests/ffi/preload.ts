/**
 * For tests with Deno's sanitizers: functions of the C library that are bound
 * at first use, and stay, are bound before the first test.
 *
 * @module
 */

import { variable } from "../../ffi/environment.ts";
import { nameFacts, namesIn, readFile } from "../../ffi/files.ts";
import { SystemError } from "../../ffi/libc.ts";
import { userName } from "../../ffi/passwd.ts";
import { userId } from "../../ffi/users.ts";

variable("HOME");
nameFacts("/");
readFile("/dev/null");
userName(userId());
try {
  namesIn("/no/such/folder");
} catch (error) {
  // Its words are the C library's, too.
  if (!(error instanceof SystemError)) throw error;
}
