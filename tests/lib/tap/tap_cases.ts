import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { openTap } from "../../../ffi/if_tun.ts";
import { makeArena } from "../../../lib/net/arena.ts";
import { Burst, SUPERFRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { FrameKind, KIND_ECN } from "../../../lib/net/offload.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import { Offload, type Plug } from "../../../lib/plug/plugin.ts";
import { PlainTap } from "../../../lib/tap/plain_tap.ts";
import { SuperframeTap } from "../../../lib/tap/superframe_tap.ts";
import {
  assertFrames,
  burstOf,
  receiveFrames,
  type TestOptions,
  testOptions,
  until,
} from "../../plugs.ts";
import { makeFrame as makeAnyFrame } from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { frameOf, headerBytesOf, SEGMENT, split } from "../net/segments.ts";
import {
  Flag,
  type FrameFields,
  makePlainFrame,
  makeSuperframe,
  place,
  type TestFrame,
} from "../net/superframes.ts";
import { type Packet, PacketSocket, PLAIN_HEADER } from "./packet_socket.ts";

const NEEDS_CHECKSUM = 1;
const payload = seededRandom(3).bytes(20_000);

function ip(...args: string[]): void {
  const { success, stderr } = new Deno.Command("ip", { args }).outputSync();
  assert(success, new TextDecoder().decode(stderr));
}

/** A TAP of this namespace, and what stands at its other side. */
class Setup implements Disposable {
  readonly options: TestOptions = testOptions();
  readonly plug: Plug;
  readonly host: PacketSocket;
  /** What it has. */
  readonly offload: number;

  constructor(offload: boolean, readonly name: string = "t0") {
    const tap = openTap(name, { offload, mtu: undefined });
    assertEquals(tap.hasHeader, offload);
    this.offload = tap.offload;
    this.plug = tap.hasHeader
      ? new SuperframeTap(tap, this.options)
      : new PlainTap(tap, this.options);
    ip("link", "set", "dev", name, "up");
    this.host = new PacketSocket(name);
  }

  /** What the host has received. */
  take(): Packet[] {
    const packets: Packet[] = [];
    for (let next = this.host.receive(); next; next = this.host.receive()) {
      packets.push(next);
    }
    return packets;
  }

  [Symbol.dispose](): void {
    this.host[Symbol.dispose]();
    this.plug[Symbol.dispose]();
  }
}

function makeBurst(): Burst {
  return new Burst(128, makeArena(8 * SUPERFRAME_SLOT_BYTES));
}

/** What the host says of a frame; its header's length is what forwarded traffic has. */
function packetOf(frame: TestFrame, headerLength: number): Packet {
  const { bytes, kind, segmentSize, checksumStart, checksumOffset } = frame;
  const flags = checksumStart === 0 ? 0 : NEEDS_CHECKSUM;
  const header = { segmentSize, checksumStart, checksumOffset };
  const packet = { flags, type: kind, headerLength, ...header };
  return { header: packet, frame: bytes };
}

const SUPERFRAMES: readonly {
  readonly name: string;
  readonly fields: Partial<FrameFields>;
  readonly ecn?: boolean;
}[] = [
  { name: "TCP over IPv4", fields: {} },
  { name: "TCP over IPv6", fields: { version: 6 } },
  {
    name: "TCP over IPv4 with ECN",
    fields: { flags: Flag.ack | Flag.cwr },
    ecn: true,
  },
  { name: "tagged TCP over IPv4", fields: { tags: "8100 0007" } },
  { name: "tagged TCP over IPv6", fields: { version: 6, tags: "8100 0007" } },
  { name: "UDP over IPv4", fields: { transport: "udp" } },
  { name: "UDP over IPv6", fields: { transport: "udp", version: 6 } },
];

for (const { name, fields, ecn } of SUPERFRAMES) {
  Deno.test(`SuperframeTap.receive() hands over a superframe of ${name} as it is`, async () => {
    using setup = new Setup(true);
    const isUdp = fields.transport === "udp";
    const superframe = makeSuperframe({ payload, ...fields }, 1400);
    const frame = ecn
      ? { ...superframe, kind: superframe.kind | KIND_ECN }
      : superframe;
    // A kernel that has none of a kind cuts them itself.
    if (isUdp && (setup.offload & Offload.udp4) === 0) return;
    const burst = makeBurst();
    burst.kind.fill(0xa5);
    setup.host.send(packetOf(frame, frame.checksumStart + 8));
    await until(() => setup.plug.receive(burst) > 0);
    assertEquals(burst.count, 1);
    assertFrames([burst.frame(0)], [frame.bytes]);
    const { kind, segmentSize, checksumStart, checksumOffset } = burst;
    assertEquals(
      [kind[0], segmentSize[0], checksumStart[0], checksumOffset[0]],
      [frame.kind, 1400, frame.checksumStart, frame.checksumOffset],
    );
  });
}

const WANTING = [
  { name: "UDP", frame: wanting({ transport: "udp" }) },
  { name: "UDP over IPv6", frame: wanting({ transport: "udp", version: 6 }) },
  { name: "TCP", frame: wanting({}) },
  // A checksum where SCTP has it.
  { name: "SCTP", frame: { ...wanting({}), checksumOffset: 8 } },
];

function wanting(fields: Partial<FrameFields>): TestFrame {
  const short = payload.subarray(0, 101);
  return makePlainFrame({ payload: short, complete: false, ...fields });
}

for (const { name, frame } of WANTING) {
  Deno.test(`SuperframeTap.receive() tells where a plain frame of ${name} wants its checksum`, async () => {
    using setup = new Setup(true);
    const burst = makeBurst();
    setup.host.send(packetOf(frame, 0));
    await until(() => setup.plug.receive(burst) > 0);
    assertFrames([burst.frame(0)], [frame.bytes]);
    assertEquals(
      [burst.kind[0], burst.checksumStart[0], burst.checksumOffset[0]],
      [FrameKind.plain, frame.checksumStart, frame.checksumOffset],
    );
  });
}

for (const offload of [true, false]) {
  const name = offload ? "SuperframeTap" : "PlainTap";

  Deno.test(`${name} passes plain frames of many lengths, both ways`, async () => {
    using setup = new Setup(offload);
    ip("link", "set", "dev", setup.name, "mtu", "9000");
    const frames = [14, 15, 60, 61, 1514, 9014]
      .map((length) => makeAnyFrame(length, length));
    for (const frame of frames) {
      // A packet socket sends no frame without a payload.
      if (frame.length > 14) setup.host.send({ header: PLAIN_HEADER, frame });
    }
    assertFrames(await receiveFrames(setup.plug, 5), frames.slice(1));
    setup.take();
    assertEquals(setup.plug.send(burstOf(frames), 0), frames.length);
    assertFrames(setup.take().map(({ frame }) => frame), frames);
    assertEquals(setup.options.sendCounters.dropped(), 0);
  });

  Deno.test(`${name}.send() drops and counts what is too short or too long`, () => {
    using setup = new Setup(offload);
    const good = makeAnyFrame(60, 1);
    const burst = burstOf([makeAnyFrame(13, 2), makeAnyFrame(9235, 3), good]);
    setup.plug.send(burst, 0);
    assertFrames(setup.take().map(({ frame }) => frame), [good]);
    const { runt, oversize } = setup.options.sendCounters.snapshot();
    assertEquals([runt, oversize], [1, 1]);
    assertEquals(setup.options.sendCounters.dropped(), 2);
  });

  Deno.test(`${name} counts frames for an interface that is down, and works when it is up again`, async () => {
    using setup = new Setup(offload);
    const frame = makeAnyFrame(60, 1);
    ip("link", "set", "dev", setup.name, "down");
    setup.plug.send(burstOf([frame]), 0);
    assertEquals(setup.options.sendCounters.snapshot().down, 1);
    assertEquals(setup.plug.receive(makeBurst()), 0);
    ip("link", "set", "dev", setup.name, "up");
    // The other one keeps the error.
    using host = new PacketSocket(setup.name);
    host.send({ header: PLAIN_HEADER, frame });
    assertFrames(await receiveFrames(setup.plug, 1), [frame]);
    setup.plug.send(burstOf([frame]), 0);
    assertEquals(setup.options.sendCounters.dropped(), 1);
  });

  Deno.test(`${name} tells that its interface was removed`, () => {
    using setup = new Setup(offload);
    ip("link", "delete", "dev", setup.name);
    const words = `interface "${setup.name}": it was removed`;
    assertThrows(() => setup.plug.receive(makeBurst()), PlugError, words);
    const burst = burstOf([makeAnyFrame(60, 1)]);
    assertThrows(() => setup.plug.send(burst, 0), PlugError, words);
  });
}

for (
  const { name, fields } of [
    { name: "IPv4", fields: {} },
    {
      name: "IPv6",
      fields: { source: "2001:db8::1", destination: "2001:db8::2" },
    },
    { name: "IPv4 with a tag", fields: { tags: "8100 0007" } },
  ]
) {
  Deno.test(`SuperframeTap.send() merges a flow's segments over ${name} into one superframe`, () => {
    using setup = new Setup(true);
    const sizes = [1000, 1000, 1000, 999];
    let sequence = 0xffff_f800;
    const segments = sizes.map((size, index) => {
      const data = payload.slice(index * 1000, index * 1000 + size);
      const segment = { ...SEGMENT, ...fields, id: 7 + index, sequence };
      sequence += size;
      return { ...segment, payload: data };
    });
    setup.plug.send(burstOf(segments.map(frameOf)), 0);
    const packets = setup.take();
    assertEquals(packets.length, 1);
    const [{ header, frame }] = packets;
    // What a host hears has no tag any more: that stands beside it.
    const heard = segments.map((segment) => ({ ...segment, tags: "" }));
    const headers = headerBytesOf(heard[0]);
    assertEquals(header.segmentSize, 1000);
    assertEquals(header.flags & NEEDS_CHECKSUM, NEEDS_CHECKSUM);
    assertEquals(frame.length, headers + 3999);
    // The kernel says here how much of it lies in one piece, not where headers end.
    assertFrames(
      split({ ...header, headerLength: headers }, frame, 1),
      heard.map(frameOf),
    );
  });
}

Deno.test("SuperframeTap.send() hands superframes on whole, and cuts none", () => {
  using setup = new Setup(true);
  const burst = makeBurst();
  const frames = [
    makeSuperframe({ payload }, 1400),
    makeSuperframe({ payload, version: 6 }, 1300),
    wanting({ transport: "udp" }),
  ];
  for (const frame of frames) place(burst, frame, burst.tail);
  assertEquals(setup.plug.send(burst, 0), 3);
  const packets = setup.take();
  assertFrames(
    packets.map(({ frame }) => frame),
    frames.map(({ bytes }) => bytes),
  );
  assertEquals(
    packets.map(({ header }) => [
      header.type,
      header.segmentSize,
      header.checksumStart,
      header.checksumOffset,
    ]),
    frames.map((frame) => [
      frame.kind,
      frame.segmentSize,
      frame.checksumStart,
      frame.checksumOffset,
    ]),
  );
});

Deno.test("SuperframeTap.send() counts a superframe that the kernel refuses as malformed", () => {
  using setup = new Setup(true);
  const burst = makeBurst();
  const frame = makeSuperframe({ payload }, 1400);
  place(burst, { ...frame, checksumStart: 60_000 }, burst.tail);
  assertEquals(setup.plug.send(burst, 0), 1);
  assertEquals(setup.options.sendCounters.snapshot().malformed, 1);
  assertEquals(setup.take(), []);
});

Deno.test("SuperframeTap keeps what waits for a burst without room", async () => {
  using setup = new Setup(true);
  const frame = makeSuperframe({ payload }, 1400);
  setup.host.send(packetOf(frame, frame.checksumStart + 20));
  const full = makeBurst();
  full.push(new Uint8Array(7.5 * SUPERFRAME_SLOT_BYTES));
  assertEquals(setup.plug.receive(full), 0);
  const burst = makeBurst();
  await until(() => setup.plug.receive(burst) > 0);
  assertFrames([burst.frame(0)], [frame.bytes]);
});

Deno.test("openTap() tells what is wrong with a name", () => {
  const error = assertThrows(() =>
    openTap("lo", { offload: true, mtu: undefined })
  );
  assertMatch((error as Error).message, /attach to TAP interface "lo".*EINVAL/);
});
