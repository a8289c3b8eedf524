import { assertEquals, assertThrows } from "@std/assert";
import { setAccess } from "../../ffi/access.ts";
import { SystemError } from "../../ffi/libc.ts";
import { ffiTest } from "./case.ts";

const notRoot = Deno.uid() === 0 ? undefined : "only root gives groups away";

/** A file in a folder of its own, of mode 0600. */
function makeFile() {
  const folder = Deno.makeTempDirSync({ prefix: "access-" });
  const path = `${folder}/file`;
  Deno.writeTextFileSync(path, "");
  Deno.chmodSync(path, 0o600);
  return {
    folder,
    path,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

function modeOf(path: string): string {
  return ((Deno.lstatSync(path).mode ?? 0) & 0o7777).toString(8);
}

for (const mode of [0, 0o600, 0o666, 0o777, 0o2770, 0o1777]) {
  ffiTest(`setAccess() sets mode ${mode.toString(8)} exactly`, () => {
    using file = makeFile();
    setAccess(file.path, { mode });
    assertEquals(modeOf(file.path), mode.toString(8));
  });
}

ffiTest(
  "setAccess() sets a group, and keeps the bits that a change of it clears",
  () => {
    using file = makeFile();
    setAccess(file.path, { mode: 0o2770, gid: 4321 });
    assertEquals(Deno.lstatSync(file.path).gid, 4321);
    assertEquals(modeOf(file.path), "2770");
  },
  { skip: notRoot },
);

ffiTest("setAccess() refuses a link, and leaves what it leads to alone", () => {
  using file = makeFile();
  const link = `${file.folder}/link`;
  Deno.symlinkSync(file.path, link);
  assertThrows(
    () => setAccess(link, { mode: 0o666 }),
    TypeError,
    "set the mode",
  );
  assertEquals(modeOf(file.path), "600");
});

ffiTest("setAccess() tells of a name that is not there", () => {
  using file = makeFile();
  const path = `${file.path}.no`;
  assertThrows(
    () => setAccess(path, { mode: 0o666 }),
    SystemError,
    `Cannot set the mode of "${path}": no such file or directory (ENOENT)`,
  );
});
