import {
  assert,
  assertEquals,
  assertGreater,
  AssertionError,
} from "@std/assert";
import { makeArena } from "../../../lib/net/arena.ts";
import { Burst } from "../../../lib/net/burst.ts";
import { MAX_SEGMENT_HEADER_BYTES } from "../../../lib/net/segmenter.ts";
import type { PacketPlug } from "../../../lib/packet/packet_plug.ts";
import type { Plugin } from "../../../lib/plug/plugin.ts";
import { MAX_WAIT_MS } from "../../../lib/switch/backlog.ts";
import { SwitchPlug } from "../../../lib/switch/switch_plug.ts";
import {
  bondingPlugin,
  hubPlugin,
  multiPlugin,
  switchPlugin,
} from "../../../plugins/switch.ts";
import { ffiTest } from "../../ffi/case.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  sameFrame,
  testOptions,
  until,
} from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { referenceSegments } from "../net/reference_segmenter.ts";
import {
  makePlainFrame,
  makeSuperframe,
  type TestFrame,
} from "../net/superframes.ts";
import { Caller, describePlug, Party, take } from "./clients.ts";

const BURST_FRAMES = 64;
const FRAME_BYTES = 1514;
/** More bursts than a port lets wait. */
const FILLING_BURSTS = 64;
const MAX_TRIES = 100;

/** Frames with consecutive seeds. */
function framesFrom(first: number, count: number, length = FRAME_BYTES) {
  return Array.from(
    { length: count },
    (_, index) => makeFrame(length, first + index),
  );
}

const MARKER = makeFrame(60, 0xffff_ff00);

function droppedAt(party: Party): number[] {
  return describePlug(party.plug).ports.map(({ dropped }) => dropped);
}

/** Made before a port begins to wait, so that it does not wait for them. */
const FILLING = Array.from(
  { length: FILLING_BURSTS },
  (_, index) => burstOf(framesFrom(index * BURST_FRAMES, BURST_FRAMES)),
);

/** What was seen of a switch and its clients. */
interface Scene<T> {
  readonly party: Party;
  readonly seen: T;
}

/**
 * Plays a scene that is over before the switch gives up on a client that takes
 * nothing. One that this machine took longer for shows nothing of that, and is
 * played again.
 */
async function inTime<T>(
  open: () => Promise<Party>,
  play: (party: Party) => T,
): Promise<Scene<T> & Disposable> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    using opening = new DisposableStack();
    const party = opening.use(await open());
    const start = performance.now();
    const seen = play(party);
    if (performance.now() - start >= MAX_WAIT_MS) continue;
    opening.move();
    return { party, seen, [Symbol.dispose]: () => party[Symbol.dispose]() };
  }
  throw new AssertionError(`no scene was over within ${MAX_WAIT_MS} ms`);
}

/** Takes all that a client gets as long as it reads, without anything new. */
function drain(party: Party, client: PacketPlug): Uint8Array[] {
  const got: Uint8Array[] = [];
  for (let idle = 0; idle < 2; idle++) {
    const frames = take(client);
    if (frames.length > 0) idle = -1;
    got.push(...frames);
    party.settle();
  }
  return got;
}

/** Sends the host's frames until a port loses some; tells how many were sent. */
function fill(party: Party, others: readonly PacketPlug[]): number {
  let sent = 0;
  for (const burst of FILLING) {
    if (droppedAt(party)[1] > 0) break;
    party.plug.send(burst, 0);
    sent += BURST_FRAMES;
    for (const [index, other] of others.entries()) {
      const got = take(other);
      assertEquals(got.length, BURST_FRAMES, `client ${index + 2}`);
    }
  }
  assertGreater(droppedAt(party)[1], 0, "the port never becomes full");
  return sent;
}

ffiTest(
  "a client that does not read harms no other, and loses frames for itself alone",
  async () => {
    const open = () => Party.open(hubPlugin, 3);
    using scene = await inTime(open, (party) => {
      const [slow, ...others] = party.clients;
      const sent = fill(party, others);
      const dropped = droppedAt(party);
      const got = drain(party, slow);
      // It is as good as new.
      party.plug.send(burstOf([MARKER]), 0);
      return { sent, dropped, got, after: take(slow) };
    });
    const { sent, dropped: [host, lost, ...rest], got, after } = scene.seen;
    assertEquals([host, ...rest], [0, 0, 0]);
    // What it had not lost by then comes in order, and without a gap.
    assertFrames(got, framesFrom(0, sent - lost));
    assertFrames(after, [MARKER]);
  },
);

