/**
 * What the file system says, in words for a person.
 *
 * @module
 */

import { findDenial } from "./denial.ts";

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
