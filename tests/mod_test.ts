import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { toFileUrl } from "@std/path";
import * as library from "../mod.ts";
import { peerAvailable, reasonToSkip } from "./lab/mod.ts";
import { assertFrames, makeFrame } from "./plugs.ts";

const ROOT = new URL("../", import.meta.url);
const MODULE = new URL("mod.ts", ROOT).href;

/** Runs Deno; gives what it said. */
async function deno(
  args: readonly string[],
  cwd: string | URL = ROOT,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A folder of somebody else's, with a deno.json of its own. */
async function makeProject(
  script: string,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "library-" });
  await Deno.writeTextFile(
    `${path}/deno.json`,
    JSON.stringify({ imports: { "@vdeplug/vdeplug": MODULE } }),
  );
  await Deno.writeTextFile(`${path}/main.ts`, script);
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

Deno.test("mod.ts exports what a program needs", () => {
  assertEquals(Object.keys(library).sort(), [
    "Burst",
    "Cable",
    "Connection",
    "Counter",
    "Counters",
    "DROP_REASONS",
    "LinkEnd",
    "MIN_BURST_FRAMES",
    "Offload",
    "PlugError",
    "definePlugin",
    "join",
    "open",
    "openPlug",
    "register",
  ]);
});

Deno.test("mod.ts stands on nothing of the command line, of the tests, or of anybody else", async () => {
  const { stdout } = await deno(["info", "--json", "mod.ts"]);
  const graph: { modules: { specifier: string }[] } = JSON.parse(stdout);
  const code = graph.modules.map(({ specifier }) => specifier)
    .filter((specifier) => !/^npm:|\/lib\/std\.d\.ts$/.test(specifier));
  assert(code.includes(MODULE), "the graph has no mod.ts");
  const allowed = /^(node:|lib\/|ffi\/|plugins\/|mod\.ts$)/;
  const strangers = code
    .map((specifier) => specifier.replace(ROOT.href, ""))
    .filter((path) => !allowed.test(path) || path.startsWith("lib/cli/"));
  assertEquals(strangers, []);
});

Deno.test("mod.ts is imported without any permission, by a project of its own, and does nothing", async () => {
  await using project = await makeProject(`
    import { open } from "@vdeplug/vdeplug";
    const names = ["ffi", "read", "write", "env", "net", "run", "sys"] as const;
    for (const name of names) {
      const { state } = Deno.permissions.querySync({ name });
      if (state === "granted") throw new TypeError(name);
    }
    console.log(typeof open);
  `);
  const { code, stdout, stderr } = await deno(
    ["run", "--quiet", "--no-prompt", "--check", "main.ts"],
    project.path,
  );
  assertEquals([code, stdout, stderr], [0, "function\n", ""]);
});

/** A module whose plugs remember what they were opened with. */
const REMEMBERING = `data:text/javascript,${
  encodeURIComponent(`export const plugin = {
    scheme: "mine", summary: "Mine.", syntax: { form: "slash", keys: [] },
    open: (vnl, options) => ({
      options, maxFrameBytes: 1514, fd: -1, accepts: 0,
      receive: () => 0,
      send: (burst, from) => burst.count - from,
      [Symbol.dispose]() {},
    }),
  };`)
}`;

Deno.test("openPlug() hands all that it is told to the plugin, and the kit", async () => {
  const told = {
    description: "who asks",
    log: { warn: () => {}, debug: () => {} },
    receiveCounters: new library.Counters(),
    sendCounters: new library.Counters(),
    access: { port: 3, group: "users", mode: 0o660 },
  };
  using plug = await library.openPlug("mine://", {
    ...told,
    pluginModules: [REMEMBERING],
  });
  const { kit, open, ...options } = Reflect.get(plug, "options");
  assertEquals(options, told);
  assertEquals(typeof open, "function");
  assertEquals(kit.PlugError, library.PlugError);
});

const BAD_VNLS = [
  { name: "nothing", vnl: undefined, found: "received undefined" },
  { name: "null", vnl: null, found: "received null" },
  { name: "a number", vnl: 42, found: "received number" },
  { name: "an object", vnl: {}, found: "received object" },
] as const;

