/**
 * `vde_plug` as scripts, ssh and User-mode Linux call it, beside Debian's.
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { spawnProgram, waitForExit } from "../../ffi/spawn.ts";
import { ffiTest } from "../ffi/case.ts";
import {
  canMakeTaps,
  compiledVdeplug,
  type LabHost,
  labTest,
  peerAvailable,
  prepareVdeplug,
  reasonToSkip,
  spawn,
  vdeplug,
} from "../lab/mod.ts";
import { encode } from "../lib/plug/stream_reference.ts";
import { type Tool, TOOLS } from "./dpipe_runs.ts";
import { command, eventually } from "./nodes.ts";
import { SocketPeer } from "./socket_peer.ts";
import { canLog, SystemLog } from "./system_log.ts";
import { toolAvailable, ToolFolder } from "./tool_folder.ts";
import { VdeSwitch } from "./vde_switch.ts";

await prepareVdeplug();

const noSwitch = await reasonToSkip(peerAvailable("vde_switch"));
const noTaps = await reasonToSkip(canMakeTaps(), peerAvailable("ping"));
const STATION = "192.0.2.1";
const PROBE = `probe://${STATION}`;

/** Two VDE switches with a station on the first, which is the user's default. */
class Switches implements AsyncDisposable {
  private constructor(
    readonly folder: ToolFolder,
    readonly first: VdeSwitch,
    readonly second: VdeSwitch,
    private readonly parts: AsyncDisposableStack,
  ) {}

