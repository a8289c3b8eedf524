import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { spawnProgram } from "../../ffi/spawn.ts";
import { SOCK_SEQPACKET, UnixSocket } from "../../ffi/unix_socket.ts";
import { PacketPlug } from "../../lib/packet/packet_plug.ts";
import { PlugError } from "../../lib/plug/errors.ts";
import type { Access, Plug } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { vdePlugin } from "../../plugins/vde.ts";
import { ffiTest } from "../ffi/case.ts";
import {
  canMakeTaps,
  labTest,
  PATIENCE_MS,
  peerAvailable,
  reasonToSkip,
  spawn,
  vdeplug,
} from "../lab/mod.ts";
import { TestFolder } from "../lib/vde/fake_switch.ts";
import {
  burstOf,
  makeFrame,
  receiveFrames,
  sameFrame,
  takeFrames,
  testOptions,
} from "../plugs.ts";
import {
  assertPings,
  assertTransfer,
  eventually,
  pingInTurn,
  plugIn,
  prepared,
  type Tool,
} from "./nodes.ts";
import { VDE_SWITCH_FRAME_BYTES, VdeSwitch } from "./vde_switch.ts";

const BYTES = 20_000_000;
const MTU = 1500;

const noSwitch = await reasonToSkip(peerAvailable("vde_switch"));
const noC = await reasonToSkip(
  peerAvailable("vde_switch"),
  peerAvailable("vde_plug"),
);
const noTaps = await reasonToSkip(
  canMakeTaps(),
  peerAvailable("ping"),
  peerAvailable("vde_switch"),
  peerAvailable("vde_plug"),
);

async function join(vnl: string, access?: Access): Promise<Plug> {
  const options = { ...testOptions(), access };
  return await vdePlugin.open(parseVnl(vnl, vdePlugin.syntax), options);
}

/** Asserts that a frame comes out at some plugs, and at no others, and nothing else comes out anywhere. */
async function assertReaches(
  from: Plug,
  to: readonly Plug[],
  notTo: readonly Plug[],
  seed: number,
): Promise<void> {
  const frame = makeFrame(60, seed);
  assertEquals(from.send(burstOf([frame]), 0), 1);
  for (const plug of to) {
    const [received, ...more] = await receiveFrames(plug, 1);
    assert(received !== undefined, `frame ${seed} did not come`);
    assert(sameFrame(received, frame) && more.length === 0);
  }
  // vde_switch has handed it to all at once.
  for (const plug of notTo) assertEquals(takeFrames(plug).length, 0);
}

const PAIRS: readonly (readonly [Tool, Tool])[] = [
  ["ours", "C"],
  ["C", "ours"],
  ["ours", "ours"],
];

for (const tools of PAIRS) {
  labTest(
    `vde:// joins ${tools.join(" and ")} by a vde_switch`,
    noTaps,
    async (lab) => {
      using folder = new TestFolder();
      await using sw = await VdeSwitch.start(`${folder.path}/sw`);
      const vnl = `vde://${sw.directory}`;
      const hosts = [await lab.host("a"), await lab.host("b")];
      const nodes = [];
      for (const [index, host] of hosts.entries()) {
        const tool = tools[index];
        nodes.push(await plugIn(host, { tool, vnl, number: index + 1 }));
        const link = ["link", "set", "dev", "t0", "mtu", String(MTU)];
        await host.run("ip", link);
      }
      const [one, other] = nodes;
      await assertPings(one, other);
      const whole = ["-M", "do", "-s", String(MTU - 28)];
      await pingInTurn(one, other.address, 3, whole);
      await assertTransfer(one, other, { bytes: BYTES });
      await assertTransfer(other, one, { bytes: BYTES, ipv6: true });
      assertEquals(sw.strangeNames(), []);
      for (const { cable, tool } of nodes) {
        const { code } = await cable.terminate();
        if (tool === "ours") assertEquals(code, 0, cable.report());
      }
      assertEquals(sw.strangeNames(), []);
    },
  );
}

