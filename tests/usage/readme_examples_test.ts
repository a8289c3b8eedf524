/** The examples of README.md in TypeScript do what it says of them. */

import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { toFileUrl } from "@std/path";
import {
  pluginContract,
  type TestOptions,
} from "../../lib/testing/plugin_contract.ts";
import type { Plugin } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import {
  canMakeNamespaces,
  canMakeTaps,
  compiledVdeplug,
  peerAvailable,
  reasonToSkip,
  spawn,
} from "../lab/mod.ts";
import { eventually } from "../interop/nodes.ts";
import { readmeCommands } from "../readme/commands.ts";
import { writePackageImports } from "./readme_package.ts";
import { sceneTest } from "./readme_scene.ts";

const { typescript } = await readmeCommands();
const noLab = await reasonToSkip(canMakeNamespaces());
const noTap = await reasonToSkip(canMakeTaps(), peerAvailable("ping"));
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const SENDER = new URL("readme_frame_sender.ts", import.meta.url).pathname;

/** The example that imports this module of the package. */
function exampleOf(module: string): string {
  const found = typescript.find((text) => text.includes(`from "${module}"`));
  assert(found !== undefined, `no example imports ${module}`);
  return found;
}

const LIBRARY = exampleOf("@vdeplug/vdeplug");
const PLUGIN = exampleOf("@vdeplug/vdeplug/plugin");

Deno.test("README.md: its examples are for the library, and for a plugin", () => {
  assertEquals(typescript, [LIBRARY, PLUGIN]);
});

const SIZES = [
  { name: "the library", text: LIBRARY, lines: 10 },
  { name: "a plugin", text: PLUGIN, lines: 20 },
];

for (const { name, text, lines } of SIZES) {
  Deno.test(`README.md: the example of ${name} has at most ${lines} lines`, () => {
    const code = text.split("\n").map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("//"));
    assertLessOrEqual(code.length, lines);
  });
}

Deno.test("README.md: the types of its examples are right", async () => {
  const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
  try {
    const files = ["library.ts", "vdeplug_mine.ts"];
    for (const [index, text] of [LIBRARY, PLUGIN].entries()) {
      await Deno.writeTextFile(`${folder}/${files[index]}`, text);
    }
    await writePackageImports(`${folder}/imports.json`);
    const options = ["--no-config", "--import-map", "imports.json"];
    const command = [Deno.execPath(), "check", ...options, ...files];
    await using check = spawn(command, { cwd: folder });
    assertEquals((await check.exited).code, 0, check.report());
    const format = ["fmt", "--no-config", "--check", ...files];
    await using fmt = spawn([Deno.execPath(), ...format], { cwd: folder });
    assertEquals((await fmt.exited).code, 0, fmt.report());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

sceneTest({
  name: "the library joins two networks, and sends each frame of a third back",
  skip: noTap,
  run: async (stage) => {
    const [near, far] = await stage.wiredHosts();
    await near.paste("vdeplug switch --daemon /tmp/sw");
    await far.paste("vdeplug --daemon vxvde://239.1.2.3 probe://10.0.0.2");
    const example = `${near.folder}/library.ts`;
    await Deno.writeTextFile(
      example,
      LIBRARY.replaceAll("/tmp/", `${near.folder}/`),
    );
    const options = ["--quiet", "-A", "--no-check", "--no-config"];
    const program = near.host.spawn(Deno.execPath(), [
      ...["run", ...options, "--import-map", stage.imports, example],
    ]);
    await near.host.configure("mytap", {
      addresses: ["10.0.0.1/24"],
      madeBy: program,
    });
    await near.host.waitForAnswer("10.0.0.2", { madeBy: program });
    const back = await near.host.run(Deno.execPath(), [
      ...["run", "--quiet", "-A", "--no-check", "--config", CONFIG],
      ...[SENDER, `vde://${near.folder}/sw`],
    ]);
    // Whom it says it is from is the example's own affair.
    const [, rest] = /^020000000042[0-9a-f]{12}(.*)\n$/.exec(back) ?? [];
    assertEquals(rest, `88b5${"a5".repeat(46)}`);
    assertEquals(program.status, undefined, program.report());
  },
});

sceneTest({
  name: "the plugin carries frames between two processes",
  skip: noLab,
  run: async (stage) => {
    const host = await stage.host("one");
    await Deno.writeTextFile(`${host.folder}/vdeplug_mine.ts`, PLUGIN);
    // What was compiled with an older Deno reads JavaScript only.
    const isOlder = compiledVdeplug() !== undefined;
    const file = isOlder ? "vdeplug_mine.js" : "vdeplug_mine.ts";
    if (isOlder) await host.paste(`deno transpile -o ${file} vdeplug_mine.ts`);
    const option = `--plugin /tmp/${file}`;
    host.start(`vdeplug ${option} mine:///tmp/a,/tmp/b probe://10.0.0.1`);
    // What is sent before it listens is lost.
    const ping = `vdeplug ping -c 1 ${option} mine:///tmp/b,/tmp/a 10.0.0.1`;
    await eventually("an answer through the plugin", async () => {
      return (await host.attempt(ping)).code === 0 || undefined;
    });
  },
});

/** The example's plugin, loaded as the program loads it. */
async function loadPlugin(): Promise<Plugin> {
  const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
  try {
    const file = `${folder}/vdeplug_mine.ts`;
    await Deno.writeTextFile(file, PLUGIN);
    return (await import(toFileUrl(file).href)).plugin;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const plugin = await loadPlugin();

pluginContract({
  plugin,
  vnl: `mine:///tmp/vdeplug-${Deno.pid}-one,/tmp/vdeplug-${Deno.pid}-other`,
  badVnls: [
    { vnl: "mine://", includes: "needs an address" },
    { vnl: "mine:///tmp/x,/tmp/y[colour=red]", includes: '"colour"' },
    { vnl: "mine:///nonexistent/x,/tmp/y", includes: "/nonexistent/x" },
  ],
  reliable: true,
  openPair: async (near, far) => {
    const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
    const open = (here: string, there: string, options: TestOptions) => {
      const vnl = `mine://${folder}/${here},${folder}/${there}`;
      return plugin.open(parseVnl(vnl, plugin.syntax), options);
    };
    return {
      near: await open("near", "far", near),
      far: await open("far", "near", far),
      [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
    };
  },
});
