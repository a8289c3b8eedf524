import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertMatch,
} from "@std/assert";
import { SOCK_DGRAM, UnixSocket } from "../../ffi/unix_socket.ts";
import type { PacketPlug } from "../../lib/packet/packet_plug.ts";
import {
  canMakeNamespaces,
  cpuSeconds,
  PATIENCE_MS,
  peerAvailable,
  reasonToSkip,
  rssBytes,
} from "../lab/mod.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  receiveFrames,
  until,
} from "../plugs.ts";
import { Caller } from "../lib/switch/clients.ts";
import { eventually } from "./nodes.ts";
import {
  joinServer,
  launch,
  makePlace,
  serve,
  serverTest,
  tryJoinServer,
} from "./switch_server.ts";

const namespaces = async () => await canMakeNamespaces();
const needs = [namespaces()];
const noLab = await reasonToSkip(...needs);
const noLimits = await reasonToSkip(...needs, peerAvailable("prlimit"));
const noUsers = Deno.uid() === 0
  ? await reasonToSkip(
    ...needs,
    peerAvailable("setpriv"),
    peerAvailable("vde_plug"),
  )
  : "only root runs programs as somebody else";

const CLIENTS = 500;
const STATIONS = 10_000;
const JOIN_CPU_SECONDS = 10;
const MEMORY_BYTES = 128 * 1024 * 1024;
const TYPE = 0x88b5;

/** A frame between two stations. */
function frame(to: number, from: number): Uint8Array<ArrayBuffer> {
  const bytes = makeFrame(60, from);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x0200);
  view.setUint32(2, to);
  view.setUint16(6, 0x0200);
  view.setUint32(8, from);
  view.setUint16(12, TYPE);
  return bytes;
}

serverTest(
  `switch:// has ${CLIENTS} clients and ${STATIONS} stations`,
  noLab,
  async (lab) => {
    using place = makePlace();
    using joined = new DisposableStack();
    const server = await serve(await lab.host("s"), place.path);
    const before = await cpuSeconds(server.pid);
    const clients: PacketPlug[] = [];
    for (let index = 0; index < CLIENTS; index++) {
      clients.push(joined.use(await joinServer(place.path)));
    }
    assertLess(await cpuSeconds(server.pid) - before, JOIN_CPU_SECONDS);
    const [gateway] = clients;
    await sendAll(gateway, [frame(0xffff_ffff, 1)]);
    const perClient = STATIONS / CLIENTS;
    for (const [index, client] of clients.entries()) {
      const stations = Array.from(
        { length: perClient },
        (_, each) => frame(1, 0x10_0000 + index * perClient + each),
      );
      if (index === 0) continue;
      const sending = sendAll(client, stations);
      const got = await receiveFrames(gateway, perClient, PATIENCE_MS);
      await sending;
      assertFrames(got.slice(-perClient), stations);
    }
    await sendAll(
      gateway,
      Array.from(
        { length: perClient },
        (_, each) => frame(0x10_0000 + STATIONS - 1, 0x20_0000 + each),
      ),
    );
    // Each of them is known: one frame for each comes to its own client alone.
    const last = clients[CLIENTS - 1];
    await eventually("the last station's frames", () => {
      return takeCount(last) >= perClient || undefined;
    });
    const [, ports, stations] = await eventually("the ports", () => {
      server.signal("SIGUSR1");
      const line = /: ([\d,]+) ports, ([\d,]+) stations.*\n/;
      return server.stderr.match(line) ?? undefined;
    });
    assertEquals(ports, String(CLIENTS + 1));
    assertEquals(Number(stations.replaceAll(",", "")), STATIONS + 1);
    assertLess(await rssBytes(server.pid), MEMORY_BYTES);
  },
);

/** Sends frames, however little room there is. */
async function sendAll(
  client: PacketPlug,
  frames: readonly Uint8Array<ArrayBuffer>[],
): Promise<void> {
  const burst = burstOf(frames);
  let sent = 0;
  const isSent = await until(() => {
    sent += client.send(burst, sent);
    return sent === frames.length;
  }, PATIENCE_MS);
  assert(isSent, `${sent} of ${frames.length} frames were taken`);
}

const counts = new Map<PacketPlug, number>();

/** Frames that a client has got so far, broadcasts of others included. */
function takeCount(client: PacketPlug): number {
  const before = counts.get(client) ?? 0;
  const burst = burstOf([]);
  const sum = before + client.receive(burst);
  counts.set(client, sum);
  return sum;
}

/** Enough for the program itself, and some clients. */
const DESCRIPTORS = 60;

