/**
 * Plugins by others in the program itself: one as `vdeplug plugins new` writes
 * it, and some that break.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertStringIncludes,
} from "@std/assert";
import {
  canMakeTaps,
  compiledVdeplug,
  type LabProcess,
  labTest,
  peerAvailable,
  reasonToSkip,
  spawn,
} from "../lab/mod.ts";
import {
  address,
  assertPings,
  assertTransfer,
  command,
  eventually,
  plugIn,
  prepared,
} from "../interop/nodes.ts";
import { writeDelayPlugin } from "../lib/kit/author_example.ts";

const noTap = await reasonToSkip(canMakeTaps(), peerAvailable("ping"));
const ROOT = new URL("../../", import.meta.url);
const BYTES = 10_000_000;

/** A folder far from this tree. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync();

  write(name: string, text: string): string {
    Deno.writeTextFileSync(`${this.path}/${name}`, text);
    return `${this.path}/${name}`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Begins a plugin; gives its file. */
async function begin(name: string, folder: string): Promise<string> {
  await prepared();
  await using process = spawn(command("ours", "plugins", "new", name, folder));
  assertEquals((await process.exited).code, 0, process.report());
  return `${folder}/vdeplug_${name}.ts`;
}

/** What a program that was compiled with an older Deno says of TypeScript. */
const REMEDY = /write JavaScript once with "deno (transpile -o (\S+) \S+)"/;

/** The same as {@linkcode begin}, in the language that the program reads. */
async function beginReadable(name: string, folder: string): Promise<string> {
  return await readable(name, await begin(name, folder));
}

/** A plugin's file in the language that the program reads. */
async function readable(name: string, file: string): Promise<string> {
  await prepared();
  await using program = spawn(
    command("ours", "plugins", "--plugin", file, name),
  );
  const { code } = await program.exited;
  if (code === 0) return file;
  const [, transpile, written] = REMEDY.exec(program.stderr) ?? [];
  assert(
    compiledVdeplug() !== undefined && transpile !== undefined,
    program.report(),
  );
  await using deno = spawn([Deno.execPath(), ...transpile.split(" ")]);
  assertEquals((await deno.exited).code, 0, deno.report());
  await Deno.remove(file);
  return written;
}

/** Finds the published package, which a plugin by a compiled program imports, in this tree. */
function importMap(folder: Folder): string {
  const { name, version, exports } = JSON.parse(
    Deno.readTextFileSync(new URL("deno.json", ROOT)),
  );
  const imports = Object.entries<string>(exports).map(([path, file]) => [
    `jsr:${name}@^${version}${path.slice(1)}`,
    new URL(file, ROOT).href,
  ]);
  return folder.write(
    "imports.json",
    JSON.stringify({ imports: Object.fromEntries(imports) }),
  );
}

Deno.test("a plugin as it is begun passes the contract, formatted and linted", async () => {
  using folder = new Folder();
  await begin("mine", folder.path);
  const map = importMap(folder);
  for (
    const args of [
      ["test", "-A", "--import-map", map],
      ["fmt", "--check", "--ext=ts", "vdeplug_mine.ts", "vdeplug_mine_test.ts"],
      ["lint"],
    ]
  ) {
    await using process = spawn([
      "env",
      "-C",
      folder.path,
      Deno.execPath(),
      ...args,
    ]);
    assertEquals((await process.exited).code, 0, process.report());
  }
});

labTest(
  "a plugin as it is begun carries frames between two namespaces",
  noTap,
  async (lab) => {
    using folder = new Folder();
    const file = await beginReadable("mine", folder.path);
    const [a, b] = [await lab.host("a"), await lab.host("b")];
    const [near, far] = [`${folder.path}/a`, `${folder.path}/b`];
    const one = await plugIn(a, {
      tool: "ours",
      vnl: `mine://${near},${far}`,
      number: 1,
      options: ["--plugin", file],
    });
    // The other one finds it by its name.
    const vnl = `mine://${far},${near}`;
    const cable = b.spawn("env", [
      `VDEPLUG_PLUGIN_PATH=/nonexistent:${folder.path}`,
      ...command("ours", vnl, "tap://t0"),
    ]);
    await b.waitForInterface("t0", { madeBy: cable });
    const other = await address(b, cable, { tool: "ours", vnl, number: 2 });
    await assertPings(one, other);
    await assertTransfer(one, other, { bytes: BYTES });
    await assertTransfer(other, one, { bytes: BYTES });
  },
);

/** Pings 192.0.2.1 until that answers: what is sent before it listens is lost. Gives what ping said. */
async function untilAnswered(
  host: LabProcess,
  ...args: readonly string[]
): Promise<string> {
  return await eventually(`an answer of "${host.title}"`, async () => {
    await using ping = spawn(
      command("ours", "ping", "-c", "1", "-W", "2", ...args, "192.0.2.1"),
    );
    const { code } = await ping.exited;
    assertEquals(host.status, undefined, ping.report() + host.report());
    return code === 0 ? ping.stdout : undefined;
  });
}

const PROGRAMS = [
  { name: "vdeplug", start: [] },
  { name: "vde_plug", start: ["vde_plug"] },
] as const;

