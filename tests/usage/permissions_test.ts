/**
 * What `deno run` has to allow for each scheme and command: enough, and the
 * words where it is not enough.
 *
 * A host pings through each network, from one process to another, both with
 * nothing but these flags. With fewer, a command says in one line what is
 * missing, and in another what gives it, and leaves nothing behind.
 */

import { assert, assertEquals } from "@std/assert";
import {
  type Availability,
  canMakeNamespaces,
  canMakeTaps,
  type LabHost,
  type LabProcess,
  labTest,
  peerAvailable,
  reasonToSkip,
  type RunResult,
} from "../lab/mod.ts";
import { eventually, prepared } from "../interop/nodes.ts";

const TOP = decodeURIComponent(new URL("../../", import.meta.url).pathname)
  .replace(/\/$/, "");

/** All that is needed where no row of the tables says otherwise. */
const FLAGS = ["--allow-ffi", `--allow-read=${TOP}`];

/** The host in the networks, on one wire of pings. */
const ADDRESS = "10.1.0.9";
const PROBE = `probe://${ADDRESS}`;

/** Where Deno keeps what it has fetched, also for those with another home. */
const DENO_DIR = Deno.env.get("DENO_DIR") ??
  `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/deno`;

/** In a folder's name there may be "permission", too. */
const NO_LEAVE = /been given the permission|NotCapable/;

/** The command line that runs `vdeplug` with these flags of `deno run`. */
function vdeplug(flags: readonly string[], ...args: string[]): string[] {
  const config = ["--config", `${TOP}/deno.json`];
  const run = ["run", "--quiet", "--no-prompt", ...config, ...flags];
  return [Deno.execPath(), ...run, `${TOP}/cli.ts`, ...args];
}

/** As words of a command line in a VNL. */
function quoted(...words: string[]): string {
  return words.map((word) => `"${word}"`).join(" ");
}

