/**
 * Completion in the shells themselves: what stands on the line once the
 * tabulator key was pressed.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  canMakeTaps,
  peerAvailable,
  prepareVdeplug,
  reasonToSkip,
  spawn,
  vdeplug,
} from "../lab/mod.ts";
import {
  shellAvailable,
  ShellFolder,
  type ShellName,
  TypedShell,
} from "./shell.ts";

const SHELLS: readonly ShellName[] = [
  "bash",
  "bash-completion",
  "zsh",
  "fish",
];

/** A user's own plugin, which takes a VNL in braces. */
const OWN_PLUGIN = `export const plugin = {
  scheme: "mine", summary: "One of my own.",
  syntax: {
    form: "bracket", address: "PATH", addressCompletes: "file", nested: "optional",
    keys: [{ name: "colour", type: "text", summary: "its colour" }],
  },
  open() { throw new TypeError("Cannot open it"); },
};
`;

const CASES: readonly {
  readonly name: string;
  readonly typed: string;
  readonly want: string;
  /** Shells that take the line for something else before anybody is asked. */
  readonly not?: readonly ShellName[];
}[] = [
  { name: "a command", typed: "vdeplug pi", want: "vdeplug ping " },
  { name: "a scheme", typed: "vdeplug vxv", want: "vdeplug vxvde://" },
  {
    name: "a scheme of a user's own",
    typed: "vdeplug min",
    want: "vdeplug mine://",
  },
  { name: "an option", typed: "vdeplug --pi", want: "vdeplug --pidfile " },
  {
    name: "a key in slash form",
    typed: "vdeplug vxvde://239.1.2.3/tt",
    want: "vdeplug vxvde://239.1.2.3/ttl=",
  },
  {
    name: "a key in single quotes",
    typed: "vdeplug 'tap://x[mt",
    want: "vdeplug 'tap://x[mtu=",
  },
  {
    name: "a key in double quotes",
    typed: 'vdeplug "tap://x[mt',
    want: 'vdeplug "tap://x[mtu=',
  },
  {
    name: "a key behind a backslash",
    typed: "vdeplug tap://x\\[mt",
    want: "vdeplug tap://x\\[mtu=",
  },
  {
    name: "a key behind a bare bracket",
    typed: "vdeplug tap://x[mt",
    want: "vdeplug tap://x[mtu=",
    // A subscript for zsh; fish puts a backslash before it.
    not: ["zsh", "fish"],
  },
  {
    name: "a bracket and a quote that close",
    typed: "vdeplug 'tap://x[offload=0/mtu=1400",
    want: "vdeplug 'tap://x[offload=0/mtu=1400]' ",
  },
  {
    name: "a nested scheme in quotes",
    typed: "vdeplug 'mine://x{vxv",
    want: "vdeplug 'mine://x{vxvde://",
  },
  {
    name: "a nested key without quotes",
    typed: "vdeplug mine://x{vxvde://239.1.2.3/tt",
    want: "vdeplug mine://x{vxvde://239.1.2.3/ttl=",
  },
  {
    name: "the second end",
    typed: "vdeplug vxvde:// vxv",
    want: "vdeplug vxvde:// vxvde://",
  },
  {
    name: "a path that a blank is in",
    typed: "vdeplug mine://d/My",
    want: "vdeplug mine://d/My\\ Dir/",
  },
  {
    name: "a path in quotes that a blank is in",
    typed: "vdeplug 'mine://d/My",
    want: "vdeplug 'mine://d/My Dir/",
  },
  {
    name: "a file",
    typed: "vdeplug --pidfile d/fi",
    want: "vdeplug --pidfile d/file1 ",
  },
  {
    name: "a file behind =",
    typed: "vdeplug --pidfile=d/fi",
    want: "vdeplug --pidfile=d/file1 ",
  },
  {
    name: "a file behind a letter",
    typed: "vdeplug -pd/fi",
    want: "vdeplug -pd/file1 ",
  },
  {
    name: "a file behind ~",
    typed: "vdeplug ~/d/fi",
    want: "vdeplug ~/d/file1 ",
  },
  {
    name: "a folder",
    typed: "vdeplug man --folder d",
    want: "vdeplug man --folder d/",
  },
  {
    name: "a redirection",
    typed: "vdeplug vxvde:// >d/fi",
    want: "vdeplug vxvde:// >d/file1 ",
  },
  {
    name: "a program behind =",
    typed: "vdeplug vxvde:// = xyzzy-to",
    want: "vdeplug vxvde:// = xyzzy-tool ",
  },
  {
    name: "a program's arguments",
    typed: "vdeplug vxvde:// = xyzzy-tool d/fi",
    want: "vdeplug vxvde:// = xyzzy-tool d/file1 ",
  },
  {
    name: "the options of vde_plug",
    typed: "vde_plug --pi",
    want: "vde_plug --pidfile ",
  },
  {
    name: "our own program in dpipe",
    typed: "dpipe xyzzy-tool = vde_plug 'tap://x[mt",
    want: "dpipe xyzzy-tool = vde_plug 'tap://x[mtu=",
  },
  {
    name: "nothing where there is nothing",
    typed: "vdeplug nope://",
    want: "vdeplug nope://",
  },
];