  static async make(tool: Tool): Promise<Switches> {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(await ToolFolder.make(tool));
    const [first, second] = [
      parts.use(await VdeSwitch.start(`${folder.path}/vde.ctl`)),
      parts.use(await VdeSwitch.start(`${folder.path}/vde2.ctl`)),
    ];
    await Deno.mkdir(`${folder.path}/.vde2`);
    const file = `${folder.path}/.vde2/default.switch`;
    await Deno.writeTextFile(file, `${first.directory}\n`);
    parts.use(spawn(vdeplug(PROBE, `vde://${first.directory}`)));
    return new Switches(folder, first, second, parts.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts[Symbol.asyncDispose]();
  }
}

/** Pings the station through a network until it answers once. */
async function assertReachable(vnl: string): Promise<void> {
  const args = ["ping", "-c", "1", "-W", "2", "--from", "192.0.2.9"];
  await eventually(`the station on ${vnl}`, async () => {
    await using ping = spawn(vdeplug(...args, vnl, STATION));
    return (await ping.exited).code === 0 ? true : undefined;
  });
}

/** Examples of the manual page that join two switches, FIRST and SECOND. */
const EXAMPLES = [
  "dpipe vde_plug = vde_plug vde://SECOND",
  "vde_plug FIRST SECOND",
  "vde_plug '' SECOND",
  "vde_plug vde://FIRST vde://SECOND",
  "dpipe vde_plug = ssh remote.machine.org vde_plug SECOND",
  "vde_plug = ssh remote.machine.org vde_plug SECOND",
  "vde_plug = ssh vdeuser@remote.machine.org vde_plug SECOND",
  "vde_plug SECOND = ssh remote.machine.org vde_plug",
  "vde_plug SECOND = ssh vdeuser@remote.machine.org vde_plug",
] as const;

for (const tool of TOOLS) {
  const skip = noSwitch ?? await reasonToSkip(toolAvailable(tool));
  for (const example of EXAMPLES) {
    Deno.test({
      name: `${example} joins the two switches (${tool})`,
      ignore: skip !== undefined,
      fn: async () => {
        await using switches = await Switches.make(tool);
        const line = example
          .replaceAll("FIRST", switches.first.directory)
          .replaceAll("SECOND", switches.second.directory);
        const { env } = switches.folder;
        await using cable = spawn(["sh", "-c", `exec ${line}`], { env });
        await assertReachable(switches.second.directory);
        assertEquals(cable.status, undefined, cable.report());
        const { code } = await cable.terminate();
        if (!example.startsWith("dpipe")) {
          assertEquals(code, 0, cable.report());
          // A stream's other end may be seen to go before its input ends.
          const lines = /^(vde_plug: ended as the other side hung up\n)?$/;
          assertMatch(cable.stderr, lines);
        }
      },
    });
  }

  /** Examples with an interface of this host, on the network of another one. */
  for (
    const example of [
      "vde_plug vxvde://239.1.2.3 tap://mytap",
      "vde_plug vxvde://239.1.2.3 = ssh remote vde_plug tap://mytap",
    ]
  ) {
    labTest(
      `${example} puts the interface on the network (${tool})`,
      noTaps ?? skip,
      async (lab) => {
        const [a, b] = [await lab.host("a"), await lab.host("b")];
        await lab.link(a, b);
        await using folder = await ToolFolder.make(tool);
        const [program, ...args] = vdeplug(PROBE, "vxvde://239.1.2.3");
        b.spawn(program, args);
        const { env } = folder;
        const cable = a.spawn("sh", ["-c", `exec ${example}`], { env });
        await a.waitForInterface("mytap", { madeBy: cable });
        await a.configure("mytap", { addresses: ["192.0.2.2/25"], mtu: 1400 });
        await assertPing(a);
        const { code } = await cable.terminate();
        assertEquals(code, 0, cable.report());
      },
    );
  }
}

async function assertPing(host: LabHost): Promise<void> {
  await eventually("the station", async () => {
    const { received } = await host.ping(STATION, { count: 1 });
    return received === 1 ? true : undefined;
  });
}

for (const tool of ["C", "ours"] as const) {
  const skip = noSwitch ?? await reasonToSkip(toolAvailable(tool));
  Deno.test({
    name: `vde_plug --port and --descr reach the switch (${tool})`,
    ignore: skip !== undefined,
    fn: async () => {
      await using switches = await Switches.make(tool);
      const { first, second, folder } = switches;
      const args = ["--port", "5", "--port2", "7", "-D", "my cable"];
      const line = ["vde_plug", ...args, first.directory, second.directory];
      await using _cable = spawn(line, { env: folder.env });
      for (const [where, port] of [[first, 5], [second, 7]] as const) {
        const text = await eventually(`port ${port}`, async () => {
          const text = await where.command("port/allprint");
          return text.includes("my cable") ? text : undefined;
        });
        const ports = text.split(/^(?=Port )/m);
        const ours = ports.find((each) => each.includes("my cable"));
        assertStringIncludes(ours ?? "", `Port 000${port} `);
      }
    },
  });
}

ffiTest(
  "vde_plug is User-mode Linux's network card when called as it calls",
  async () => {
    await using switches = await Switches.make("ours");
    const { folder, first } = switches;
    using peer = new SocketPeer();
    // seqpacket://FD comes first, so that the second ones are the network's.
    const pid = spawnProgram(
      [
        ...["vde_plug", "--descr", "UML vde_transport", "--mod2", "0700"],
        ...["seqpacket://7", `vde://${first.directory}`],
      ],
      [[peer.theirFd, 7]],
      { environment: folder.env, file: `${folder.path}/bin/vde_plug` },
    );
    peer.handOver();
    assert(await peer.finds(STATION));
    const ports = await first.command("port/allprint");
    assertStringIncludes(ports, "UML vde_transport user=");
    peer.close();
    assertEquals((await waitForExit(pid)).code, 0);
    assertEquals(first.strangeNames(), []);
  },
  { skip: noSwitch },
);

/** The program in a folder under a name: a link to the executable, or a main module of that name. */
async function underName(folder: string, name: string): Promise<string[]> {
  const compiled = compiledVdeplug();
  if (compiled !== undefined) {
    await Deno.symlink(compiled, `${folder}/${name}`);
    return [`${folder}/${name}`];
  }
  const script = `${folder}/${name}.ts`;
  const lib = import.meta.resolve("../../lib/cli/main.ts");
  const modules = [import.meta.resolve("../../plugins/mod.ts")];
  await Deno.writeTextFile(
    script,
    `import { main } from "${lib}";\n` +
      `Deno.exit(await main(Deno.args, ${JSON.stringify(modules)}));\n`,
  );
  return [...vdeplug().slice(0, -1), script];
}

for (
  const { name, says } of [
    { name: "vde_plug", says: "vde_plug [OPTIONS] VNL VNL" },
    { name: "dpipe", says: "dpipe [OPTIONS] COMMAND" },
    { name: "vdeplug", says: "vdeplug [OPTIONS] VNL VNL" },
  ]
) {
  Deno.test(`A program named ${name} has the command line of ${name}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
    try {
      const program = await underName(folder, name);
      await using process = spawn([...program, "--help"]);
      assertEquals((await process.exited).code, 0, process.report());
      assertStringIncludes(process.stdout, says);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

// The system's log.

const noLog = await reasonToSkip(canLog());

/** A frame with an IPv4 or IPv6 header from an address. */
function frameFrom(source: readonly number[], vlan?: number): Uint8Array {
  const isV4 = source.length === 4;
  const tag = vlan === undefined ? [] : [0x81, 0, vlan >> 8, vlan & 255];
  const header = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...tag];
  const start = isV4
    ? [8, 0, 0x45, ...Array(11).fill(0)]
    : [0x86, 0xdd, 0x60, ...Array(7).fill(0)];
  return Uint8Array.from([
    ...header,
    ...start,
    ...source,
    ...Array(46).fill(0),
  ]);
}

const ALL_NODES = [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1];
const FRAMES = [
  frameFrom([192, 0, 2, 1]),
  frameFrom([192, 0, 2, 2]),
  frameFrom([192, 0, 2, 1]),
  frameFrom(ALL_NODES),
  frameFrom(ALL_NODES),
];
const TAGGED = [
  frameFrom([192, 0, 2, 1], 5),
  frameFrom(ALL_NODES, 4094),
  frameFrom(ALL_NODES, 4094),
];

const WHO = "user USER IP";
const FROM = "192.0.2.77";
const [SEEN, UNKNOWN] = ["user USER Real-IP", "UNKNOWN_IP_ADDRESS"];

/** What is logged of a call, by Debian's program and by ours. */
const LOGGED: readonly {
  readonly args: readonly string[];
  readonly frames?: readonly Uint8Array[];
  readonly ssh?: string;
  /** A login shell's users whose addresses are logged. */
  readonly ipLogged?: boolean;
  readonly lines: readonly string[];
  readonly because?: string;
}[] = [
  { args: ["null://"], lines: [] },
  {
    args: ["-l", "null://"],
    lines: [`START: ${WHO} ${UNKNOWN}`, `STOP: ${WHO} ${UNKNOWN}`],
  },
  {
    args: ["--log", "null://"],
    ssh: `${FROM} 1234 22`,
    lines: [`START: ${WHO} ${FROM}`, `STOP: ${WHO} ${FROM}`],
  },
  {
    args: ["-l", "no-such://"],
    lines: [`START: ${WHO} ${UNKNOWN}`, `STOP: ${WHO} ${UNKNOWN}`],
  },
  {
    args: ["-L", "null://"],
    frames: FRAMES,
    lines: [
      `START: ${WHO} ${UNKNOWN}`,
      `${SEEN} ${UNKNOWN} has got VDE-IP4 192.0.2.1 on vlan 0`,
      `${SEEN} ${UNKNOWN} has got VDE-IP4 192.0.2.2 on vlan 0`,
      `${SEEN} ${UNKNOWN} has got VDE-IP6 2001:db8::1 on vlan 0`,
      `STOP: ${WHO} ${UNKNOWN}`,
    ],
  },
  {
    args: ["--iplog", "null://"],
    frames: TAGGED,
    lines: [
      `START: ${WHO} ${UNKNOWN}`,
      `${SEEN} ${UNKNOWN} has got VDE-IP4 192.0.2.1 on vlan 5`,
      `${SEEN} ${UNKNOWN} has got VDE-IP6 2001:db8::1 on vlan 4094`,
      `STOP: ${WHO} ${UNKNOWN}`,
    ],
    because: "addresses in tagged frames are not passed over",
  },
  { args: ["-c", "sh"], lines: [`FAILED: ${WHO} ${UNKNOWN}`] },
  {
    args: ["-c", "vde_plug -h"],
    ssh: `${FROM} 1234 22`,
    lines: [`FAILED: ${WHO} ${FROM}`],
  },
  {
    args: ["-c", "vde_plug"],
    frames: FRAMES,
    lines: [`START: ${WHO} ${UNKNOWN}`, `STOP: ${WHO} ${UNKNOWN}`],
  },
  {
    args: ["-c", "vde_plug"],
    frames: FRAMES.slice(0, 1),
    ipLogged: true,
    ssh: `${FROM} 1234 22`,
    lines: [
      `START: ${WHO} ${FROM}`,
      `${SEEN} ${FROM} has got VDE-IP4 192.0.2.1 on vlan 0`,
      `STOP: ${WHO} ${FROM}`,
    ],
  },
];

for (const tool of ["C", "ours"] as const) {
  const skip = noLog ?? await reasonToSkip(toolAvailable(tool));
  for (const { args, frames, ssh, ipLogged, lines, because } of LOGGED) {
    if (tool === "C" && because !== undefined) continue;
    const why = because === undefined ? "" : `: ${because}`;
    const frame = frames === undefined ? "" : ` of ${frames.length} frames`;
    Deno.test({
      name: `vde_plug ${args.join(" ")}${frame} writes ${lines.length} lines ` +
        `to the system's log (${tool})${why}`,
      ignore: skip !== undefined,
      fn: async () => {
        await using log = await SystemLog.open();
        await using folder = await ToolFolder.make(tool);
        await Deno.mkdir(`${folder.path}/.vdeplug`);
        const file = `${folder.path}/.vdeplug/default`;
        await Deno.writeTextFile(file, "null://\n");
        const user = (await userName()) ?? "";
        if (ipLogged) await log.addGroup("vdeplug_iplog", user);
        const from = ssh === undefined
          ? ["-u", "SSH_CLIENT"]
          : [`SSH_CLIENT=${ssh}`];
        const line = [...log.wrapper, "env", ...from, "vde_plug", ...args];
        const options = { env: folder.env, input: true };
        await using process = spawn(line, options);
        // A program that has refused reads nothing.
        for (const each of frames ?? []) await process.write(encode(each));
        const seen = lines.filter((line) => line.startsWith("user")).length;
        if (seen > 0) {
          await eventually(
            "the addresses",
            () => log.lines.length > seen ? true : undefined,
          );
        }
        await process.closeInput().catch(() => {});
        await process.exited;
        const wanted = lines.map((line) =>
          `vde_plug: ${line.replace("USER", user)}`
        );
        assertEquals(log.lines, wanted, process.report());
      },
    });
  }
}

