import { assertEquals, assertThrows } from "@std/assert";
import { SYSTEM_PLACES } from "../../../lib/machine/places.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";

/** A folder with a file, a folder, links to them, and a link to nothing. */
async function inFolder(use: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
  try {
    await Deno.writeTextFile(`${folder}/file`, "null://\nmore\n");
    await Deno.mkdir(`${folder}/folder`);
    for (const target of ["file", "folder", "nothing"]) {
      await Deno.symlink(`${folder}/${target}`, `${folder}/to-${target}`);
    }
    use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

ffiTest(
  "SYSTEM_PLACES.kind() follows links, and sees those that lead nowhere",
  async () => {
    await inFolder((folder) => {
      const kinds = [
        "file",
        "folder",
        "to-file",
        "to-folder",
        "to-nothing",
        "no",
      ]
        .map((name) => SYSTEM_PLACES.kind(`${folder}/${name}`));
      assertEquals(kinds, [
        "file",
        "other",
        "file",
        "other",
        "other",
        undefined,
      ]);
      assertEquals(SYSTEM_PLACES.kind(`${folder}/file/below`), undefined);
      assertEquals(SYSTEM_PLACES.kind("x".repeat(5000)), undefined);
    });
  },
);

ffiTest("SYSTEM_PLACES.firstLine() reads the first line only", async () => {
  await inFolder((folder) => {
    const read = (text: string | Uint8Array) => {
      const bytes = typeof text === "string"
        ? new TextEncoder().encode(text)
        : text;
      Deno.writeFileSync(`${folder}/file`, bytes);
      return SYSTEM_PLACES.firstLine(`${folder}/file`);
    };
    assertEquals(read("null://\nmore"), "null://");
    assertEquals(read("null://"), "null://");
    assertEquals(read(""), "");
    assertEquals(read("\nmore"), "");
    assertEquals(read(`${"x".repeat(4095)}\nmore`), "x".repeat(4095));
    assertThrows(() => read("x".repeat(4096)), PlugError, "over 4096 bytes");
    assertThrows(
      () => read(new Uint8Array([0xff, 10])),
      PlugError,
      "Cannot read",
    );
  });
});

ffiTest("SYSTEM_PLACES.firstLine() names a file that it cannot read", () => {
  assertThrows(
    () => SYSTEM_PLACES.firstLine("/no/such/file"),
    PlugError,
    'Cannot read "/no/such/file" as a file that names a network: no such file or directory',
  );
});