/** Debian's tool on a switch, as a plug: it passes frames on to a socket of ours. */
function joinC(vnl: string): Plug & { readonly pid: number } {
  const [ours, theirs] = UnixSocket.pair(SOCK_SEQPACKET);
  using _theirs = theirs;
  const argv = ["vde_plug", vnl, "seqpacket://3"];
  const pid = spawnProgram(argv, [[theirs.fd, 3]]);
  const link = { socket: ours, peer: "vde_plug" };
  return Object.assign(new PacketPlug(link, testOptions()), { pid });
}

ffiTest(
  "vde:// carries frames of every length to and from Debian's client, one by one",
  async () => {
    using folder = new TestFolder();
    await using sw = await VdeSwitch.start(`${folder.path}/sw`);
    using ours = await join(`vde://${sw.directory}`);
    using c = joinC(`vde://${sw.directory}`);
    await eventually("port 2", async () => {
      const listing = await sw.command("port/print");
      return /endpoint ID .*vdeplug:.* pid=\d+\n/.test(listing) &&
          listing.split("endpoint").length > 2
        ? true
        : undefined;
    });
    const pass = async (from: Plug, to: Plug, length: number) => {
      const frame = makeFrame(length, length);
      assertEquals(from.send(burstOf([frame]), 0), 1);
      const [received] = await receiveFrames(to, 1);
      const wanted = frame.subarray(0, VDE_SWITCH_FRAME_BYTES);
      assert(
        received !== undefined && sameFrame(received, wanted),
        `${length} bytes: received ${received?.length}`,
      );
    };
    for (const [from, to] of [[ours, c], [c, ours]]) {
      for (let length = 14; length <= VDE_SWITCH_FRAME_BYTES; length++) {
        await pass(from, to, length);
      }
      for (const length of [1519, 2000, 4096, 9000, 9018, 9234]) {
        await pass(from, to, length);
      }
    }
  },
  { skip: noC },
);

ffiTest(
  "vde:// tells vde_switch who it is, and gives its port back",
  async () => {
    using folder = new TestFolder();
    await using sw = await VdeSwitch.start(`${folder.path}/sw`);
    const plug = await join(`vde://${sw.directory}[7]`);
    const listing = await sw.command("port/print");
    assertMatch(listing, /^Port 0007 /m);
    assertMatch(listing, / prog {3}: test user=\S+ pid=\d+/);
    assertStringIncludes(listing, ` pid=${Deno.pid}`);
    plug[Symbol.dispose]();
    await eventually("a port without an endpoint", async () => {
      const listing = await sw.command("port/print");
      return listing.includes("endpoint") ? undefined : true;
    });
    assertEquals(sw.strangeNames(), []);
  },
  { skip: noSwitch },
);

ffiTest(
  "vde:// takes the port of the command line, and that of its VNL before it",
  async () => {
    using folder = new TestFolder();
    await using sw = await VdeSwitch.start(`${folder.path}/sw`);
    using _nine = await join(`vde://${sw.directory}`, { port: 9 });
    using _five = await join(`vde://${sw.directory}[5]`, { port: 9 });
    using _zero = await join(`vde://${sw.directory}[0]`);
    const ports = (await sw.command("port/print")).matchAll(/^Port (\d+)/gm);
    assertEquals(Array.from(ports, ([, port]) => port), [
      "0000",
      "0005",
      "0009",
    ]);
  },
  { skip: noSwitch },
);