ffiTest(
  "what waits for a client goes out when it reads, without anything new",
  async () => {
    const open = () => Party.open(multiPlugin, 1);
    using scene = await inTime(open, (party) => {
      const sent = fill(party, []);
      const lost = droppedAt(party)[1];
      const framesOut = () => describePlug(party.plug).ports[1].framesOut;
      const inQueue = framesOut();
      const got = drain(party, party.clients[0]);
      return { kept: sent - lost, inQueue, got, framesOut: framesOut() };
    });
    const { kept, inQueue, got, framesOut } = scene.seen;
    assertGreater(kept, inQueue, "nothing waits");
    assertFrames(got, framesFrom(0, kept));
    assertEquals(framesOut, kept);
  },
);

ffiTest(
  "a client that takes nothing is not waited for any more, until it does",
  async () => {
    // Full, and not given up yet.
    const open = () => Party.open(hubPlugin, 2);
    using scene = await inTime(open, (party) => {
      const sent = fill(party, [party.clients[1]]);
      return { sent, before: droppedAt(party)[1] };
    });
    const { party, seen: { before } } = scene;
    const [stopped, other] = party.clients;
    let { sent } = scene.seen;
    // No frame comes: time alone has to do it.
    const gaveUp = await until(() => {
      take(party.plug);
      return droppedAt(party)[1] > before;
    });
    assert(gaveUp, "the frames wait for ever");
    const kept = sent - droppedAt(party)[1];
    for (let round = 0; round < 3; round++) {
      party.plug.send(burstOf(framesFrom(sent, BURST_FRAMES)), 0);
      sent += BURST_FRAMES;
      assertEquals(take(other).length, BURST_FRAMES);
    }
    assertEquals(sent - droppedAt(party)[1], kept, "nothing waits for it");
    const got: Uint8Array[] = [];
    await until(() => {
      got.push(...take(stopped));
      return got.length >= kept;
    });
    assertFrames(got, framesFrom(0, kept));
    const frames = framesFrom(sent, 3);
    party.plug.send(burstOf(frames), 0);
    assertFrames(take(stopped), frames);
  },
);

ffiTest(
  "frames of other clients wait for a full one like the host's",
  async () => {
    const batches = 12;
    const open = () => Party.open(switchPlugin, 2);
    using scene = await inTime(open, (party) => {
      const [reader, writer] = party.clients;
      for (const burst of FILLING.slice(0, batches)) {
        writer.send(burst, 0);
        party.settle();
      }
      const lost = droppedAt(party)[1];
      return { got: drain(party, reader), lost };
    });
    const { got, lost } = scene.seen;
    assertFrames(got, framesFrom(0, batches * BURST_FRAMES - lost));
  },
);

ffiTest(
  "a client whose data socket is gone costs nothing but its own frames",
  async () => {
    using party = await Party.open(hubPlugin, 1);
    using caller = new Caller(party.folder);
    caller.ask();
    party.settle();
    caller.data[Symbol.dispose]();
    const frames = framesFrom(0, 3);
    party.plug.send(burstOf(frames), 0);
    assertFrames(take(party.clients[0]), frames);
    assertEquals(droppedAt(party), [0, 0, 3]);
    caller.control[Symbol.dispose]();
    party.settle();
    assertEquals(droppedAt(party), [0, 0]);
  },
);

ffiTest("bonding:// passes over a client that takes nothing", async () => {
  using party = await Party.open(bondingPlugin, 2);
  const [stopped, other] = party.clients;
  const frames = framesFrom(0, BURST_FRAMES);
  const isPassedOver = await until(() => {
    party.plug.send(burstOf(frames), 0);
    const got = take(other);
    return got.length === frames.length;
  });
  assert(isPassedOver);
  assertGreater(droppedAt(party)[1], 0);
  assertGreater(take(stopped).length, 0);
});

ffiTest("many ports with frames share the room of a burst", async () => {
  using party = await Party.open(multiPlugin, 5);
  const burst = new Burst(16);
  const seen = new Set<number>();
  for (let round = 0; round < 10; round++) {
    for (const [index, client] of party.clients.entries()) {
      client.send(burstOf(framesFrom(1000 * index, 32, 60)), 0);
    }
    burst.clear();
    party.plug.receive(burst);
    for (let at = 0; at < burst.count; at++) {
      const frame = burst.frame(at);
      seen.add(Math.floor((frame[10] * 256 + frame[11]) / 1000));
    }
  }
  assertEquals([...seen].sort(), [0, 1, 2, 3, 4]);
});

