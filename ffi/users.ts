/**
 * The group database and this process's own ids (grp.h, unistd.h).
 *
 * @module
 */

import { cString, libc } from "./libc.ts";

/** Offset of `gr_gid` in `struct group`, behind two pointers. */
const GR_GID = 16;

const bound = libc({
  getgrnam: { parameters: ["buffer"], result: "pointer" }, // struct group *, static
  getegid: { parameters: [], result: "u32" },
  geteuid: { parameters: [], result: "u32" },
});

/** Largest group id. */
const MAX_GID = 0xffff_ffff;

/**
 * Id of a group.
 *
 * @param group "" for this process's effective group, digits for the id
 * itself, otherwise a name in the group database.
 * @throws {TypeError} If there is no group of that name.
 */
export function groupId(group: string): number {
  if (group === "") return bound().getegid();
  if (/^\d+$/.test(group)) {
    const id = Number(group);
    if (id <= MAX_GID) return id;
    throw new RangeError(
      `Cannot use group "${group}": ids go up to ${MAX_GID}`,
    );
  }
  const entry = bound().getgrnam(cString(group));
  if (entry === null) {
    throw new TypeError(
      `Cannot use group "${group}": the group database has no such name`,
    );
  }
  return new Deno.UnsafePointerView(entry).getUint32(GR_GID);
}

/** Whether this process acts as root. */
export function isRoot(): boolean {
  return bound().geteuid() === 0;
}