/** A folder for sockets, files and plugins, where what is left behind shows. */
function makeFolder() {
  const path = Deno.makeTempDirSync({ prefix: "permissions-" });
  return {
    path,
    names: () => [...Deno.readDirSync(path)].map(({ name }) => name).sort(),
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

/** Runs a program, with nothing on its standard input. */
async function attempt(
  host: LabHost,
  [program, ...args]: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<RunResult> {
  return await host.attempt(program, args, { env });
}

function start(
  host: LabHost,
  [program, ...args]: readonly string[],
  env?: Readonly<Record<string, string>>,
): LabProcess {
  return host.spawn(program, args, { env });
}

// ---- Enough ----

interface Ping {
  readonly name: string;
  /** What answers; nothing: the pinged network does. */
  readonly serve?: (folder: string) => string[];
  /** The network that is pinged through. */
  readonly vnl: (folder: string) => string;
  /** Whether the two are on two hosts, with a wire between them. */
  readonly isRemote?: boolean;
  /** Who is pinged, if not {@linkcode ADDRESS}. */
  readonly options?: readonly string[];
  /** Flags beside {@linkcode FLAGS}. */
  readonly flags?: (folder: string) => string[];
  readonly env?: (folder: string) => Record<string, string>;
  readonly needs?: readonly Promise<Availability>[];
}

const SWITCHES = ["switch", "hub", "multi"].map((scheme): Ping => ({
  name: `${scheme}:// and vde://`,
  serve: (folder) => [`${scheme}://${folder}/net`, PROBE],
  vnl: (folder) => `vde://${folder}/net`,
}));

const PINGS: readonly Ping[] = [
  ...SWITCHES,
  { name: "probe://", vnl: () => PROBE },
  {
    name: "bonding:// of one line",
    serve: (folder) => [`bonding://${folder}/net`, PROBE],
    vnl: (folder) => `vde://${folder}/net`,
  },
  {
    name: "vxvde://",
    serve: () => ["vxvde://", PROBE],
    vnl: () => "vxvde://",
    isRemote: true,
  },
  {
    name: "vxlan://",
    serve: () => ["vxlan://239.1.2.3", PROBE],
    vnl: () => "vxlan://239.1.2.3",
    isRemote: true,
  },
  {
    name: "udp://",
    serve: () => ["udp://5001->127.0.0.1:5002", PROBE],
    vnl: () => "udp://5002->127.0.0.1:5001",
  },
  {
    name: "ptp://",
    serve: (folder) => [`ptp://${folder}/pair`, PROBE],
    vnl: (folder) => `ptp://${folder}/pair`,
  },
  {
    name: "cmd://, and the stream on standard input and output",
    vnl: () => `cmd://${quoted(...vdeplug(FLAGS, PROBE))}`,
  },
  {
    name: "VNL = COMMAND",
    serve: (folder) => [
      `switch://${folder}/net`,
      "=",
      ...vdeplug(FLAGS, PROBE),
    ],
    vnl: (folder) => `vde://${folder}/net`,
  },
  {
    name: "dpipe",
    serve: (folder) => [
      "dpipe",
      ...vdeplug(FLAGS, `switch://${folder}/net`),
      "=",
      ...vdeplug(FLAGS, PROBE),
    ],
    vnl: (folder) => `vde://${folder}/net`,
  },
  {
    name: "vde_plug, a mode and a group",
    serve: (folder) => [
      ...["vde_plug", "-m", "660", "-g", String(Deno.gid())],
      ...[`switch://${folder}/net`, PROBE],
    ],
    vnl: (folder) => `vde://${folder}/net`,
  },
  {
    name: "--log, --stats",
    serve: (folder) => ["-l", "--stats", `switch://${folder}/net`, PROBE],
    vnl: (folder) => `vde://${folder}/net`,
  },
  {
    name: "a native plugin, slirp://",
    vnl: () => "slirp://",
    options: ["--from", "10.0.2.15", "10.0.2.2"],
    needs: [nativeAvailable("slirp")],
  },
  {
    name: "the folder of a switch, without a scheme",
    serve: (folder) => [`switch://${folder}/net`, PROBE],
    vnl: (folder) => `${folder}/net`,
  },
  {
    name: "the default network",
    serve: (folder) => [`switch://${folder}/net`, PROBE],
    vnl: () => "",
    env: (folder) => {
      Deno.mkdirSync(`${folder}/.vdeplug`, { recursive: true });
      const text = `vde://${folder}/net\n`;
      Deno.writeTextFileSync(`${folder}/.vdeplug/default`, text);
      return { HOME: folder, DENO_DIR };
    },
  },
  {
    name: "a plugin of one's own, by --plugin",
    serve: (folder) => pluginNode(folder, "here,there", PROBE),
    vnl: (folder) => `mine://${folder}/there,${folder}/here`,
    options: ["--plugin", "vdeplug_mine.ts", ADDRESS],
    flags: (folder) => [`--allow-read=${folder}/vdeplug_mine.ts`],
  },
  {
    name: "a plugin of one's own, by its folder",
    serve: (folder) => pluginNode(folder, "here,there", PROBE),
    vnl: (folder) => `mine://${folder}/there,${folder}/here`,
    flags: (folder) => [`--allow-read=${folder}`],
    env: (folder) => ({ VDEPLUG_PLUGIN_PATH: folder }),
  },
];

/** A plugin of two local sockets, as README shows it, and the command line of one end. */
function pluginNode(folder: string, ends: string, other: string): string[] {
  const file = `${folder}/vdeplug_mine.ts`;
  Deno.writeTextFileSync(
    file,
    `export const plugin = {
  scheme: "mine",
  summary: "Frames as datagrams between two local sockets.",
  syntax: { form: "bracket", address: "HERE,THERE", keys: [] },
  open(vnl, options) {
    const [here, there] = vnl.address.split(",");
    const socket = options.kit.localSocket(here, there);
    return options.kit.framePlug({
      fd: socket.fd,
      writeFd: socket.fd,
      receive: (room) => socket.receive(room),
      send: (frame) => socket.send(frame),
      [Symbol.dispose]: () => socket[Symbol.dispose](),
    }, options);
  },
};
`,
  );
  const paths = ends.split(",").map((end) => `${folder}/${end}`);
  return ["--plugin", file, `mine://${paths.join(",")}`, other];
}

/** Whether the C library has such a plugin here. */
async function nativeAvailable(scheme: string): Promise<Availability> {
  const name = `libvdeplug_${scheme}.so`;
  const folders = ["/lib", "/usr/lib", `/usr/lib/${Deno.build.arch}-linux-gnu`];
  for (const folder of folders) {
    const found = await Deno.stat(`${folder}/vdeplug/${name}`)
      .then(() => true, () => false);
    if (found) return { ok: true };
  }
  return { ok: false, reason: `${name} is not installed` };
}

for (const { name, serve, vnl, ...rest } of PINGS) {
  const { options = [ADDRESS], flags, env, isRemote, needs = [] } = rest;
  const skip = await reasonToSkip(canMakeNamespaces(), ...needs);
  labTest(
    `deno run ${shown(flags)} pings through ${name}`,
    skip,
    async (lab) => {
      await prepared();
      using folder = makeFolder();
      const host = await lab.host("h");
      const other = isRemote ? await lab.host("other") : host;
      if (isRemote) await lab.link(host, other);
      const all = [...FLAGS, ...flags?.(folder.path) ?? []];
      const variables = env?.(folder.path);
      const server = serve === undefined
        ? undefined
        : start(other, vdeplug(all, ...serve(folder.path)), variables);
      const words = options.map((word) =>
        word.endsWith(".ts") ? `${folder.path}/${word}` : word
      );
      const ping = vdeplug(
        all,
        ...["ping", "-c", "1", ...words.slice(0, -1)],
        ...[vnl(folder.path), words[words.length - 1]],
      );
      await eventually(`an answer to ${name}`, async () => {
        const { code, stdout, stderr } = await attempt(host, ping, variables);
        assert(!NO_LEAVE.test(stderr), stderr);
        return code === 0 ? stdout : undefined;
      });
      if (server === undefined) return;
      assertEquals((await server.terminate()).code, 0, server.report());
      const left = folder.names().filter((name) => !/^vdeplug_|^\./.test(name));
      assertEquals(left, [], "left behind");
    },
  );
}

/** The flags, with the folder by a name. */
function shown(flags: Ping["flags"] = () => []): string {
  const own = flags("FOLDER");
  return ["--allow-ffi", "--allow-read=TOP", ...own].join(" ");
}

labTest(
  "deno run with those flags goes to the background, writes its process id, and ends",
  await reasonToSkip(canMakeNamespaces()),
  async (lab) => {
    await prepared();
    using folder = makeFolder();
    const host = await lab.host("h");
    const pidFile = `${folder.path}/pid`;
    const net = `switch://${folder.path}/net`;
    const { code, stderr } = await attempt(
      host,
      vdeplug(FLAGS, "--daemon", "--pidfile", pidFile, net, PROBE),
    );
    assertEquals([code, stderr], [0, ""]);
    const pid = Number(await Deno.readTextFile(pidFile));
    try {
      const ping = ["ping", "-c", "1", `vde://${folder.path}/net`, ADDRESS];
      assertEquals((await attempt(host, vdeplug(FLAGS, ...ping))).code, 0);
    } finally {
      Deno.kill(pid, "SIGTERM");
    }
    await eventually("an empty folder", () => {
      return folder.names().length === 0 || undefined;
    });
  },
);

labTest(
  "deno run with those flags makes a TAP that the host pings through",
  await reasonToSkip(canMakeTaps(), peerAvailable("ping")),
  async (lab) => {
    await prepared();
    const host = await lab.host("h");
    const cable = start(host, vdeplug(FLAGS, "tap://t0", PROBE));
    await host.configure("t0", {
      addresses: ["10.1.0.1/24"],
      madeBy: cable,
    });
    await host.waitForAnswer(ADDRESS, { madeBy: cable });
    assertEquals((await cable.terminate()).code, 0, cable.report());
  },
);

labTest(
  "deno run with those flags opens no debugger at SIGUSR1, and goes on",
  await reasonToSkip(canMakeNamespaces(), peerAvailable("ss")),
  async (lab) => {
    await prepared();
    using folder = makeFolder();
    const host = await lab.host("h");
    const net = `${folder.path}/net`;
    const cable = start(
      host,
      vdeplug(FLAGS, "--verbose", `switch://${net}`, PROBE),
    );
    await cable.waitFor(/listens in/);
    cable.signal("SIGUSR1");
    // Far longer than the debugger takes, and a proof that the cable goes on.
    const ping = ["ping", "-c", "3", "-i", "0.3", `vde://${net}`, ADDRESS];
    assertEquals((await attempt(host, vdeplug(FLAGS, ...ping))).code, 0);
    const { stdout } = await host.attempt("ss", ["-Hltn"]);
    assertEquals(stdout, "");
    assertEquals((await cable.terminate()).code, 0, cable.report());
    assert(!/debugger/i.test(cable.stderr), cable.report());
  },
);

Deno.test("deno run with those flags: the library says in its own words that there is no such scheme", async () => {
  using folder = makeFolder();
  const file = `${folder.path}/library.ts`;
  const program = `import { open } from ${
    JSON.stringify(`file://${TOP}/mod.ts`)
  };
await open("nosuch://").catch(({ message }) => console.log(message));
`;
  Deno.writeTextFileSync(file, program);
  const config = ["--no-prompt", "--no-lock", "--config", `${TOP}/deno.json`];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...config, ...FLAGS, file],
    env: { VDEPLUG_PLUGIN_PATH: folder.path },
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  assert(out.startsWith('Cannot find a plugin for the scheme "nosuch"'), err);
  assert(out.includes(`for the user's own in ${folder.path}`), out);
});

/** What gets as far as to complain of what it finds here. */
const COMPLAINTS = [
  { vnl: "macvtap://lo", found: "must be a macvtap" },
  { vnl: "seqpacket://0", found: "descriptor 0 is no socket" },
  { vnl: "vde:///no/such/switch", found: "found no switch" },
  { vnl: "nosuch://", found: "Cannot find a plugin" },
] as const;

for (const { vnl, found } of COMPLAINTS) {
  labTest(
    `deno run with those flags gets as far as ${found}`,
    await reasonToSkip(canMakeNamespaces()),
    async (lab) => {
      await prepared();
      const host = await lab.host("h");
      const { stderr } = await attempt(host, vdeplug(FLAGS, vnl, "null://"));
      assert(stderr.includes(found), stderr);
      assert(!NO_LEAVE.test(stderr), stderr);
    },
  );
}

// ---- Help needs nothing ----

for (
  const args of [["--help"], ["--help", "vxvde"], ["ping", "--help"], [
    "--version",
  ]]
) {
  Deno.test(`deno run without any permission: ${args.join(" ")}`, async () => {
    const [program, ...rest] = vdeplug([], ...args);
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: rest,
      stdin: "null",
    }).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    assert(stdout.length > 0);
  });
}