ffiTest(
  "vde:// on ports of different VLANs keeps them apart",
  async () => {
    using folder = new TestFolder();
    await using sw = await VdeSwitch.start(`${folder.path}/sw`);
    for (const vlan of [2, 3]) await sw.command(`vlan/create ${vlan}`);
    const plugs: Plug[] = [];
    using stack = new DisposableStack();
    for (const port of [1, 2, 3, 4]) {
      await sw.command(`port/create ${port}`);
      await sw.command(`port/setvlan ${port} ${port <= 2 ? 2 : 3}`);
      plugs.push(stack.use(await join(`vde://${sw.directory}[${port}]`)));
    }
    const [red1, red2, blue1, blue2] = plugs;
    for (let round = 0; round < 5; round++) {
      await assertReaches(red1, [red2], [blue1, blue2], round * 4);
      await assertReaches(blue1, [blue2], [red1, red2], round * 4 + 1);
      await assertReaches(red2, [red1], [blue1, blue2], round * 4 + 2);
      await assertReaches(blue2, [blue1], [red1, red2], round * 4 + 3);
    }
  },
  { skip: noSwitch },
);

ffiTest(
  "vde:// shares a port with another client, as Debian's does",
  async () => {
    using folder = new TestFolder();
    await using sw = await VdeSwitch.start(`${folder.path}/sw`);
    using one = await join(`vde://${sw.directory}[5]`);
    using other = await join(`vde://${sw.directory}[5]`);
    using third = await join(`vde://${sw.directory}[6]`);
    await assertReaches(third, [one, other], [], 1);
    await assertReaches(one, [third], [], 2);
    await assertReaches(other, [third], [], 3);
  },
  { skip: noSwitch },
);

ffiTest(
  "vde:// refuses a port group that vde_switch does not have",
  async () => {
    using folder = new TestFolder();
    await using sw = await VdeSwitch.start(`${folder.path}/sw`);
    // Debian's client gets a port from among all, and so onto any network.
    const error = await assertRejects(
      () => join(`vde://${sw.directory}[red]`),
      PlugError,
    );
    assertStringIncludes(error.message, 'has no port group "red"');
    assertEquals(sw.strangeNames(), []);
    const listing = await sw.command("port/print");
    assertEquals(listing.includes("endpoint"), false, listing);
  },
  { skip: noSwitch },
);

ffiTest(
  "vde:// gives up on a port that vde_switch does not have",
  async () => {
    using folder = new TestFolder();
    await using sw = await VdeSwitch.start(`${folder.path}/sw`);
    const begin = performance.now();
    // vde_switch neither answers nor hangs up; Debian's client waits for ever.
    await using c = spawn(["vde_plug", `vde://${sw.directory}[40]`], {
      input: true,
    });
    const error = await assertRejects(
      () => join(`vde://${sw.directory}[40]`),
      PlugError,
    );
    assert(performance.now() - begin < PATIENCE_MS);
    assertStringIncludes(error.message, "gave no answer within 5 s");
    assertStringIncludes(error.hint, "perhaps it has no port 40");
    assertEquals(c.status, undefined);
    await c.terminate("SIGKILL");
    const pid = String(Deno.pid).padStart(5, "0");
    const ours = sw.strangeNames().filter((name) => name.includes(pid));
    assertEquals(ours, []);
  },
  { skip: noC },
);

const DEATHS = ["SIGTERM", "SIGKILL"] as const;

for (const signal of DEATHS) {
  ffiTest(
    `vdeplug says that a vde_switch ended by ${signal} is gone, and joins the next`,
    async () => {
      using folder = new TestFolder();
      const directory = `${folder.path}/sw`;
      await prepared();
      for (let round = 0; round < 2; round++) {
        await using sw = await VdeSwitch.start(directory);
        const argv = vdeplug("-v", `vde://${directory}`, "null://");
        await using cable = spawn(argv);
        await cable.waitFor(/is connected to/);
        await sw.process.terminate(signal);
        const { code } = await cable.exited;
        assertEquals(code, 0, cable.report());
        assertStringIncludes(
          cable.stderr,
          `ended as switch "${directory}" closed the connection`,
        );
        if (signal === "SIGTERM") continue;
        // What a killed switch leaves is its own.
        assertEquals(sw.strangeNames(), []);
        Deno.removeSync(directory, { recursive: true });
      }
    },
    { skip: noSwitch },
  );

  ffiTest(
    `vdeplug leaves no name and no port when it is ended by ${signal}`,
    async () => {
      using folder = new TestFolder();
      await using sw = await VdeSwitch.start(`${folder.path}/sw`);
      await prepared();
      const argv = vdeplug("-v", `vde://${sw.directory}[3]`, "null://");
      for (let round = 0; round < 2; round++) {
        await using cable = spawn(argv);
        await cable.waitFor(/is connected to/);
        assertMatch(await sw.command("port/print"), /endpoint/);
        const { code } = await cable.terminate(signal);
        assertEquals(code, signal === "SIGTERM" ? 0 : 137, cable.report());
        await eventually("a port without an endpoint", async () => {
          const listing = await sw.command("port/print");
          return listing.includes("endpoint") ? undefined : true;
        });
        assertEquals(sw.strangeNames(), []);
      }
    },
    { skip: noSwitch },
  );
}

