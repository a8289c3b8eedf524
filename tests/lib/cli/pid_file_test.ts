import "../../ffi/preload.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { PidFile } from "../../../lib/cli/pid_file.ts";
import { PlugError } from "../../../lib/plug/errors.ts";

const OURS = `${Deno.pid}\n`;

function folderTest(name: string, run: (folder: string) => void): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
    try {
      run(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

folderTest("PidFile appears whole once it is written, and goes", (folder) => {
  const path = `${folder}/pid`;
  {
    using file = new PidFile(path);
    assertEquals(names(folder).includes("pid"), false);
    file.write();
    assertEquals([names(folder), Deno.readTextFileSync(path)], [["pid"], OURS]);
  }
  assertEquals(names(folder), []);
});

folderTest("PidFile leaves nothing when it is never written", (folder) => {
  new PidFile(`${folder}/pid`)[Symbol.dispose]();
  assertEquals(names(folder), []);
});

folderTest(
  "PidFile leaves an older file as it is until it is written",
  (folder) => {
    const path = `${folder}/pid`;
    Deno.writeTextFileSync(path, "1\n");
    {
      using _file = new PidFile(path);
    }
    assertEquals(Deno.readTextFileSync(path), "1\n");
    using file = new PidFile(path);
    file.write();
    assertEquals(Deno.readTextFileSync(path), OURS);
  },
);

folderTest("PidFile does not remove another process's", (folder) => {
  const path = `${folder}/pid`;
  {
    using file = new PidFile(path);
    file.write();
    Deno.writeTextFileSync(path, "1\n");
  }
  assertEquals(Deno.readTextFileSync(path), "1\n");
});

folderTest("PidFile is content if somebody else has removed it", (folder) => {
  using file = new PidFile(`${folder}/pid`);
  file.write();
  Deno.removeSync(`${folder}/pid`);
});

folderTest("PidFile writes through a link, and leaves the link", (folder) => {
  Deno.writeTextFileSync(`${folder}/file`, "");
  Deno.symlinkSync("file", `${folder}/pid`);
  {
    using file = new PidFile(`${folder}/pid`);
    file.write();
    assertEquals(Deno.readTextFileSync(`${folder}/file`), OURS);
  }
  assertEquals(names(folder), ["file", "pid"]);
});

folderTest(
  "PidFile leaves alone what has the name of its draft, and where that leads",
  (folder) => {
    const path = `${folder}/pid`;
    Deno.writeTextFileSync(`${folder}/victim`, "precious");
    Deno.symlinkSync("victim", `${path}.${Deno.pid}`);
    {
      using file = new PidFile(path);
      file.write();
      assertEquals(Deno.readTextFileSync(path), OURS);
    }
    assertEquals(Deno.readTextFileSync(`${folder}/victim`), "precious");
    assertEquals(names(folder), [`pid.${Deno.pid}`, "victim"]);
  },
);

const REFUSED = [
  { name: "a folder that does not exist", path: "no/pid" },
  { name: "a folder", path: "" },
  { name: "something below a file", path: "file/pid" },
] as const;

for (const { name, path } of REFUSED) {
  folderTest(`PidFile refuses ${name}`, (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const full = `${folder}/${path}`;
    assertThrows(
      () => new PidFile(full),
      PlugError,
      `Cannot write process id file "${full}": `,
    );
    assertEquals(names(folder), ["file"]);
  });
}
