/**
 * The user database (pwd.h).
 *
 * @module
 */

import { libc } from "./libc.ts";

const bound = libc({
  getpwuid: { parameters: ["u32"], result: "pointer" }, // struct passwd *, static
});

/** Name of a user; undefined for an id that the user database does not have. */
export function userName(uid: number): string | undefined {
  const entry = bound().getpwuid(uid);
  if (entry === null) return undefined;
  // The first field of `struct passwd` is `char *pw_name`.
  const name = new Deno.UnsafePointerView(entry).getPointer();
  return name === null ? undefined : Deno.UnsafePointerView.getCString(name);
}
