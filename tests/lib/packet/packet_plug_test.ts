import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { check, libc } from "../../../ffi/libc.ts";
import {
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  UnixSocket,
} from "../../../ffi/unix_socket.ts";
import { makeArena } from "../../../lib/net/arena.ts";
import { Burst, SUPERFRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { PacketPlug } from "../../../lib/packet/packet_plug.ts";
import { Counter } from "../../../lib/plug/counters.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";
import { plugContract, type PlugPair } from "../../plugin_contract.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  takeFrames,
  type TestOptions,
  testOptions,
  until,
} from "../../plugs.ts";
import { makeSuperframe, place } from "../net/superframes.ts";

const MSG_DONTWAIT = 0x40;
const SHUT_WR = 1;

const bound = libc({
  shutdown: { parameters: ["i32", "i32"], result: "i32" }, // fd, int how
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
});

/** Two plugs on a pair of sockets that know of each other's end by themselves. */
function openConnected(near: TestOptions, far: TestOptions): PlugPair {
  const [one, other] = UnixSocket.pair(SOCK_SEQPACKET);
  return {
    near: new PacketPlug({ socket: one, peer: "the far one" }, near),
    far: new PacketPlug({ socket: other, peer: "the near one" }, far),
  };
}

/** Two plugs on sockets without a connection, and one beside them. */
function openControlled(near: TestOptions, far: TestOptions): PlugPair {
  const [one, other] = UnixSocket.pair(SOCK_DGRAM);
  const [control, itsEnd] = UnixSocket.pair(SOCK_STREAM);
  return {
    near: new PacketPlug({ socket: one, control, peer: "the far one" }, near),
    far: new PacketPlug(
      { socket: other, control: itsEnd, peer: "the near one" },
      far,
    ),
  };
}

plugContract("packet, connected,", {
  openPair: (near, far) => Promise.resolve(openConnected(near, far)),
  reliable: true,
});
plugContract("packet, with a control connection,", {
  openPair: (near, far) => Promise.resolve(openControlled(near, far)),
  reliable: true,
});

/** A plug, and the socket at its other end. */
class Fixture implements Disposable {
  readonly options = testOptions();
  readonly plug: PacketPlug;
  readonly peer: UnixSocket;

  constructor(type: number = SOCK_SEQPACKET, control?: UnixSocket) {
    const [socket, peer] = UnixSocket.pair(type);
    this.peer = peer;
    // Room for many small packets, whatever the system's default.
    for (const each of [socket, peer]) each.setBuffers(1 << 20);
    const link = { socket, control, peer: "the peer" };
    this.plug = new PacketPlug(link, this.options);
  }

  /** Sends packets to the plug. */
  deliver(...packets: readonly Uint8Array<ArrayBuffer>[]): void {
    for (const packet of packets) {
      const length = BigInt(packet.length);
      const { send } = bound();
      const sent = send(this.peer.fd, packet, length, MSG_DONTWAIT);
      assertEquals(sent, packet.length);
    }
  }

  [Symbol.dispose](): void {
    this.plug[Symbol.dispose]();
    this.peer[Symbol.dispose]();
  }
}

/** Receives until the link ends: the frames that came, and the end. */
function receiveAll(plug: PacketPlug): { frames: Uint8Array[]; end: LinkEnd } {
  const frames: Uint8Array[] = [];
  for (;;) {
    try {
      frames.push(...takeFrames(plug));
    } catch (end) {
      assertInstanceOf(end, LinkEnd);
      return { frames, end };
    }
  }
}

const manyFrames = (count: number) =>
  Array.from({ length: count }, (_, seed) => makeFrame(60, seed));

for (const count of [0, 1, 63, 64, 65, 200]) {
  ffiTest(`PacketPlug hands out ${count} last frames before the end`, () => {
    using fixture = new Fixture();
    const wanted = manyFrames(count);
    fixture.deliver(...wanted);
    fixture.peer[Symbol.dispose]();
    const { frames, end } = receiveAll(fixture.plug);
    assertFrames(frames, wanted);
    assertEquals(end.message, "the peer closed the connection");
    // It stays so.
    assertThrows(() => fixture.plug.receive(new Burst()), LinkEnd);
  });
}

ffiTest("PacketPlug hands out the last frames of a peer that left some", () => {
  using fixture = new Fixture();
  const wanted = manyFrames(100);
  fixture.deliver(...wanted);
  assertEquals(fixture.plug.send(burstOf(manyFrames(3)), 0), 3);
  fixture.peer[Symbol.dispose]();
  assertFrames(receiveAll(fixture.plug).frames, wanted);
});

ffiTest("PacketPlug ends when its peer will send no more", () => {
  using fixture = new Fixture();
  fixture.deliver(makeFrame(60, 1));
  check(bound().shutdown(fixture.peer.fd, SHUT_WR), "shut a socket down");
  assertFrames(receiveAll(fixture.plug).frames, [makeFrame(60, 1)]);
});

