import { assert, assertEquals, assertMatch } from "@std/assert";
import { POLLIN, PollSet } from "../../../ffi/poll.ts";
import { SOCK_STREAM, UnixSocket } from "../../../ffi/unix_socket.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { MAX_VISITORS } from "../../../lib/switch/visitors.ts";
import { packRequest, REPLY_BYTES } from "../../../lib/vde/request.ts";
import { hubPlugin, switchPlugin } from "../../../plugins/switch.ts";
import { ffiTest } from "../../ffi/case.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  testOptions,
  until,
} from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { Caller, describePlug, join, Party, take, tryJoin } from "./clients.ts";

/** Whether a plug's descriptor says that there is work. */
function isReadable(plug: Plug): boolean {
  const polls = new PollSet(1);
  polls.set(0, plug.fd, POLLIN);
  return polls.wait(0) > 0;
}

/** Lets a switch work until it has nothing to do; it must come to rest. */
function rest(plug: Plug): void {
  for (let turns = 0; turns < 100; turns++) {
    if (!isReadable(plug)) return;
    take(plug);
  }
  throw new RangeError("the switch never rests");
}

/** Asserts that a switch hangs up on a caller. */
async function assertRefused(plug: Plug, caller: Caller): Promise<void> {
  const refused = await until(() => {
    take(plug);
    return caller.isRefused;
  });
  assert(refused, "the switch does not hang up");
}

function portsOf(plug: Plug): number[] {
  return describePlug(plug).ports.map(({ port }) => port);
}

const PATH_OFFSET = 14;

/** A good request with some bytes changed. */
function request(path: string, change: (view: DataView) => void) {
  const bytes = packRequest({ path, description: "client" });
  change(new DataView(bytes.buffer));
  return bytes;
}

const JUNK: readonly {
  readonly name: string;
  readonly reason: RegExp;
  make(path: string): Uint8Array<ArrayBuffer>;
}[] = [
  {
    name: "random bytes",
    reason: /found magic/,
    make: () => seededRandom(1).bytes(400),
  },
  {
    name: "another magic",
    reason: /found magic 0x12345678/,
    make: (path) =>
      request(path, (view) => view.setUint32(0, 0x12345678, true)),
  },
  {
    name: "version 2",
    reason: /found version 2/,
    make: (path) => request(path, (view) => view.setUint32(4, 2, true)),
  },
  {
    name: "an unknown type",
    reason: /found type/,
    make: (path) => request(path, (view) => view.setUint32(8, 7, true)),
  },
  {
    name: "an address of another family",
    reason: /no path/,
    make: (path) => request(path, (view) => view.setUint16(12, 2, true)),
  },
  {
    name: "no path",
    reason: /no path/,
    make: (path) => request(path, (view) => view.setUint8(PATH_OFFSET, 0)),
  },
  {
    name: "a path that does not exist",
    reason: /connect to ".*": no such file/,
    make: (path) => packRequest({ path: `${path}.no`, description: "" }),
  },
  {
    name: "the path of a stream socket",
    reason: /wrong type/,
    make: (path) =>
      packRequest({
        path: path.replace(/\/[^/]*$/, "/ctl"),
        description: "",
      }),
  },
  {
    name: "port 0, which is the host's",
    reason: /port 0 is not free/,
    make: (path) => packRequest({ path, description: "", port: 0 }),
  },
  {
    name: "a port that does not exist",
    reason: /port 4096 is not free/,
    make: (path) => packRequest({ path, description: "", port: 4096 }),
  },
];

for (const { name, reason, make } of JUNK) {
  ffiTest(`Reception refuses a request with ${name}, and goes on`, async () => {
    const options = testOptions();
    using party = await Party.open(switchPlugin, 0, { options });
    using caller = new Caller(party.folder);
    caller.control.send(make(caller.path));
    await assertRefused(party.plug, caller);
    rest(party.plug);
    assertMatch(options.lines.join("\n"), reason);
    assertEquals(portsOf(party.plug), [0]);
    using _client = await join(party.plug, party.folder);
    const names = Array.from(
      Deno.readDirSync(party.folder),
      (each) => each.name,
    );
    assertEquals(names.filter((each) => each.startsWith("fd")), ["fd1"]);
  });
}

ffiTest(
  "Reception comes to rest when a client leaves without a request",
  async () => {
    using party = await Party.open(switchPlugin, 0);
    for (const sent of [0, 1, 121]) {
      const caller = new Caller(party.folder);
      take(party.plug);
      if (sent > 0) caller.control.send(new Uint8Array(sent));
      take(party.plug);
      caller[Symbol.dispose]();
      rest(party.plug);
    }
    assertEquals(portsOf(party.plug), [0]);
  },
);

ffiTest("Reception takes a request that comes in pieces", async () => {
  using party = await Party.open(switchPlugin, 0);
  using caller = new Caller(party.folder);
  const bytes = packRequest({ path: caller.path, description: "" });
  for (const byte of bytes) {
    assertEquals(portsOf(party.plug), [0]);
    caller.control.send(Uint8Array.of(byte));
    rest(party.plug);
  }
  assertEquals(portsOf(party.plug), [0, 1]);
  const reply = new Uint8Array(2 * REPLY_BYTES);
  assertEquals(caller.control.receive(reply), REPLY_BYTES);
});

