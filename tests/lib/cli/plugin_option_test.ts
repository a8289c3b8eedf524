import { assertEquals, assertThrows } from "@std/assert";
import { readPluginModules } from "../../../lib/cli/plugin_option.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { PlugError } from "../../../lib/plug/errors.ts";

/** Runs in a folder that is removed meanwhile. */
function inRemovedFolder(run: () => void): void {
  const before = Deno.cwd();
  const folder = Deno.makeTempDirSync({ prefix: "vdeplug" });
  Deno.chdir(folder);
  Deno.removeSync(folder);
  try {
    run();
  } finally {
    Deno.chdir(before);
  }
}

Deno.test("readPluginModules() makes URLs of paths, and leaves URLs", () => {
  assertEquals(readPluginModules(["x.ts", "/y.ts", "https://x.test/z.ts"]), [
    `file://${Deno.cwd()}/x.ts`,
    "file:///y.ts",
    "https://x.test/z.ts",
  ]);
});

Deno.test("readPluginModules() refuses an empty name", () => {
  assertThrows(() => readPluginModules(["/x.ts", ""]), UsageError, "FILE is");
});

Deno.test("readPluginModules() needs a current folder for relative paths alone", () => {
  inRemovedFolder(() => {
    assertEquals(readPluginModules(["/y.ts"]), ["file:///y.ts"]);
    const error = assertThrows(
      () => readPluginModules(["y.ts"]),
      PlugError,
      "Cannot find the current folder: No such file or directory",
    );
    assertEquals(
      error.hint,
      "go to a folder that exists, or name files from / on",
    );
  });
});