serverTest(
  "switch:// survives running out of descriptors, says so, and recovers",
  noLimits,
  async (lab) => {
    using place = makePlace();
    using joined = new DisposableStack();
    const limit = `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`;
    const server = await serve(await lab.host("s"), place.path, {
      prefix: ["prlimit", limit],
    });
    const clients: PacketPlug[] = [];
    for (;;) {
      const client = await tryJoinServer(place.path);
      if (client === undefined) break;
      clients.push(joined.use(client));
      assertLess(clients.length, DESCRIPTORS);
    }
    await server.waitFor(/no descriptors are left: new ports are refused/);
    // Those that are there are served; those that come are told, each of them.
    const [one, other] = clients;
    const frames = [makeFrame(60, 1), makeFrame(1514, 2)];
    await sendAll(one, frames);
    assertFrames(await receiveFrames(other, 2), frames);
    for (let tries = 0; tries < 5; tries++) {
      assertEquals(await tryJoinServer(place.path), undefined);
    }
    const before = await cpuSeconds(server.pid);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assertLess(await cpuSeconds(server.pid) - before, 0.3, "it spins");
    const said = server.stderr.match(/no descriptors are left/g) ?? [];
    assertEquals(said.length, 1, "one word is enough");
    const count = clients.length;
    clients.pop()?.[Symbol.dispose]();
    clients.pop()?.[Symbol.dispose]();
    const again = await eventually("a free port", async () => {
      return await tryJoinServer(place.path);
    });
    joined.use(again);
    await sendAll(again, frames);
    assertFrames((await receiveFrames(one, 2)).slice(-2), frames);
    assert(count >= 3);
    assertEquals((await server.terminate()).code, 0, server.report());
  },
);

const NOBODY = ["--reuid=65534", "--regid=65534"];

const USERS = [
  { keys: "", groups: "--clear-groups", joins: false },
  { keys: "[mode=660/grp=4321]", groups: "--clear-groups", joins: false },
  { keys: "[mode=660/grp=4321]", groups: "--groups=4321", joins: true },
  { keys: "[mode=666]", groups: "--clear-groups", joins: true },
  { keys: "[mode=666/dirmode=700]", groups: "--clear-groups", joins: false },
] as const;

for (const { keys, groups, joins } of USERS) {
  const who = groups === "--clear-groups" ? "a stranger" : "a member of grp";
  const name = `switch://${keys} ${joins ? "lets" : "does not let"} ${who} in`;
  serverTest(name, noUsers, async (lab) => {
    using place = makePlace();
    const host = await lab.host("s");
    const server = await serve(host, place.path, { keys });
    const client = host.spawn("setpriv", [
      ...[...NOBODY, groups],
      ...["vde_plug", "null://", `vde://${place.path}`],
    ]);
    if (joins) {
      await server.waitFor(new RegExp(`port 1: process ${client.pid} joined`));
    } else {
      assert((await client.exited).code !== 0, client.report());
      assert(!server.stderr.includes("joined"), server.report());
    }
  });
}

serverTest(
  "switch:// has one server of several that start at once, also over a leftover",
  noLab,
  async (lab) => {
    using place = makePlace();
    Deno.mkdirSync(place.path);
    for (const name of ["ctl", "fd1"]) {
      using socket = UnixSocket.make(SOCK_DGRAM);
      socket.bind(`${place.path}/${name}`);
    }
    const host = await lab.host("s");
    const servers = await Promise.all(
      Array.from({ length: 4 }, () => launch(host, place.path)),
    );
    const outcomes = await Promise.all(servers.map(async (server) => {
      const [line] = await server.waitFor(/listens in|another switch listens/);
      return line;
    }));
    assertEquals(outcomes.filter((line) => line === "listens in").length, 1);
    using client = await joinServer(place.path);
    assert(client.fd >= 0);
    for (const [index, server] of servers.entries()) {
      if (outcomes[index] === "listens in") continue;
      assertEquals((await server.exited).code, 1, server.report());
    }
  },
);

serverTest(
  "switch:// can be joined from the moment on that its folder is there",
  noLab,
  async (lab) => {
    for (let round = 0; round < 3; round++) {
      using place = makePlace();
      const server = await launch(await lab.host(`s${round}`), place.path);
      const found = await until(() => {
        for (let tries = 0; tries < TRIES; tries++) {
          if (connects(place.path)) return true;
        }
        return false;
      }, PATIENCE_MS);
      assert(found);
      assertEquals((await server.terminate()).code, 0);
    }
  },
);

/** Looks at a folder, one directly after the other. */
const TRIES = 1000;

/** Whether the folder is there; if it is, a client must be able to connect. */
function connects(folder: string): boolean {
  try {
    Deno.lstatSync(folder);
  } catch (error) {
    assertInstanceOf(error, Deno.errors.NotFound);
    return false;
  }
  using caller = new Caller(folder);
  return caller.control.fd >= 0;
}

serverTest(
  "switch:// does not spin when clients leave without a request",
  noLab,
  async (lab) => {
    using place = makePlace();
    const server = await serve(await lab.host("s"), place.path);
    for (let round = 0; round < 50; round++) {
      using _caller = new Caller(place.path);
    }
    await server.waitFor(/left without a request/);
    const before = await cpuSeconds(server.pid);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assertLess(await cpuSeconds(server.pid) - before, 0.3, "it spins");
  },
);

serverTest(
  "switch:// refuses what it cannot make, with a word and a status",
  noLab,
  async (lab) => {
    using place = makePlace();
    Deno.writeTextFileSync(place.path, "precious");
    const server = await launch(await lab.host("s"), place.path);
    assertEquals((await server.exited).code, 1);
    assertMatch(server.stderr, /it is no folder/);
    assertEquals(Deno.readTextFileSync(place.path), "precious");
  },
);