for (const type of [SOCK_SEQPACKET, SOCK_DGRAM]) {
  const name = type === SOCK_DGRAM ? "datagram" : "packet";
  ffiTest(`PacketPlug takes an empty ${name} for nothing at all`, () => {
    using fixture = new Fixture(type);
    const frames = manyFrames(3);
    const nothing = new Uint8Array(0);
    fixture.deliver(nothing, frames[0], nothing, nothing, frames[1]);
    fixture.deliver(...Array(70).fill(nothing), frames[2], nothing);
    const got: Uint8Array[] = [];
    for (let turn = 0; turn < 5; turn++) got.push(...takeFrames(fixture.plug));
    assertFrames(got, frames);
    assertEquals(fixture.options.receiveCounters.dropped(), 0);
  });
}

ffiTest(
  "PacketPlug hands out frames behind empty packets of a peer that is gone",
  () => {
    using fixture = new Fixture();
    const frames = manyFrames(2);
    const nothing = new Uint8Array(0);
    fixture.deliver(frames[0], ...Array(150).fill(nothing), frames[1], nothing);
    fixture.peer[Symbol.dispose]();
    assertFrames(receiveAll(fixture.plug).frames, frames);
  },
);

ffiTest("PacketPlug counts packets that are no frames", () => {
  using fixture = new Fixture();
  const good = makeFrame(14, 1);
  fixture.deliver(
    new Uint8Array(1),
    new Uint8Array(13),
    good,
    new Uint8Array(9235),
    new Uint8Array(20_000),
    good,
  );
  assertFrames(takeFrames(fixture.plug), [good, good]);
  const { cells } = fixture.options.receiveCounters;
  assertEquals([cells[Counter.runt], cells[Counter.oversize]], [2, 2]);
});

ffiTest("PacketPlug with a control connection ends with that", () => {
  const [control, itsEnd] = UnixSocket.pair(SOCK_STREAM);
  using fixture = new Fixture(SOCK_DGRAM, control);
  const wanted = manyFrames(70);
  fixture.deliver(...wanted);
  assertEquals(fixture.plug.controlFd, control.fd);
  itsEnd[Symbol.dispose]();
  const { frames, end } = receiveAll(fixture.plug);
  assertFrames(frames, wanted);
  assertEquals(end.message, "the peer closed the connection");
});

ffiTest("PacketPlug drops and counts what is for a peer that is gone", () => {
  for (const type of [SOCK_SEQPACKET, SOCK_DGRAM]) {
    using fixture = new Fixture(type);
    fixture.peer[Symbol.dispose]();
    assertEquals(fixture.plug.send(burstOf(manyFrames(3)), 0), 3);
    const { cells } = fixture.options.sendCounters;
    assertEquals(cells[Counter.unreachable], 3);
  }
});

ffiTest("PacketPlug receives while its peer takes nothing", () => {
  for (const type of [SOCK_SEQPACKET, SOCK_DGRAM]) {
    using fixture = new Fixture(type);
    const burst = burstOf(manyFrames(64));
    let rounds = 0;
    while (fixture.plug.send(burst, 0) === burst.count) {
      assert(++rounds < 10_000, "the queue never became full");
    }
    const wanted = manyFrames(10);
    fixture.deliver(...wanted);
    assertFrames(takeFrames(fixture.plug), wanted);
    assertEquals(fixture.options.sendCounters.dropped(), 0);
  }
});

ffiTest("PacketPlug never sends an empty packet", () => {
  using fixture = new Fixture();
  const frame = makeFrame(60, 1);
  const burst = burstOf([new Uint8Array(0), frame, new Uint8Array(0)]);
  assertEquals(fixture.plug.send(burst, 0), 3);
  const buffer = new Uint8Array(100);
  assertEquals(fixture.peer.receive(buffer), 60);
  assert(fixture.peer.receive(buffer) < 0);
  assertEquals(fixture.options.sendCounters.cells[Counter.runt], 2);
});

ffiTest("PacketPlug cuts superframes into frames", async () => {
  const options = [testOptions(), testOptions()];
  const { near, far } = openConnected(options[0], options[1]);
  using _near = near;
  using _far = far;
  const payload = Uint8Array.from({ length: 10_000 }, (_, at) => at);
  const burst = new Burst(2, makeArena(2 * SUPERFRAME_SLOT_BYTES));
  for (const transport of ["tcp", "udp"] as const) {
    place(burst, makeSuperframe({ transport, payload }, 1400), burst.tail);
  }
  const lengths: number[] = [];
  const received = new Burst();
  let sent = 0;
  await until(() => {
    if (sent < burst.count) sent += near.send(burst, sent);
    received.clear();
    far.receive(received);
    lengths.push(...received.length.subarray(0, received.count));
    return sent === burst.count && lengths.length === 16;
  });
  const cut = (headers: number) => [
    ...Array(7).fill(headers + 1400),
    headers + 200,
  ];
  assertEquals(lengths, [...cut(14 + 20 + 20), ...cut(14 + 20 + 8)]);
});

ffiTest("PacketPlug tells what is wrong with a socket that is broken", () => {
  const fixture = new Fixture();
  fixture[Symbol.dispose]();
  const error = assertThrows(
    () => fixture.plug.receive(new Burst()),
    PlugError,
    "Cannot receive from the peer: ",
  );
  assertEquals(error.code, "EBADF");
});
