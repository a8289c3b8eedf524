import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { InstallError, putTree, takeAway } from "../../.ci/prefix.ts";

/** A prefix, and a folder for trees to be put under it, on one file system. */
class Place implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<Place> {
    const path = await Deno.makeTempDir({ prefix: "vdeplug-prefix" });
    await Deno.mkdir(`${path}/prefix`);
    return new Place(path);
  }

  get prefix(): string {
    return `${this.path}/prefix`;
  }

  /** A tree of files by their paths; a text that begins with "->" is a link. */
  async stage(files: Readonly<Record<string, string>>): Promise<string> {
    const stage = await Deno.makeTempDir({ dir: this.path });
    for (const [path, text] of Object.entries(files)) {
      const file = `${stage}/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), {
        recursive: true,
      });
      if (text.startsWith("->")) await Deno.symlink(text.slice(2), file);
      else await Deno.writeTextFile(file, text);
    }
    return stage;
  }

  /** What is under the prefix, the record left out, folders with a slash. */
  async found(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const walk = async (below: string) => {
      for await (const entry of Deno.readDir(`${this.prefix}/${below}`)) {
        const path = below + entry.name;
        const file = `${this.prefix}/${path}`;
        if (entry.isDirectory) {
          found[`${path}/`] = "";
          await walk(`${path}/`);
        } else if (entry.isSymlink) {
          found[path] = `->${Deno.readLinkSync(file)}`;
        } else if (path !== "share/vdeplug/installed") {
          found[path] = await Deno.readTextFile(file);
        }
      }
    };
    await walk("");
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

const RECORD_FOLDERS = { "share/": "", "share/vdeplug/": "" };
const TREE = { "bin/vdeplug": "one", "bin/dpipe": "->vdeplug" };

Deno.test("putTree() puts files and links, and takeAway() takes them away", async () => {
  await using place = await Place.make();
  assertEquals(await putTree(place.prefix, await place.stage(TREE)), 2);
  assertEquals(await place.found(), {
    "bin/": "",
    ...TREE,
    ...RECORD_FOLDERS,
  });
  assertEquals(await takeAway(place.prefix), []);
  assertEquals(await place.found(), {});
});

Deno.test("putTree() replaces what it has put there, and removes what is no more", async () => {
  await using place = await Place.make();
  await putTree(
    place.prefix,
    await place.stage({ ...TREE, "share/man/old.1": "old" }),
  );
  const next = { "bin/vdeplug": "two", "bin/dpipe": "->vdeplug" };
  await putTree(place.prefix, await place.stage(next));
  const found = await place.found();
  assertEquals(found["bin/vdeplug"], "two");
  assertEquals(found["share/man/old.1"], undefined);
  await takeAway(place.prefix);
  assertEquals(await place.found(), {});
});

Deno.test("putTree() changes nothing where there is a file of somebody else's", async () => {
  await using place = await Place.make();
  await Deno.mkdir(`${place.prefix}/bin`);
  await Deno.writeTextFile(`${place.prefix}/bin/dpipe`, "another's");
  const before = await place.found();
  const stage = await place.stage(TREE);
  const error = await assertRejects(
    () => putTree(place.prefix, stage),
    InstallError,
  );
  assertStringIncludes(error.message, "/bin/dpipe");
  assertEquals(await place.found(), before);
});

Deno.test("putTree() and takeAway() leave what somebody has changed since", async () => {
  await using place = await Place.make();
  await putTree(place.prefix, await place.stage(TREE));
  await Deno.remove(`${place.prefix}/bin/dpipe`);
  await Deno.writeTextFile(`${place.prefix}/bin/dpipe`, "another's");
  const stage = await place.stage(TREE);
  await assertRejects(() => putTree(place.prefix, stage), InstallError);
  assertEquals(await takeAway(place.prefix), [`${place.prefix}/bin/dpipe`]);
  assertEquals(await place.found(), {
    "bin/": "",
    "bin/dpipe": "another's",
  });
});

Deno.test("putTree() that was interrupted is made good by the next one, or by takeAway()", async () => {
  for (const next of ["put", "take"]) {
    await using place = await Place.make();
    const tree = { ...TREE, "zsh/_vdeplug": "words" };
    // Half a run: the record is there, and one of the files.
    await putTree(place.prefix, await place.stage(tree));
    await Deno.remove(`${place.prefix}/zsh`, { recursive: true });
    if (next === "put") {
      await putTree(place.prefix, await place.stage(tree));
      assertEquals((await place.found())["zsh/_vdeplug"], "words");
    }
    assertEquals(await takeAway(place.prefix), []);
    assertEquals(await place.found(), {});
  }
});

Deno.test("takeAway() refuses a prefix without a record, and a record that leads elsewhere", async () => {
  await using place = await Place.make();
  await assertRejects(() => takeAway(place.prefix), InstallError, "found no");
  await Deno.mkdir(`${place.prefix}/share/vdeplug`, { recursive: true });
  for (const line of ["folder\t../x", "folder\t/etc", "sha256:0"]) {
    await Deno.writeTextFile(
      `${place.prefix}/share/vdeplug/installed`,
      `${line}\n`,
    );
    await assertRejects(() => takeAway(place.prefix), InstallError, line);
  }
});

Deno.test("putTree() makes folders for everybody, whatever the umask", async () => {
  await using place = await Place.make();
  const before = Deno.umask(0o077);
  try {
    await putTree(place.prefix, await place.stage(TREE));
  } finally {
    Deno.umask(before);
  }
  const modes = ["bin", "share", "share/vdeplug", "share/vdeplug/installed"]
    .map((path) =>
      (Deno.statSync(`${place.prefix}/${path}`).mode ?? 0) & 0o777
    );
  assertEquals(modes, [0o755, 0o755, 0o755, 0o644]);
});
