import { assert, assertEquals } from "@std/assert";
import { ffiTest } from "../../ffi/case.ts";
import { SYSTEM_SURROUNDINGS } from "../../../lib/completion/system.ts";

ffiTest("SYSTEM_SURROUNDINGS knows the loopback interface", () => {
  assert(SYSTEM_SURROUNDINGS.interfaces().includes("lo"));
  assertEquals(SYSTEM_SURROUNDINGS.interfaceKind("lo"), "other");
  assertEquals(SYSTEM_SURROUNDINGS.interfaceKind("nope0"), "other");
});

Deno.test("SYSTEM_SURROUNDINGS knows the group of root", () => {
  assert(SYSTEM_SURROUNDINGS.groups().includes("root"));
});

Deno.test("SYSTEM_SURROUNDINGS lists folders, and follows links", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${folder}/b`);
    Deno.writeTextFileSync(`${folder}/c`, "");
    Deno.symlinkSync("b", `${folder}/a`);
    Deno.symlinkSync("nowhere", `${folder}/d`);
    const want = [
      { name: "a", isFolder: true },
      { name: "b", isFolder: true },
      { name: "c", isFolder: false },
      { name: "d", isFolder: false },
    ];
    assertEquals(SYSTEM_SURROUNDINGS.entries(folder), want);
    assertEquals(SYSTEM_SURROUNDINGS.entries(`${folder}/`), want);
    assertEquals(SYSTEM_SURROUNDINGS.entries(`${folder}/nope`), []);
    assertEquals(SYSTEM_SURROUNDINGS.entries(`${folder}/c`), []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("SYSTEM_SURROUNDINGS takes a folder with a socket ctl for a switch", () => {
  const folder = Deno.makeTempDirSync();
  try {
    assertEquals(SYSTEM_SURROUNDINGS.isSwitch(folder), false);
    Deno.writeTextFileSync(`${folder}/ctl`, "");
    assertEquals(SYSTEM_SURROUNDINGS.isSwitch(folder), false);
    Deno.removeSync(`${folder}/ctl`);
    using _listener = Deno.listen({ transport: "unix", path: `${folder}/ctl` });
    assertEquals(SYSTEM_SURROUNDINGS.isSwitch(folder), true);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