/** Who runs this, as programs in a user namespace see it. */
async function userName(): Promise<string | undefined> {
  const id = Deno.uid() === 0 ? "0" : "65534";
  const text = await Deno.readTextFile("/etc/passwd");
  const line = text.split("\n").find((each) => each.split(":")[2] === id);
  return line?.split(":")[0];
}

Deno.test({
  name: "vde_plug tells the system's log of its end when SIGTERM comes, too",
  ignore: noLog !== undefined,
  fn: async () => {
    await using log = await SystemLog.open();
    const [program, ...args] = command("ours", "vde_plug", "-l");
    const line = [program, ...args, "null://", "null://"];
    await using process = spawn([...log.wrapper, ...line]);
    await eventually("its start", () => log.lines.length > 0 || undefined);
    await process.terminate();
    const [start, stop] = log.lines;
    assertEquals(stop, start.replace("START", "STOP"));
  },
});

Deno.test({
  name: "vdeplug -d -l tells the system's log what ended it",
  ignore: noLog !== undefined,
  fn: async () => {
    await using log = await SystemLog.open();
    const line = vdeplug("-d", "-l", "null://", "=", "sh", "-c", "exit 3");
    await using process = spawn([...log.wrapper, ...line]);
    assertEquals((await process.exited).code, 0, process.report());
    await eventually(
      "its end",
      () => log.lines.some((line) => line.includes("STOP")) || undefined,
    );
    const said = log.lines.map((line) => line.replace(/(: user | as ).*/, ""));
    assertEquals(said, [
      "vdeplug: START",
      "vdeplug: ended",
      "vdeplug: the command ended with exit status 3",
      "vdeplug: STOP",
    ]);
  },
});
