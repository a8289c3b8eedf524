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
  getgid: { parameters: [], result: "u32" },
  getuid: { parameters: [], result: "u32" },
  // const char *user, gid_t group, gid_t *groups, int *count
  getgrouplist: {
    parameters: ["buffer", "u32", "buffer", "buffer"],
    result: "i32",
  },
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

/** The user that this process runs for. */
export function userId(): number {
  return bound().getuid();
}

/** Whether this process acts as root. */
export function isRoot(): boolean {
  return bound().geteuid() === 0;
}

/** Most groups of a user (NGROUPS_MAX, linux/limits.h). */
const MAX_GROUPS = 65_536;

/**
 * Whether a user belongs to a group, by the group database, or because the
 * group is this process's own.
 *
 * @param user Name of the user.
 * @param group Name of the group; one that the database does not have has no members.
 */
export function isMember(user: string, group: string): boolean {
  const c = bound();
  const entry = c.getgrnam(cString(group));
  if (entry === null) return false;
  const id = new Deno.UnsafePointerView(entry).getUint32(GR_GID);
  const groups = new Uint32Array(MAX_GROUPS);
  const count = new Int32Array([MAX_GROUPS]);
  if (c.getgrouplist(cString(user), c.getgid(), groups, count) < 0) {
    return false;
  }
  return groups.subarray(0, count[0]).includes(id);
}
