/**
 * Debian's native plugins: nested ones over vde_switch, vdesl on a
 * pseudo-terminal, pcap on a veth, and slirp behind a TAP.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { NATIVE_PLUGINS } from "../../lib/native/native_plugins.ts";
import { MAX_FRAME_BYTES } from "../../lib/net/frame.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { Registry } from "../../lib/plug/registry.ts";
import { ffiTest } from "../ffi/case.ts";
import {
  type Availability,
  canMakeTaps,
  labTest,
  peerAvailable,
  reasonToSkip,
  spawn,
} from "../lab/mod.ts";
import { TestFolder } from "../lib/vde/fake_switch.ts";
import { plugContract, type TestOptions } from "../plugin_contract.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  receiveFrames,
  takeFrames,
  testOptions,
} from "../plugs.ts";
import {
  assertPings,
  assertTransfer,
  pingInTurn,
  plugIn,
  start,
} from "./nodes.ts";
import { VdeSwitch } from "./vde_switch.ts";

/** Whether a native plugin is installed, and loads. */
async function pluginAvailable(scheme: string): Promise<Availability> {
  try {
    const plugin = await NATIVE_PLUGINS.find(scheme);
    if (plugin !== undefined) return { ok: true };
    return { ok: false, reason: `libvdeplug_${scheme}.so is not installed` };
  } catch (error) {
    return { ok: false, reason: (error as Error).message };
  }
}

async function open(
  vnl: string,
  options: TestOptions = testOptions(),
): Promise<Plug> {
  const registry = await Registry.load([], { finder: NATIVE_PLUGINS });
  return await registry.open(vnl, options);
}

/** A VNL around another one. */
type Nesting = (inner: string, folder: string) => string;

const BYTES = 2_000_000;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const DHCP_CLIENT = new URL("dhcp_client.ts", import.meta.url).pathname;

const KEY = "00112233445566778899aabbccddeeff";

interface Nested {
  readonly scheme: string;
  readonly name: string;
  readonly vnl: Nesting;
  /** By how much a frame grows. */
  readonly overheadBytes: number;
  /** What a switch is told, so that its first two ports take such frames. */
  readonly console?: readonly string[];
}

const NESTED: readonly Nested[] = [
  {
    scheme: "vlan",
    name: "vlan:// in ptp://",
    vnl: (inner) => `vlan://5{${inner}}`,
    overheadBytes: 4,
    console: ["vlan/create 5", "vlan/addport 5 1", "vlan/addport 5 2"],
  },
  {
    scheme: "vlan",
    name: "vlan:// in vlan:// in ptp://",
    vnl: (inner) => `vlan://5{vlan://6/qinq{${inner}}}`,
    overheadBytes: 8,
  },
  {
    scheme: "agno",
    name: "agno:// in ptp://",
    vnl: (inner, folder) => `agno://${folder}/key{${inner}}`,
    overheadBytes: 64,
  },
];

for (const { scheme, name, vnl, overheadBytes } of NESTED) {
  plugContract(name, {
    ignore: await reasonToSkip(
      pluginAvailable(scheme),
      pluginAvailable("ptp"),
    ),
    reliable: true,
    maxFrameBytes: MAX_FRAME_BYTES - overheadBytes,
    openPair: async (near, far) => {
      const folder = new TestFolder();
      Deno.writeTextFileSync(`${folder.path}/key`, KEY);
      const whole = vnl(`ptp://${folder.path}/ptp`, folder.path);
      return {
        near: await open(whole, near),
        far: await open(whole, far),
        [Symbol.dispose]: () => folder[Symbol.dispose](),
      };
    },
  });
}

const noTaps = await reasonToSkip(canMakeTaps(), peerAvailable("ping"));

for (const { scheme, vnl, console = [] } of NESTED) {
  for (const tools of [["ours", "ours"], ["ours", "C"]] as const) {
    const skip = noTaps ??
      await reasonToSkip(
        pluginAvailable(scheme),
        peerAvailable("vde_switch"),
        peerAvailable("vde_plug"),
      );
    const title = vnl("vde://SWITCH", "FOLDER");
    labTest(`${title} joins ${tools.join(" and ")}`, skip, async (lab) => {
      using folder = new TestFolder();
      Deno.writeTextFileSync(`${folder.path}/key`, KEY);
      await using sw = await VdeSwitch.start(`${folder.path}/sw`);
      const whole = vnl(`vde://${sw.directory}`, folder.path);
      const nodes = [];
      for (const [index, tool] of tools.entries()) {
        const host = await lab.host(`host${index}`);
        const settings = { tool, vnl: whole, number: index + 1 };
        nodes.push(await plugIn(host, settings));
      }
      for (const line of console) await sw.command(line);
      const [one, other] = nodes;
      await assertPings(one, other);
      await assertTransfer(one, other, { bytes: BYTES });
      await assertTransfer(other, one, { bytes: BYTES });
      const { code } = await one.cable.terminate();
      assertEquals(code, 0, one.cable.report());
      // The nested plug's control descriptor tells.
      sw.process.signal("SIGKILL");
      const { success } = await other.cable.exited;
      assert(success || other.tool === "C", other.cable.report());
    });
  }
}

