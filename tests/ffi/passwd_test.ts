import { assertEquals } from "@std/assert";
import { userName } from "../../ffi/passwd.ts";
import { ffiTest } from "./case.ts";

ffiTest("userName() agrees with the user database", async () => {
  const text = await Deno.readTextFile("/etc/passwd");
  const lines = text.split("\n").filter((line) => /^\w/.test(line));
  const names = new Map<number, string>();
  for (const line of lines) {
    const [name, , id] = line.split(":");
    // Of several names of one user the first is found.
    if (!names.has(Number(id))) names.set(Number(id), name);
  }
  for (const [id, name] of names) assertEquals(userName(id), name);
});

ffiTest("userName() has no name for an id that no user has", () => {
  assertEquals(userName(0xffff_fffe), undefined);
});
