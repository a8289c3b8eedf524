/** The examples of README.md in TypeScript do what it says of them. */

import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertStringIncludes,
} from "@std/assert";
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
import type { StageHost } from "./readme_stage.ts";

const { typescript } = await readmeCommands();
const noLab = await reasonToSkip(canMakeNamespaces());
const noTap = await reasonToSkip(canMakeTaps(), peerAvailable("ping"));
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const SENDER = new URL("readme_frame_sender.ts", import.meta.url).pathname;

/** The example that has this text. */
function exampleOf(part: string): string {
  const found = typescript.find((text) => text.includes(part));
  assert(found !== undefined, `no example has ${part}`);
  return found;
}

const LIBRARY = exampleOf('from "@vdeplug/vdeplug"');
const PLUGIN = exampleOf('scheme: "mine"');
const FILTER = exampleOf('scheme: "no6"');

Deno.test("README.md: its examples are for the library, and for two plugins", () => {
  assertEquals(typescript, [LIBRARY, PLUGIN, FILTER]);
});

const SIZES = [
  { name: "the library", text: LIBRARY, lines: 10 },
  { name: "a plugin", text: PLUGIN, lines: 20 },
  { name: "a filter", text: FILTER, lines: 20 },
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
    const files = ["library.ts", "vdeplug_mine.ts", "vdeplug_no6.ts"];
    for (const [index, text] of [LIBRARY, PLUGIN, FILTER].entries()) {
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

/** Writes a plugin to a file; gives the option that names it. */
async function optionFor(
  { scheme, text }: { readonly scheme: string; readonly text: string },
  host: StageHost,
): Promise<string> {
  const written = `vdeplug_${scheme}.ts`;
  await Deno.writeTextFile(`${host.folder}/${written}`, text);
  // What was compiled with an older Deno reads JavaScript only.
  if (compiledVdeplug() === undefined) return `--plugin /tmp/${written}`;
  await host.paste(`deno transpile -o vdeplug_${scheme}.js ${written}`);
  return `--plugin /tmp/vdeplug_${scheme}.js`;
}

sceneTest({
  name: "the plugin carries frames between two processes",
  skip: noLab,
  run: async (stage) => {
    const host = await stage.host("one");
    const option = await optionFor({ scheme: "mine", text: PLUGIN }, host);
    host.start(`vdeplug ${option} mine:///tmp/a,/tmp/b probe://10.0.0.1`);
    // What is sent before it listens is lost.
    const ping = `vdeplug ping -c 1 ${option} mine:///tmp/b,/tmp/a 10.0.0.1`;
    await eventually("an answer through the plugin", async () => {
      return (await host.attempt(ping)).code === 0 || undefined;
    });
  },
});

sceneTest({
  name: "the filter lets IPv4 through, and no IPv6",
  skip: noLab,
  run: async (stage) => {
    const host = await stage.host("one");
    const option = await optionFor({ scheme: "no6", text: FILTER }, host);
    host.start("vdeplug ptp:///tmp/line probe://10.0.0.1,fd00::1");
    const ping = (vnl: string, address: string) =>
      host.attempt(`vdeplug ping -c 1 -W 2 ${option} '${vnl}' ${address}`);
    const through = "no6://{ptp:///tmp/line}";
    const asked = [
      { vnl: "ptp:///tmp/line", address: "fd00::1" },
      { vnl: through, address: "10.0.0.1" },
    ];
    for (const { vnl, address } of asked) {
      await eventually(`an answer of ${address} through ${vnl}`, async () => {
        return (await ping(vnl, address)).code === 0 || undefined;
      });
    }
    const { code, stdout } = await ping(through, "fd00::1");
    assertEquals(code, 1, stdout);
    assertStringIncludes(stdout, "0 received");
  },
});

/** The example's plugin, loaded as the program loads it. */
async function loadPlugin(text: string): Promise<Plugin> {
  const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
  try {
    const file = `${folder}/vdeplug_example.ts`;
    await Deno.writeTextFile(file, text);
    return (await import(toFileUrl(file).href)).plugin;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const plugin = await loadPlugin(PLUGIN);

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

const filter = await loadPlugin(FILTER);
let lines = 0;

pluginContract({
  plugin: filter,
  vnl: "no6://{null://}",
  badVnls: [
    { vnl: "no6://", includes: "needs a nested VNL" },
    { vnl: "no6://{nul://}", includes: 'perhaps "null" is meant' },
  ],
  reliable: true,
  openPair: async (near, far) => {
    const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
    const line = `${folder}/line${lines++}`;
    const open = async (options: TestOptions) => {
      const vnl = `no6://{ptp://${line}}`;
      return await filter.open(parseVnl(vnl, filter.syntax), options);
    };
    const [one, other] = await Promise.all([open(near), open(far)]);
    return {
      near: one,
      far: other,
      [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
    };
  },
});