ffiTest("vlan:// drops frames of other VLANs, and goes on", async () => {
  using folder = new TestFolder();
  const vnl = `vlan://5{ptp://${folder.path}/ptp}`;
  using near = await open(vnl);
  using far = await open(vnl);
  const tagged = makeFrame(64, 2);
  tagged.set([0x81, 0, 0, 9], 12);
  const frames = [makeFrame(60, 1), tagged, makeFrame(60, 3)];
  assertEquals(near.send(burstOf(frames), 0), 3);
  assertFrames(await receiveFrames(far, 2), [frames[0], frames[2]]);
}, {
  skip: await reasonToSkip(pluginAvailable("vlan"), pluginAvailable("ptp")),
});

const LINES = [
  { name: "vdesl://", vnl: (line: string) => `vdesl://${line}` },
  {
    name: "vlan:// in vdesl://",
    vnl: (line: string) => `vlan://5{vdesl://${line}}`,
  },
];

for (const { name, vnl } of LINES) {
  const skip = await reasonToSkip(
    pluginAvailable("vdesl"),
    pluginAvailable("vlan"),
    peerAvailable("socat"),
  );
  ffiTest(`${name} carries frames over a serial line, both ways`, async () => {
    using folder = new TestFolder();
    const ends = ["a", "b"].map((name) => `${folder.path}/${name}`);
    const line = ends.map((end) => `pty,raw,echo=0,link=${end}`);
    await using socat = spawn(["socat", "-d", "-d", ...line]);
    // An end is there before it is raw.
    await socat.waitFor(/starting data transfer loop/);
    assertEquals(folder.names().length, 2);
    using near = await open(vnl(ends[0]));
    using far = await open(vnl(ends[1]));
    for (const [from, to] of [[near, far], [far, near]]) {
      // A terminal holds 4095 bytes that nobody has read.
      const frames = [14, 60, 1400, 1514].map((length) =>
        makeFrame(length, length)
      );
      assertEquals(from.send(burstOf(frames), 0), frames.length);
      assertFrames(await receiveFrames(to, frames.length), frames);
    }
    assertEquals(takeFrames(near), []);
  }, { skip });
}

labTest(
  "pcap:// joins a TAP to an interface, and outlasts its going down",
  noTaps ?? await reasonToSkip(pluginAvailable("pcap")),
  async (lab) => {
    const names = ["gate", "peer", "guest"];
    const [gate, peer, guest] = await Promise.all(
      names.map((name) => lab.host(name)),
    );
    const [{ interfaceName }, wire] = await lab.link(gate, peer);
    const alias = ["192.0.2.2/25", "dev", wire.interfaceName];
    await peer.run("ip", ["address", "add", ...alias]);
    const node = await plugIn(gate, {
      tool: "ours",
      vnl: `pcap://${interfaceName}`,
      number: 1,
      tapHost: guest,
    });
    await guest.waitForAnswer("192.0.2.2", { madeBy: node.cable });
    await pingInTurn(node, "192.0.2.2", 3);
    for (const state of ["down", "up"]) {
      await gate.run("ip", ["link", "set", "dev", interfaceName, state]);
      await guest.ping("192.0.2.2", { count: 1, args: ["-w", "1"] });
    }
    await guest.waitForAnswer("192.0.2.2", { madeBy: node.cable });
    const { code } = await node.cable.terminate();
    assertEquals(code, 0, node.cable.report());
  },
);

const PAGE = "a page of the host's loopback\n";
/** What slirp has unless its VNL says otherwise: libvdeplug_slirp(1). */
const SLIRP_HOST = "10.0.2.2";
const GUEST_MAC = "02:00:00:00:00:01";

/** Serves a page on the loopback interface, and says at which port. */
const SERVER = `Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: (at) => console.log("port", at.port) },
  () => new Response(${JSON.stringify(PAGE)}),
);`;

labTest(
  "slirp:// leases an address, and lets a page of the host's loopback through",
  noTaps ?? await reasonToSkip(pluginAvailable("slirp")),
  async (lab) => {
    const [gate, guest] = [await lab.host("gate"), await lab.host("guest")];
    const server = gate.spawn(Deno.execPath(), ["eval", "--no-lock", SERVER]);
    const [, port] = await server.waitFor(/^port (\d+)$/m);
    const cable = await start(gate, "ours", "slirp://", "tap://t0");
    await gate.waitForInterface("t0", { madeBy: cable });
    const target = ["netns", String(guest.pid)];
    await gate.run("ip", ["link", "set", "dev", "t0", ...target]);
    await guest.configure("t0", { mac: GUEST_MAC });
    const lease = JSON.parse(
      await guest.run(Deno.execPath(), [
        ...["run", "--quiet", "--allow-all", "--no-prompt", "--no-check"],
        ...["--config", CONFIG, DHCP_CLIENT, "t0", GUEST_MAC],
      ]),
    );
    assertMatch(lease.address, /^10\.0\.2\.\d+$/);
    assertEquals(lease.router, SLIRP_HOST);
    const address = `${lease.address}/${lease.prefixBits}`;
    await guest.run("ip", ["address", "add", address, "dev", "t0"]);
    const route = ["default", "via", lease.router];
    await guest.run("ip", ["route", "add", ...route]);
    const url = `http://${SLIRP_HOST}:${port}/`;
    const fetching = `console.log(await (await fetch("${url}")).text())`;
    const page = await guest.run(Deno.execPath(), [
      "eval",
      "--no-lock",
      fetching,
    ]);
    assertStringIncludes(page, PAGE);
    const { code } = await cable.terminate();
    assertEquals(code, 0, cable.report());
    await server.terminate();
  },
);