for (const { name, vnl, found } of BAD_VNLS) {
  Deno.test(`open(), openPlug() and join() refuse ${name} as a VNL`, async () => {
    // What TypeScript would have refused.
    const bad = vnl as unknown as string;
    for (
      const attempt of [
        () => library.open(bad),
        () => library.openPlug(bad),
        () => library.join("null://", bad),
        () => library.join(bad, "null://"),
      ]
    ) await assertRejects(attempt, TypeError, `as a VNL is a string: ${found}`);
  });
}

for (const module of ["./mine.ts", "/mine.ts", "mine"]) {
  Deno.test(`open(), openPlug() and join() refuse "${module}" as a plugin module`, async () => {
    const options = { pluginModules: [module] };
    for (
      const attempt of [
        () => library.open("null://", options),
        () => library.openPlug("null://", options),
        () => library.join("null://", "null://", options),
      ]
    ) {
      await assertRejects(
        attempt,
        TypeError,
        `such as import.meta.resolve("${module}")`,
      );
    }
  });
}

const LEAVING = `
  import { open } from "@vdeplug/vdeplug";

  const [folder, end] = Deno.args;
  await open("ptp://" + folder + "/pair");
  // A switch would keep the program.
  if (end === "exit") await open("switch://" + folder + "/net");
  const network = await open("cmd://sh -c 'echo $$ >" + folder + "/pid; exec sleep 600'");
  while (!await Deno.readTextFile(folder + "/pid").catch(() => "")) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await network.send(new Uint8Array(60));
  if (end === "exit") Deno.exit(0);
`;

for (const end of ["exit", "return"]) {
  Deno.test(`A program that closes nothing leaves no program, and no name (${end})`, async () => {
    await using project = await makeProject(LEAVING);
    const folder = `${project.path}/left`;
    await Deno.mkdir(folder);
    const { code, stderr } = await deno(
      ["run", "--quiet", "--no-prompt", "-A", "main.ts", folder, end],
      project.path,
    );
    assertEquals([code, stderr], [0, ""]);
    const pid = Number(await Deno.readTextFile(`${folder}/pid`));
    assertThrows(() => Deno.kill(pid, "SIGCONT"), Deno.errors.NotFound);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(names, ["pid"]);
  });
}

const ENDLESS = `
  import { open } from "@vdeplug/vdeplug";

  const network = await open("null://");
  const abort = new AbortController();
  const waiting = network.receive({ signal: abort.signal });
  abort.abort();
  await waiting.catch(() => console.log("given up"));
`;

Deno.test("An open connection for which nobody waits keeps no program alive", async () => {
  await using project = await makeProject(ENDLESS);
  const { code, stdout, stderr } = await deno(
    ["run", "--quiet", "--no-prompt", "-A", "main.ts"],
    project.path,
  );
  assertEquals([code, stdout, stderr], [0, "given up\n", ""]);
});

const MIRROR = `
  import { open } from "@vdeplug/vdeplug";

  await using network = await open(Deno.args[0]);
  console.log("ready");
  for await (const frame of network) {
    const sender = frame.slice(6, 12);
    frame.copyWithin(6, 0, 6);
    frame.set(sender, 0);
    await network.send(frame);
  }
`;

/** With sender and receiver swapped. */
function mirrored(frame: Uint8Array): Uint8Array {
  const answer = frame.slice();
  answer.set(frame.subarray(6, 12), 0);
  answer.set(frame.subarray(0, 6), 6);
  return answer;
}

/** Frames as vde_plug reads and writes them: each behind its length, 16 bits, big-endian. */
function toStream(frames: readonly Uint8Array[]): Uint8Array {
  const bytes: number[] = [];
  for (const frame of frames) {
    bytes.push(frame.length >> 8, frame.length & 0xff, ...frame);
  }
  return Uint8Array.from(bytes);
}

/** Reads until so many bytes have come. */
async function readBytes(
  stream: ReadableStream<Uint8Array>,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let read = 0;
  for await (const chunk of stream) {
    bytes.set(chunk.subarray(0, length - read), read);
    read += chunk.length;
    if (read >= length) break;
  }
  return bytes.subarray(0, read);
}