for (const { name, start } of PROGRAMS) {
  Deno.test(`${name} and ping take a plugin with --plugin`, async () => {
    using folder = new Folder();
    const file = await beginReadable("mine", folder.path);
    const [near, far] = [`${folder.path}/a`, `${folder.path}/b`];
    const option = ["--plugin", file];
    const vnl = `mine://${near},${far}`;
    await using process = spawn(
      command("ours", ...start, ...option, vnl, "probe://192.0.2.1"),
    );
    await untilAnswered(process, ...option, `mine://${far},${near}`);
  });
}

/** The example of a plugin before another network; gives its file. */
async function delayPlugin({ path }: Folder): Promise<string> {
  return await readable("delay", writeDelayPlugin(path));
}

Deno.test("a plugin before another network delays its frames, in a cable and in ping", async () => {
  using folder = new Folder();
  const option = ["--plugin", await delayPlugin(folder)];
  const line = `ptp://${folder.path}/line`;
  await using process = spawn(
    command("ours", ...option, `delay://{${line}}/ms=60`, "probe://192.0.2.1"),
  );
  const vnl = `delay://{delay://{${line}}/ms=40}/ms=50`;
  const said = await untilAnswered(process, ...option, vnl);
  const [, shortestMs] = /^round trip min\S* ([\d.]+)/m.exec(said) ?? [];
  assertGreaterOrEqual(Number(shortestMs), 60 + 40 + 50, said);
});

labTest(
  "a plugin before a TAP, and before a line to another program, carries TCP",
  noTap,
  async (lab) => {
    using folder = new Folder();
    const options = ["--plugin", await delayPlugin(folder)];
    const [a, b] = [await lab.host("a"), await lab.host("b")];
    const line = `ptp://${folder.path}/line`;
    const cable = a.spawn(
      "env",
      command("ours", ...options, "delay://{tap://t0}/ms=3", line),
    );
    await a.waitForInterface("t0", { madeBy: cable });
    const one = await address(a, cable, { tool: "ours", vnl: line, number: 1 });
    const other = await plugIn(b, {
      tool: "ours",
      vnl: `delay://{${line}}/ms=3`,
      number: 2,
      options,
    });
    await assertPings(one, other);
    await assertTransfer(one, other, { bytes: BYTES });
    await assertTransfer(other, one, { bytes: BYTES });
  },
);

const NESTED_FAULTS = [
  { name: "cannot open", vnl: "delay://{tap://}/ms=0", says: "ms must be 1" },
  {
    name: "opens another one in vain",
    vnl: "delay://{vde:///nonexistent}",
    says:
      'Cannot open "delay://{vde:///nonexistent}" as it needs "vde:///nonexistent": ',
  },
];

for (const { name, vnl, says } of NESTED_FAULTS) {
  Deno.test(`vdeplug tells why a plugin before another network ${name}`, async () => {
    using folder = new Folder();
    const option = ["--plugin", await delayPlugin(folder)];
    await using process = spawn(command("ours", ...option, "null://", vnl));
    assert((await process.exited).code > 0);
    assertStringIncludes(process.stderr, says);
  });
}

/** A plugin whose plug is always readable, and does this when it is asked for frames. */
function breaking(scheme: string, receive: string, send = "return 1;"): string {
  return `export const plugin = {
  scheme: "${scheme}", summary: "Breaks.", syntax: { form: "slash", keys: [] },
  open(vnl, { kit }) {
    const wake = kit.wakeUp();
    wake.signal();
    return {
      fd: wake.fd, maxFrameBytes: 9234, accepts: 0,
      receive(burst) { ${receive} },
      send(burst, from) { ${send} },
      [Symbol.dispose]: () => wake[Symbol.dispose](),
    };
  },
};
`;
}

const GIVE = "burst.push(new Uint8Array(60)); wake.drain(); return 1;";

const BREAKS = [
  {
    name: "throws in receive",
    files: { bad: breaking("bad", "nope();") },
    says: ["threw ReferenceError: nope is not defined", "vdeplug_bad.js:8:"],
  },
  {
    name: "throws in send",
    files: {
      bad: breaking("bad", "wake.drain(); return 0;", "null.x;"),
      good: breaking("good", GIVE),
    },
    peer: "good://",
    says: ["threw TypeError: Cannot read properties", "vdeplug_bad.js:9:"],
  },
  {
    name: "throws behind the back of open",
    files: {
      bad: `export const plugin = {
  scheme: "bad", summary: "Breaks.", syntax: { form: "slash", keys: [] },
  open() {
    queueMicrotask(() => { throw new Error("out of reach"); });
    return new Promise(() => {});
  },
};`,
    },
    says: ["out of reach", "vdeplug_bad.js:4"],
  },
] as const;

for (const { name, files, says, ...also } of BREAKS) {
  Deno.test(`vdeplug names the file of a plugin that ${name}`, async () => {
    using folder = new Folder();
    await prepared();
    for (const [scheme, text] of Object.entries(files)) {
      folder.write(`vdeplug_${scheme}.js`, text);
    }
    const peer = "peer" in also ? also.peer : "null://";
    await using process = spawn([
      "env",
      `VDEPLUG_PLUGIN_PATH=${folder.path}`,
      ...command("ours", peer, "bad://"),
    ]);
    const { code } = await process.exited;
    for (const part of says) assertStringIncludes(process.stderr, part);
    assert(code === 1 || code === 2, `status ${code}`);
  });
}