// ---- Too little ----

const FFI = "Cannot call the C library: ";
const THREAD = `Cannot load "${TOP}/lib/cable/worker.ts": `;
const DENIED = "Deno has not been given the permission";
const ALL_FLAGS = `run it with --allow-ffi --allow-read=${
  /^[\w./+@-]+$/.test(TOP) ? TOP : `'${TOP}'`
}`;

interface Denial {
  readonly flags: (folder: string) => string[];
  readonly args: (folder: string) => string[];
  readonly says: (folder: string) => string;
  /** Absent: what gives it is told in the same line. */
  readonly hint?: (folder: string) => string;
  readonly env?: (folder: string) => Record<string, string>;
}

/** Each command, without any permission. */
const COMMANDS: readonly ((folder: string) => string[])[] = [
  () => ["null://"],
  () => ["vxvde://", "null://"],
  (folder) => [`switch://${folder}/net`, "null://"],
  (folder) => [`ptp://${folder}/pair`, "null://"],
  () => ["tap://t0", "slirp://"],
  () => ["null://", "=", "cat"],
  (folder) => ["-d", "-p", `${folder}/pid`, "null://", "null://"],
  (folder) => ["-p", `${folder}/pid`, "null://", "null://"],
  () => ["-l", "null://", "null://"],
  () => ["ping", PROBE, ADDRESS],
  (folder) => ["switch", `${folder}/net`],
  () => ["dpipe", "cat", "=", "cat"],
  (folder) => ["dpipe", "-p", `${folder}/pid`, "cat", "=", "cat"],
  () => ["vde_plug", "vde:///tmp/x", "null://"],
  () => ["plugins"],
];