function fromStream(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const length = bytes[at] * 256 + bytes[at + 1];
    frames.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return frames;
}

/** Serves the files of this tree on the loopback interface, as JSR does elsewhere. */
function serveTree(): Deno.HttpServer<Deno.NetAddr> {
  const serve = async ({ url }: Request) => {
    const file = new URL(`.${new URL(url).pathname}`, ROOT);
    const type = file.pathname.endsWith(".json") ? "json" : "typescript";
    try {
      return new Response(await Deno.readFile(file), {
        headers: { "content-type": `application/${type}` },
      });
    } catch {
      return new Response(null, { status: 404 });
    }
  };
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, serve);
}

Deno.test("mod.ts joins and opens networks when it comes from a server, with all its modules", async () => {
  await using server = serveTree();
  const origin = `127.0.0.1:${server.addr.port}`;
  await using project = await makeProject(`
    import { Counter, join, open } from "http://${origin}/mod.ts";
    const cable = await join("null://", "null://");
    cable.stop();
    console.log((await cable.ended).reason);
    await using network = await open("probe://192.0.2.1");
    await network.send(new Uint8Array(60));
    console.log(network.counters.sent.cells[Counter.frames]);
  `);
  const cache = `${project.path}/cache`;
  const allow = ["--allow-ffi", "--allow-read", "--allow-env"];
  const { code, stdout, stderr } = await deno(
    [
      ...["run", "--quiet", "--no-prompt", "--no-lock", ...allow],
      ...[`--allow-import=${origin}`, "main.ts"],
    ],
    project.path,
    { DENO_DIR: cache },
  );
  assertEquals([code, stdout, stderr], [0, "stopped\n1\n", ""]);
});

const LENGTHS = [14, 60, 1514, 9018];
const noVdePlug = await reasonToSkip(peerAvailable("vde_plug"));

Deno.test({
  name: noVdePlug === undefined
    ? "mod.ts swaps frames with Debian's vde_plug"
    : `mod.ts swaps frames with Debian's vde_plug (skipped: ${noVdePlug})`,
  ignore: noVdePlug !== undefined,
  fn: async () => {
    await using project = await makeProject(MIRROR);
    const folder = `${project.path}/net`;
    await using mirror = new Deno.Command(Deno.execPath(), {
      args: [
        // A switch sets its folder's modes through /proc, for which Deno wants all permissions.
        ...["run", "--quiet", "--no-prompt", "--allow-all"],
        ...["main.ts", `switch://${folder}`],
      ],
      cwd: project.path,
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const ready = await readBytes(mirror.stdout, "ready\n".length);
    assertEquals(new TextDecoder().decode(ready), "ready\n");
    const frames = LENGTHS.map((length, seed) => {
      const frame = makeFrame(length, seed);
      frame.set([2, 0xee, 0, 0, 0, 1], 0); // a switch sends no broadcast back
      return frame;
    });
    await using peer = new Deno.Command("vde_plug", {
      args: [`vde://${folder}`],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = peer.stdin.getWriter();
    const sent = toStream(frames);
    await writer.write(sent);
    const got = fromStream(await readBytes(peer.stdout, sent.length));
    assertFrames(got, frames.map(mirrored));
    await writer.close();
  },
});

Deno.test("The package holds what a program needs, and no tests", async () => {
  const { code, stdout, stderr } = await deno([
    ...["publish", "--dry-run", "--allow-dirty"],
  ]);
  const said = stdout + stderr;
  assertEquals(code, 0, said);
  assertMatch(said, /Checking for slow types/);
  const root = toFileUrl(`${ROOT.pathname}`).href;
  const files = [...said.matchAll(/^ +(file:\S+) \(/gm)]
    .map(([, url]) => url.replace(root, ""));
  for (const wanted of ["mod.ts", "README.md", "LICENSE", "deno.json"]) {
    assert(files.includes(wanted), `${wanted} is missing in ${files}`);
  }
  const allowed =
    /^(README\.md|LICENSE|deno\.json|(mod|cli)\.ts|(ffi|lib|plugins)\/.*(?<!_test|\.as)\.ts)$/;
  assertEquals(files.filter((file) => !allowed.test(file)), []);
});
