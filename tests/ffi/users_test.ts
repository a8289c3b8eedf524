import { assertEquals, assertThrows } from "@std/assert";
import { groupId, isMember, isRoot } from "../../ffi/users.ts";
import { ffiTest } from "./case.ts";

ffiTest("groupId() of an empty name is this process's group", () => {
  assertEquals(groupId(""), Deno.gid());
});

const NUMBERS = [
  { group: "0", id: 0 },
  { group: "1000", id: 1000 },
  { group: "00010", id: 10 },
  { group: "4294967295", id: 0xffff_ffff },
] as const;

for (const { group, id } of NUMBERS) {
  ffiTest(`groupId() takes the digits ${group} as they are`, () => {
    assertEquals(groupId(group), id);
  });
}

ffiTest("groupId() agrees with the group database", async () => {
  const text = await Deno.readTextFile("/etc/group");
  const lines = text.split("\n").filter((line) => /^\w/.test(line));
  for (const line of lines) {
    const [name, , id] = line.split(":");
    assertEquals(groupId(name), Number(id), name);
  }
});

ffiTest("groupId() refuses a name that the database does not have", () => {
  assertThrows(
    () => groupId("no-such-group"),
    TypeError,
    'Cannot use group "no-such-group": the group database has no such name',
  );
});

ffiTest("groupId() refuses a number that no group can have", () => {
  assertThrows(() => groupId("4294967296"), RangeError, "up to 4294967295");
});

ffiTest("groupId() refuses a name with a zero byte", () => {
  assertThrows(() => groupId("root\0x"), TypeError, "zero byte");
});

ffiTest("isRoot() agrees with the process's user id", () => {
  assertEquals(isRoot(), Deno.uid() === 0);
});

ffiTest("isMember() agrees with the group database", async () => {
  const groups = (await Deno.readTextFile("/etc/group")).split("\n")
    .filter((line) => /^\w/.test(line)).map((line) => line.split(":"));
  const users = (await Deno.readTextFile("/etc/passwd")).split("\n")
    .filter((line) => /^\w/.test(line)).map((line) => line.split(":"));
  const own = String(Deno.gid());
  for (const [user] of users) {
    for (const [group, , id, members] of groups) {
      const wanted = id === own || members.split(",").includes(user);
      assertEquals(isMember(user, group), wanted, `${user} in ${group}`);
    }
  }
});

ffiTest(
  "isMember() of a group that the database does not have is false",
  () => {
    assertEquals(isMember("root", "no-such-group"), false);
  },
);
