import { assertEquals } from "@std/assert";
import { SYSTEM_MODULES } from "../../../lib/machine/modules.ts";
import { THIS_MACHINE } from "../../../lib/machine/mod.ts";
import { pluginFolders } from "../../../lib/plug/module_search.ts";
import { Registry } from "../../../lib/plug/registry.ts";
import { ffiTest } from "../../ffi/case.ts";

ffiTest(
  "SYSTEM_MODULES finds files, links to them, and names in folders",
  () => {
    const folder = Deno.makeTempDirSync({ prefix: "vdeplug" });
    try {
      Deno.writeTextFileSync(`${folder}/file`, "");
      Deno.symlinkSync("file", `${folder}/link`);
      Deno.symlinkSync("nothing", `${folder}/dangling`);
      const found = ["file", "link", "dangling", "no", "file/x", ""]
        .map((name) => SYSTEM_MODULES.isFile(`${folder}/${name}`));
      assertEquals(found, [true, true, false, false, false, false]);
      assertEquals([...SYSTEM_MODULES.names(folder)].sort(), [
        "dangling",
        "file",
        "link",
      ]);
      assertEquals(SYSTEM_MODULES.names(`${folder}/file`), []);
      assertEquals(SYSTEM_MODULES.names(`${folder}/no`), []);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
);

ffiTest("SYSTEM_MODULES reads variables as they are now", () => {
  const name = `VDEPLUG_TEST_${Deno.pid}`;
  assertEquals(SYSTEM_MODULES.env(name), undefined);
  Deno.env.set(name, "ä");
  try {
    assertEquals(SYSTEM_MODULES.env(name), "ä");
  } finally {
    Deno.env.delete(name);
  }
  assertEquals(SYSTEM_MODULES.env(name), undefined);
});

ffiTest(
  "a registry looks where this machine says, and elsewhere nowhere",
  async () => {
    const [folder] = pluginFolders({
      ...SYSTEM_MODULES,
      env: (name) => name === "HOME" ? "/home/ann" : undefined,
    });
    assertEquals(folder, "/home/ann/.config/vdeplug/plugins");
    const texts = await Promise.all([{}, THIS_MACHINE].map(async (machine) => {
      const registry = await Registry.load([], machine);
      return await registry.plugin("nosuch").then(String, String);
    }));
    assertEquals(
      texts.map((text) => text.includes("libvdeplug_nosuch.so")),
      [false, true],
    );
  },
);