/** No user of this machine, and no group. */
const STRANGER = "4242";
const AS_STRANGER = [
  "setpriv",
  ...[`--reuid=${STRANGER}`, `--regid=${STRANGER}`, "--clear-groups"],
];
const noStranger = await reasonToSkip(
  peerAvailable("vde_switch"),
  peerAvailable("setpriv"),
  Deno.uid() === 0
    ? { ok: true }
    : { ok: false, reason: "only root starts programs of other users" },
);

/** A vde_switch of another user's, in a folder that it may write to. */
async function strangeSwitch(
  folder: TestFolder,
  ...args: string[]
): Promise<VdeSwitch> {
  Deno.chmodSync(folder.path, 0o777);
  return await VdeSwitch.start(`${folder.path}/sw`, args, AS_STRANGER);
}

ffiTest(
  "vde:// lets another user's vde_switch in by its group, and nobody else",
  async () => {
    using folder = new TestFolder();
    await using sw = await strangeSwitch(folder);
    using one = await join(`vde://${sw.directory}`);
    using other = await join(`vde://${sw.directory}[mode=0777]`);
    await assertReaches(one, [other], [], 1);
    await assertReaches(other, [one], [], 2);
  },
  { skip: noStranger },
);

ffiTest(
  "vde:// says why another user's vde_switch cannot answer",
  async () => {
    using folder = new TestFolder();
    await using sw = await strangeSwitch(folder);
    const error = await assertRejects(
      () => join(`vde://${sw.directory}[mode=0710]`),
      PlugError,
    );
    assertStringIncludes(error.message, "hung up instead of an answer");
    assertStringIncludes(
      error.hint,
      `the switch runs as user ${STRANGER}, and mode 0710 keeps it from our socket`,
    );
    assertEquals(sw.strangeNames(), []);
  },
  { skip: noStranger },
);

ffiTest(
  "vdeplug without the right to a switch's group opens its socket to nobody",
  async () => {
    using folder = new TestFolder();
    // The switch's folder is closed to us, so the name stands elsewhere.
    await using sw = await strangeSwitch(
      folder,
      ...["--mode", "0666", "--dirmode", "0755"],
    );
    await prepared();
    const powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
    const argv = vdeplug(`vde://${sw.directory}`, "null://");
    await using cable = spawn([...powerless, ...argv]);
    const { code } = await cable.exited;
    assertEquals(code, 1, cable.report());
    assertStringIncludes(cable.stderr, "hung up instead of an answer");
    assertStringIncludes(
      cable.stderr,
      "and mode 0700 keeps it from our socket",
    );
    const everybodys = vdeplug(
      "-v",
      `vde://${sw.directory}[mode=0777]`,
      "null://",
    );
    await using welcome = spawn([...powerless, ...everybodys]);
    await welcome.waitFor(/is connected to/);
    await welcome.terminate();
    const pids = [cable, welcome].map(({ pid }) => `vde.${pid}-`);
    for (const where of ["/var/run", "/var/tmp", "/tmp"]) {
      for (const { name } of Deno.readDirSync(where)) {
        assert(!pids.some((pid) => name.startsWith(pid)), `${where}/${name}`);
      }
    }
  },
  { skip: noStranger },
);