/** Files that the cases name. */
async function makeFolder(): Promise<ShellFolder> {
  const folder = await ShellFolder.make();
  await folder.addProgram("xyzzy-tool", "#!/bin/sh\n");
  await Deno.mkdir(`${folder.path}/d/My Dir`, { recursive: true });
  await Deno.writeTextFile(`${folder.path}/d/file1`, "");
  await Deno.mkdir(`${folder.path}/plugins`);
  const plugin = `${folder.path}/plugins/vdeplug_mine.js`;
  await Deno.writeTextFile(plugin, OWN_PLUGIN);
  return folder;
}

for (const shell of SHELLS) {
  const skip = await reasonToSkip(shellAvailable(shell));
  Deno.test({
    name: `${shell} completes words${skip ? ` (skipped: ${skip})` : ""}`,
    ignore: skip !== undefined,
    async fn(test) {
      await prepareVdeplug();
      await using folder = await makeFolder();
      await using typed = await TypedShell.start(shell, folder);
      for (const { name, typed: text, want, not } of CASES) {
        await test.step({
          name,
          ignore: not?.includes(shell) ?? false,
          fn: async () => assertEquals(await typed.complete(text), want),
        });
      }
    },
  });

  const noTap = skip ??
    await reasonToSkip(canMakeTaps(), peerAvailable("ip"));
  Deno.test({
    name: `${shell} completes the name of a TAP${
      noTap ? ` (skipped: ${noTap})` : ""
    }`,
    ignore: noTap !== undefined,
    async fn() {
      await prepareVdeplug();
      await using folder = await makeFolder();
      const make =
        "ip tuntap add mytap mode tap && ip link add myveth type veth peer name other";
      await using typed = await TypedShell.start(shell, folder, make);
      assertEquals(
        await typed.complete("vdeplug tap://my"),
        "vdeplug tap://mytap ",
      );
    },
  });
}

const noBash = await reasonToSkip(shellAvailable("bash"));
Deno.test({
  name: `bash completes the folder of a switch that runs${
    noBash ? ` (skipped: ${noBash})` : ""
  }`,
  ignore: noBash !== undefined,
  async fn() {
    await prepareVdeplug();
    await using folder = await makeFolder();
    const path = `${folder.path}/net`;
    const line = `vdeplug vde://${folder.path}/ne`;
    await using typed = await TypedShell.start("bash", folder);
    assertEquals(await typed.complete(line), line);
    {
      await using process = spawn(vdeplug("switch", "--verbose", path));
      await process.waitFor(/listens/);
      assertEquals(await typed.complete(line), `vdeplug vde://${path} `);
      await process.terminate();
    }
    // A folder like any other is one to go on in.
    await Deno.mkdir(path);
    assertEquals(await typed.complete(line), `vdeplug vde://${path}/`);
  },
});

const noZsh = await reasonToSkip(shellAvailable("zsh"));
Deno.test({
  name: `zsh loads the script as a function _vdeplug${
    noZsh ? ` (skipped: ${noZsh})` : ""
  }`,
  ignore: noZsh !== undefined,
  async fn() {
    await prepareVdeplug();
    await using folder = await makeFolder();
    await using script = spawn(vdeplug("completion", "zsh"));
    assertEquals((await script.exited).code, 0, script.report());
    await Deno.writeTextFile(`${folder.path}/_vdeplug`, script.stdout);
    const check = `fpath=(${folder.path} $fpath); autoload -Uz compinit
compinit -D -u; print -r -- $_comps[vdeplug] $_comps[vde_plug] $_comps[dpipe]`;
    await using zsh = spawn(["zsh", "-f", "-c", check]);
    await zsh.exited;
    assertEquals(zsh.stdout, "_vdeplug _vdeplug _vdeplug\n", zsh.report());
  },
});

const noFish = await reasonToSkip(shellAvailable("fish"));
Deno.test({
  name: `fish shows what candidates are${
    noFish ? ` (skipped: ${noFish})` : ""
  }`,
  ignore: noFish !== undefined,
  async fn() {
    await prepareVdeplug();
    await using folder = await makeFolder();
    const check = "vdeplug completion fish | source; complete -C 'vdeplug vx'";
    await using fish = spawn(["fish", "--no-config", "-c", check], {
      env: { PATH: `${folder.path}/bin:/usr/bin:/bin` },
    });
    await fish.exited;
    const lines = fish.stdout.trimEnd().split("\n");
    assertEquals(lines.map((line) => line.split("\t")[0]), [
      "vxlan://",
      "vxvde://",
    ], fish.report());
    for (const line of lines) assertStringIncludes(line, "://\t");
  },
});

Deno.test("completion is silent, whatever the line says", async () => {
  await prepareVdeplug();
  await using folder = await ShellFolder.make();
  const bad = `${folder.path}/bad.js`;
  Deno.writeTextFileSync(bad, "export const plugin = nope;");
  for (
    const words of [
      ["--plugin", bad, "--plugin", "/nonexistent.js", "bad://"],
      ["--plugin", "https://192.0.2.1/x.js", "bad://"],
      ["nope://{["],
      ["--nope=", "'"],
    ]
  ) {
    const command = vdeplug("completion", "--words=vdeplug", "--", ...words);
    await using process = spawn(command);
    const { code } = await process.exited;
    assertEquals([code, process.stderr], [0, ""], process.report());
    assert(process.stdout.split("\n").every((line) => !line.includes("://")));
  }
});