ffiTest(
  "SwitchPlug.serve() carries frames between clients while the host takes none",
  async () => {
    using party = await Party.open(hubPlugin, 2);
    const { plug, clients: [one, other] } = party;
    assert(plug instanceof SwitchPlug);
    const frames = framesFrom(0, 40);
    one.send(burstOf(frames), 0);
    plug.serve();
    assertFrames(take(other), frames);
    const { ports: [host] } = describePlug(plug);
    assertEquals([host.framesOut, host.bytesOut, host.dropped], [0, 0, 40]);
    assertEquals(party.settle(), []);
  },
);

const payload = seededRandom(7).bytes(50_000);
const SUPERFRAMES: readonly {
  readonly name: string;
  readonly frame: TestFrame;
}[] = [
  { name: "TCP over IPv4", frame: makeSuperframe({ payload }, 1448) },
  {
    name: "TCP over IPv6",
    frame: makeSuperframe({ payload, version: 6 }, 1428),
  },
  {
    name: "TCP of an MTU of 9000",
    frame: makeSuperframe({ payload }, 8948),
  },
  {
    name: "UDP",
    frame: makeSuperframe({ payload, transport: "udp" }, 1400),
  },
];

/** A burst with a frame between two others. */
function between(one: Uint8Array, frame: TestFrame, other: Uint8Array): Burst {
  const burst = new Burst(8, makeArena(200_000));
  burst.push(one);
  burst.push(frame.bytes);
  burst.kind[1] = frame.kind;
  burst.segmentSize[1] = frame.segmentSize;
  burst.checksumStart[1] = frame.checksumStart;
  burst.checksumOffset[1] = frame.checksumOffset;
  burst.push(other);
  return burst;
}

for (const plugin of [switchPlugin, hubPlugin, multiPlugin] as Plugin[]) {
  for (const { name, frame } of SUPERFRAMES) {
    ffiTest(
      `${plugin.scheme}:// cuts a superframe of ${name} for each client`,
      async () => {
        const options = testOptions();
        using party = await Party.open(plugin, 2, { options });
        const [one, other] = framesFrom(0, 2, 60);
        const burst = between(one, frame, other);
        assertEquals(party.plug.send(burst, 0), 3);
        const segments = referenceSegments(
          frame,
          9234,
          MAX_SEGMENT_HEADER_BYTES,
        );
        for (const client of party.clients) {
          assertFrames(take(client), [one, ...segments, other]);
        }
        assertEquals(options.sendCounters.dropped(), 0);
      },
    );
  }
}

ffiTest(
  "switch:// keeps a superframe whole in order for a client that is full",
  async () => {
    const [, { frame }] = SUPERFRAMES;
    const segments = referenceSegments(frame, 9234, MAX_SEGMENT_HEADER_BYTES);
    const [one, other] = framesFrom(0, 2, 60);
    const bunch = [one, ...segments, other];
    const burst = between(one, frame, other);
    const open = () => Party.open(switchPlugin, 1);
    using scene = await inTime(open, (party) => {
      let bunches = 0;
      for (; droppedAt(party)[1] === 0; bunches++) party.plug.send(burst, 0);
      const lost = droppedAt(party)[1];
      return { got: drain(party, party.clients[0]), bunches, lost };
    });
    const { got, bunches, lost } = scene.seen;
    const wanted = Array.from({ length: bunches }, () => bunch).flat();
    assertFrames(got, wanted.slice(0, wanted.length - lost));
  },
);

ffiTest("switch:// completes a checksum that is still wanted", async () => {
  using party = await Party.open(switchPlugin, 1);
  const fields = { payload: payload.subarray(0, 500) };
  const frame = makePlainFrame({ ...fields, complete: false });
  const complete = makePlainFrame(fields);
  const [one, other] = framesFrom(0, 2, 60);
  party.plug.send(between(one, frame, other), 0);
  const [, got] = take(party.clients[0]);
  assert(sameFrame(got, complete.bytes));
});

ffiTest("switch:// counts what it cannot cut, and goes on", async () => {
  const options = testOptions();
  using party = await Party.open(switchPlugin, 1, { options });
  const [{ frame }] = SUPERFRAMES;
  const [one, other] = framesFrom(0, 2, 60);
  const broken = { ...frame, segmentSize: 0 };
  party.plug.send(between(one, broken, other), 0);
  assertFrames(take(party.clients[0]), [one, other]);
  const { malformed } = options.sendCounters.snapshot();
  assertEquals(malformed, 1);
});

ffiTest("switch:// says that nobody is there", async () => {
  const options = testOptions();
  using party = await Party.open(switchPlugin, 0, { options });
  assertEquals(party.plug.send(burstOf(framesFrom(0, 3)), 0), 3);
  assertEquals(options.sendCounters.snapshot().down, 3);
});
