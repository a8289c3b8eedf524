import { assertEquals, assertMatch } from "@std/assert";
import {
  canMakeTaps,
  type Lab,
  labTest,
  PATIENCE_MS,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { assertFrames, burstOf, makeFrame, receiveFrames } from "../plugs.ts";
import {
  address,
  assertPings,
  assertTransfer,
  eventually,
  type Node,
  pingInTurn,
  plugIn,
} from "./nodes.ts";
import { joinServer, makePlace, serve, serverTest } from "./switch_server.ts";

const BYTES = 20_000_000;
const BIG_MTU = 9000;
/** Of a ping, with IPv4 and ICMP headers. */
const PING_HEADER_BYTES = 28;

const noC = await reasonToSkip(
  canMakeTaps(),
  peerAvailable("ping"),
  peerAvailable("vde_plug"),
);

/** Two hosts with C clients of a switch. */
async function plugInTwo(lab: Lab, folder: string): Promise<[Node, Node]> {
  const join = async (number: number) =>
    await plugIn(await lab.host(`c${number}`), {
      tool: "C",
      vnl: `vde://${folder}`,
      number,
    });
  return [await join(1), await join(2)];
}

for (const scheme of ["switch", "hub"]) {
  labTest(`${scheme}:// joins C clients with each other`, noC, async (lab) => {
    using place = makePlace();
    const server = await serve(await lab.host("s"), place.path, { scheme });
    const [one, other] = await plugInTwo(lab, place.path);
    await assertPings(one, other);
    await assertTransfer(one, other, { bytes: BYTES });
    for (const { host, tap } of [one, other]) {
      await host.run("ip", ["link", "set", tap, "mtu", String(BIG_MTU)]);
    }
    const size = ["-M", "do", "-s", String(BIG_MTU - PING_HEADER_BYTES)];
    await pingInTurn(one, other.address, 3, size);
    await assertTransfer(other, one, { bytes: BYTES });
    assertEquals((await server.terminate()).code, 0, server.report());
    assertEquals([...Deno.readDirSync(place.path.replace(/\/net$/, ""))], []);
  });
}

for (const scheme of ["switch", "hub", "multi", "bonding"]) {
  labTest(`${scheme}:// joins its host with a C client`, noC, async (lab) => {
    using place = makePlace();
    const host = await lab.host("h");
    const server = await serve(host, place.path, {
      scheme,
      hostVnl: "tap://t0",
    });
    const near = await address(host, server, {
      tool: "ours",
      vnl: scheme,
      number: 1,
    });
    const far = await plugIn(await lab.host("c"), {
      tool: "C",
      vnl: `vde://${place.path}`,
      number: 2,
    });
    await assertPings(near, far);
    await assertTransfer(near, far, { bytes: BYTES });
    await assertTransfer(far, near, { bytes: BYTES });
  });
}

/** From a header alone to a full jumbo frame. */
const LENGTHS = [
  ...[14, 15, 16, 59, 60, 61, 1513, 1514, 1515, 1518],
  ...Array.from({ length: 92 }, (_, index) => 100 + 97 * index),
  9018,
];

const READER = new URL("stream_reader.ts", import.meta.url).pathname;
const LAST_SEED = 0xffff_fff0;

serverTest(
  "switch:// passes frames of all lengths from a C client",
  noC,
  async (lab) => {
    using place = makePlace();
    const host = await lab.host("s");
    await serve(host, place.path);
    using client = await joinServer(place.path);
    const writer = host.spawn("vde_plug", [`vde://${place.path}`], {
      input: true,
    });
    await eventually(
      "the C client",
      () => portCount(place.path) === 2 || undefined,
    );
    for (const [seed, length] of LENGTHS.entries()) {
      const frame = makeFrame(length, seed);
      const message = new Uint8Array(2 + length);
      new DataView(message.buffer).setUint16(0, length);
      message.set(frame, 2);
      await writer.write(message);
      assertFrames(await receiveFrames(client, 1, PATIENCE_MS), [frame]);
    }
  },
);

serverTest(
  "switch:// passes frames of all lengths to a C client",
  noC,
  async (lab) => {
    using place = makePlace();
    const host = await lab.host("s");
    await serve(host, place.path);
    const script = `vde_plug "$1" | "$2" run -A --quiet "$3" "$4" tell`;
    const reader = host.spawn("sh", [
      ...["-c", script, "sh", `vde://${place.path}`, Deno.execPath(), READER],
      String(LAST_SEED),
    ], { input: true });
    await eventually(
      "the C client",
      () => portCount(place.path) === 1 || undefined,
    );
    using client = await joinServer(place.path);
    // One by one: a switch does not wait long for a client that takes nothing.
    for (const [seed, length] of LENGTHS.entries()) {
      assertEquals(client.send(burstOf([makeFrame(length, seed)]), 0), 1);
      await reader.waitFor(new RegExp(`^took ${seed}$`, "m"));
    }
    assertEquals(client.send(burstOf([makeFrame(60, LAST_SEED)]), 0), 1);
    const [json] = await reader.waitFor(/^\{.*\}$/m);
    const wanted = { frames: LENGTHS.length, wrong: 0, disordered: 0 };
    assertEquals(JSON.parse(json), wanted);
  },
);

/** Data sockets in a switch's folder. */
function portCount(folder: string): number {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .filter((name) => name.startsWith("fd")).length;
}

labTest(
  "switch:// goes on when a C client is killed, and when it stops",
  noC,
  async (lab) => {
    using place = makePlace();
    await serve(await lab.host("s"), place.path);
    const [one, other] = await plugInTwo(lab, place.path);
    const third = await plugIn(await lab.host("c3"), {
      tool: "C",
      vnl: `vde://${place.path}`,
      number: 3,
      quiet: true,
    });
    await assertPings(one, other);
    // Broadcasts fill the queue of the one that stands still.
    third.cable.signal("SIGSTOP");
    const storm = one.host.spawn("ping", ["-q", "-b", "-f", "192.0.2.127"]);
    await assertTransfer(one, other, { bytes: BYTES });
    await assertPings(one, other);
    await storm.terminate("SIGINT");
    third.cable.signal("SIGCONT");
    await one.host.waitForAnswer(third.address);
    other.cable.signal("SIGKILL");
    await other.cable.exited;
    await eventually(
      "two ports",
      () => portCount(place.path) === 2 || undefined,
    );
    const again = await plugIn(other.host, {
      tool: "C",
      vnl: `vde://${place.path}`,
      number: 4,
      tap: "t1",
    });
    await assertPings(one, again);
  },
);

labTest("switch:// starts again where it was killed", noC, async (lab) => {
  using place = makePlace();
  const host = await lab.host("s");
  const first = await serve(host, place.path);
  const [early] = await plugInTwo(lab, place.path);
  first.signal("SIGKILL");
  await first.exited;
  await early.cable.exited;
  const left = Array.from(Deno.readDirSync(place.path), ({ name }) => name);
  assertMatch(left.join(), /ctl/);
  await serve(host, place.path);
  const join = async (number: number) =>
    await plugIn(await lab.host(`d${number}`), {
      tool: "C",
      vnl: `vde://${place.path}`,
      number,
    });
  await assertPings(await join(5), await join(6));
});