ffiTest("Reception sends a visitor away who does not ask in time", async () => {
  const options = testOptions();
  using party = await Party.open(switchPlugin, 1, { options });
  const start = performance.now();
  using silent = new Caller(party.folder);
  using half = new Caller(party.folder);
  half.control.send(new Uint8Array(100));
  rest(party.plug);
  // Nothing else happens: the descriptor itself has to tell.
  const refused = await until(() => {
    if (isReadable(party.plug)) take(party.plug);
    return silent.isRefused && half.isRefused;
  }, 30_000);
  assert(refused);
  assert(performance.now() - start > 4000, "it has some seconds");
  assertMatch(options.lines.join("\n"), /did not ask for a port in time/);
  assertEquals(portsOf(party.plug), [0, 1]);
  rest(party.plug);
});

ffiTest(
  "Reception lets a client in, however many visitors say nothing",
  async () => {
    using party = await Party.open(switchPlugin, 0);
    using silent = new DisposableStack();
    const callers = Array.from(
      { length: MAX_VISITORS + 10 },
      () => silent.use(new Caller(party.folder)),
    );
    rest(party.plug);
    using _client = await join(party.plug, party.folder);
    assertEquals(portsOf(party.plug), [0, 1]);
    const refused = callers.filter((caller) => caller.isRefused).length;
    assertEquals(refused, 11);
  },
);

ffiTest(
  "Reception gives the port that is asked for, if it is free",
  async () => {
    using party = await Party.open(hubPlugin, 2);
    const { plug, folder } = party;
    using _four = await join(plug, folder, { port: 4 });
    using _last = await join(plug, folder, { port: 4095 });
    using _three = await join(plug, folder);
    using _five = await join(plug, folder);
    assertEquals(portsOf(plug), [0, 1, 2, 3, 4, 5, 4095]);
    assertEquals(await tryJoin(plug, folder, { port: 4 }), undefined);
    party.clients[0][Symbol.dispose]();
    rest(plug);
    assertEquals(portsOf(plug), [0, 2, 3, 4, 5, 4095]);
    using _one = await join(plug, folder);
    assertEquals(portsOf(plug), [0, 1, 2, 3, 4, 5, 4095]);
  },
);

ffiTest(
  "Reception takes a description that is too long, and cuts it",
  async () => {
    using party = await Party.open(switchPlugin, 0);
    const { plug, folder } = party;
    const description = "x".repeat(2000);
    using _client = await join(plug, folder, { description });
    const [, { description: kept }] = describePlug(plug).ports;
    assert(kept.length >= 127 && kept.length < 300 && /^x+$/.test(kept));
    rest(plug);
    assertEquals(portsOf(plug), [0, 1]);
  },
);

ffiTest("Reception does not mind what a client says later", async () => {
  using party = await Party.open(switchPlugin, 0);
  using caller = new Caller(party.folder);
  caller.ask();
  rest(party.plug);
  for (let round = 0; round < 10; round++) {
    caller.control.send(new Uint8Array(10_000));
    rest(party.plug);
  }
  assertEquals(portsOf(party.plug), [0, 1]);
});

ffiTest("SwitchPlug delivers what a client sent before it left", async () => {
  using party = await Party.open(hubPlugin, 2);
  const [leaver, other] = party.clients;
  const frames = Array.from({ length: 150 }, (_, seed) => makeFrame(60, seed));
  leaver.send(burstOf(frames.slice(0, 100)), 0);
  leaver.send(burstOf(frames.slice(100)), 0);
  leaver[Symbol.dispose]();
  const atHost: Uint8Array[] = [];
  const atOther: Uint8Array[] = [];
  await until(() => {
    atHost.push(...take(party.plug));
    atOther.push(...take(other));
    return portsOf(party.plug).length === 2 && atOther.length >= 150;
  });
  assertFrames(atHost, frames);
  assertFrames(atOther, frames);
  rest(party.plug);
});

ffiTest("SwitchPlug tells of its ports and stations", async () => {
  using party = await Party.open(switchPlugin, 0);
  const { plug, folder } = party;
  using client = await join(plug, folder, { description: "a client\n" });
  client.send(burstOf([makeFrame(60, 1), makeFrame(100, 2)]), 0);
  plug.send(burstOf([makeFrame(70, 3)]), 0);
  party.settle();
  const { vnl, ports, stations } = describePlug(plug);
  assertEquals(vnl, `switch://${folder}`);
  const counted = ports.map(({ ageSeconds, ...port }) => {
    assert(ageSeconds >= 0 && ageSeconds < 60);
    return port;
  });
  const uid = Deno.uid();
  assertEquals(counted, [
    {
      port: 0,
      description: "host",
      pid: Deno.pid,
      uid,
      framesIn: 1,
      bytesIn: 70,
      framesOut: 2,
      bytesOut: 160,
      dropped: 0,
    },
    {
      port: 1,
      description: "a client ",
      pid: Deno.pid,
      uid,
      framesIn: 2,
      bytesIn: 160,
      framesOut: 1,
      bytesOut: 70,
      dropped: 0,
    },
  ]);
  const seen = stations.map(({ mac, vlan, port }) => `${mac} ${vlan} ${port}`);
  assertEquals(seen.sort(), [
    "02:00:00:00:00:01 0 1",
    "02:00:00:00:00:02 0 1",
    "02:00:00:00:00:03 0 0",
  ]);
});

ffiTest(
  "SwitchPlug hangs up on its clients when it is disposed of",
  async () => {
    const party = await Party.open(switchPlugin, 1);
    using visitor = UnixSocket.make(SOCK_STREAM);
    visitor.connect(`${party.folder}/ctl`);
    rest(party.plug);
    party.plug[Symbol.dispose]();
    assertEquals(visitor.receive(new Uint8Array(1)), 0);
    party[Symbol.dispose]();
  },
);