/** Those that start a thread, with FFI alone. */
const CABLES = COMMANDS.filter((args) =>
  !/^(ping|dpipe|plugins|-d)/.test(args("")[0])
);

const DENIALS: readonly Denial[] = [
  ...COMMANDS.map((args): Denial => ({
    flags: () => [],
    args,
    says: () => FFI + DENIED,
    hint: () => ALL_FLAGS,
  })),
  ...CABLES.map((args): Denial => ({
    flags: () => ["--allow-ffi"],
    args,
    says: () => THREAD + DENIED,
    hint: () => ALL_FLAGS,
  })),
  {
    // Pointers are given to the whole of FFI only.
    flags:
      () => ["--allow-ffi=/lib/x86_64-linux-gnu/libc.so.6", "--allow-read"],
    args: () => ["null://", "null://"],
    says: () => FFI + DENIED,
    hint: () => ALL_FLAGS,
  },
  {
    flags: () => FLAGS,
    args: () => ["mine://", "null://"],
    says: (folder) => {
      const file = `${folder}/vdeplug_mine.ts`;
      return `Cannot load "${file}" as a plugin module: ${DENIED} to read ` +
        `"${file}" (run it with --allow-read=${file})`;
    },
    env: (folder) => {
      Deno.writeTextFileSync(`${folder}/vdeplug_mine.ts`, "");
      return { VDEPLUG_PLUGIN_PATH: folder };
    },
  },
];

for (const { flags, args, says, hint, env } of DENIALS) {
  const flagged = flags("FOLDER").join(" ").replaceAll(TOP, "TOP") ||
    "no permission";
  const name = `${flagged}: "${args("FOLDER").join(" ")}" says what is missing`;
  labTest(
    `deno run with ${name}`,
    await reasonToSkip(canMakeNamespaces()),
    async (lab) => {
      await prepared();
      using folder = makeFolder();
      const host = await lab.host("h");
      const { code, stdout, stderr } = await attempt(
        host,
        vdeplug(flags(folder.path), ...args(folder.path)),
        env?.(folder.path),
      );
      const lines = stderr.trimEnd().split("\n")
        .map((line) => line.replace(/^\w+: /, ""));
      const hints = hint === undefined ? [] : [`hint: ${hint(folder.path)}`];
      assertEquals(lines, [says(folder.path), ...hints]);
      assertEquals([code, stdout], [1, ""]);
      const left = folder.names().filter((name) => !/^vdeplug_/.test(name));
      assertEquals(left, [], "left behind");
    },
  );
}
