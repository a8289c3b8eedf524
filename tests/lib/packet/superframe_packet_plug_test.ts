import { assertEquals } from "@std/assert";
import {
  SOCK_DGRAM,
  SOCK_STREAM,
  UnixSocket,
} from "../../../ffi/unix_socket.ts";
import { makeArena } from "../../../lib/net/arena.ts";
import { Burst, SUPERFRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { VIRTIO_HEADER_BYTES } from "../../../lib/net/virtio_header.ts";
import { SuperframePacketPlug } from "../../../lib/packet/superframe_packet_plug.ts";
import { Counter } from "../../../lib/plug/counters.ts";
import { ffiTest } from "../../ffi/case.ts";
import { plugContract, type PlugPair } from "../../plugin_contract.ts";
import { type TestOptions, testOptions, until } from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { makeSuperframe, place, type TestFrame } from "../net/superframes.ts";

/** Two plugs that face each other. */
function openPair(
  near: TestOptions,
  far: TestOptions,
  bufferBytes = 1 << 20,
): PlugPair {
  const [one, other] = UnixSocket.pair(SOCK_DGRAM);
  const [control, itsEnd] = UnixSocket.pair(SOCK_STREAM);
  for (const each of [one, other]) each.setBuffers(bufferBytes);
  const nearLink = { socket: one, control, peer: "the far one" };
  const farLink = { socket: other, control: itsEnd, peer: "the near one" };
  return {
    near: new SuperframePacketPlug(nearLink, near),
    far: new SuperframePacketPlug(farLink, far),
  };
}

plugContract("superframe packet", {
  openPair: (near, far) => Promise.resolve(openPair(near, far)),
  reliable: true,
});

const largeBurst = () => new Burst(1024, makeArena(16 * SUPERFRAME_SLOT_BYTES));

/** What a burst says of a frame. */
function frameAt(burst: Burst, index: number): TestFrame {
  return {
    bytes: burst.frame(index).slice(),
    kind: burst.kind[index],
    segmentSize: burst.segmentSize[index],
    checksumStart: burst.checksumStart[index],
    checksumOffset: burst.checksumOffset[index],
  };
}

const SUPERFRAMES: readonly TestFrame[] = [
  makeSuperframe({ payload: new Uint8Array(60_000).fill(1) }, 1448),
  makeSuperframe({ version: 6, payload: new Uint8Array(30_000).fill(2) }, 1428),
  makeSuperframe({
    transport: "udp",
    tags: "8100 0007",
    payload: new Uint8Array(5000).fill(3),
  }, 1000),
  makeSuperframe({ payload: new Uint8Array(65_000).fill(4) }, 9000),
];

ffiTest(
  "SuperframePacketPlug carries superframes as they are, in order, through a queue that is full",
  () => {
    const { near, far } = openPair(testOptions(), testOptions(), 150_000);
    using _near = near;
    using _far = far;
    const burst = largeBurst();
    const many = Array(40).fill(SUPERFRAMES[2]);
    const wanted = [...SUPERFRAMES, ...many, ...SUPERFRAMES];
    for (const frame of wanted) place(burst, frame, burst.tail);
    const got: TestFrame[] = [];
    let pauses = 0;
    for (let sent = 0; sent < burst.count;) {
      sent += near.send(burst, sent);
      if (sent < burst.count) pauses++;
      const received = largeBurst();
      far.receive(received);
      for (let index = 0; index < received.count; index++) {
        got.push(frameAt(received, index));
      }
    }
    assertEquals(
      pauses > 0,
      true,
      "a buffer of 150 KB takes no 500 KB at once",
    );
    assertEquals(got, wanted);
  },
);

ffiTest(
  "SuperframePacketPlug takes nothing where there is no room for a superframe",
  () => {
    const { near, far } = openPair(testOptions(), testOptions());
    using _near = near;
    using _far = far;
    const burst = largeBurst();
    place(burst, SUPERFRAMES[0], 0);
    near.send(burst, 0);
    assertEquals(far.receive(new Burst(64, SUPERFRAME_SLOT_BYTES - 64)), 0);
    assertEquals(far.receive(new Burst(64, SUPERFRAME_SLOT_BYTES)), 1);
  },
);

/** Each is a header, flags and kind first, before a frame of 1000 bytes. */
const LIES = [
  { name: "a kind without a checksum", header: [0, 1, 0, 0, 100, 0, 34] },
  { name: "a kind that there is not", header: [1, 2, 0, 0, 100, 0, 34] },
  { name: "UDP with ECN", header: [1, 0x85, 0, 0, 100, 0, 34] },
  { name: "segments of no bytes", header: [1, 1, 0, 0, 0, 0, 34] },
  { name: "a checksum in the Ethernet header", header: [1, 0, 0, 0, 0, 0, 13] },
  {
    name: "a checksum behind the frame",
    header: [1, 0, 0, 0, 0, 0, 0xe0, 0x03, 7, 0],
  },
  {
    name: "a checksum far behind the frame",
    header: [1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
  },
] as const;

/** A plug, and the socket at its other end. */
function openOne(): {
  plug: SuperframePacketPlug;
  peer: UnixSocket;
  options: TestOptions;
} {
  const options = testOptions();
  const [socket, peer] = UnixSocket.pair(SOCK_DGRAM);
  const plug = new SuperframePacketPlug({ socket, peer: "a liar" }, options);
  return { plug, peer, options };
}

for (const { name, header } of LIES) {
  ffiTest(`SuperframePacketPlug drops and counts ${name}`, () => {
    const { plug, peer, options } = openOne();
    using _plug = plug;
    using _peer = peer;
    const packet = new Uint8Array(VIRTIO_HEADER_BYTES + 1000);
    packet.set(header);
    peer.send(packet);
    assertEquals(plug.receive(largeBurst()), 0);
    assertEquals(options.receiveCounters.cells[Counter.malformed], 1);
  });
}

const SHORT = [1, 9, 10, 11, 23];
for (const length of SHORT) {
  ffiTest(
    `SuperframePacketPlug drops and counts a packet of ${length} bytes`,
    () => {
      const { plug, peer, options } = openOne();
      using _plug = plug;
      using _peer = peer;
      peer.send(new Uint8Array(length));
      assertEquals(plug.receive(largeBurst()), 0);
      assertEquals(options.receiveCounters.cells[Counter.runt], 1);
    },
  );
}

ffiTest(
  "SuperframePacketPlug drops and counts a plain frame that is too long",
  () => {
    const { plug, peer, options } = openOne();
    using _plug = plug;
    using _peer = peer;
    peer.send(new Uint8Array(VIRTIO_HEADER_BYTES + 9235));
    assertEquals(plug.receive(largeBurst()), 0);
    assertEquals(options.receiveCounters.dropped(), 1);
  },
);

ffiTest(
  "SuperframePacketPlug survives random packets, and passes on none whose header points out of it",
  async () => {
    const seed = 0x51ab;
    const random = seededRandom(seed);
    const { plug, peer, options } = openOne();
    using _plug = plug;
    using _peer = peer;
    let sent = 0;
    let taken = 0;
    const burst = largeBurst();
    while (sent < 20_000) {
      const packet = random.bytes(1 + random.below(200));
      // Most random headers are lies at first sight: make some look true.
      if (random.below(2) === 0) packet[0] = 1;
      if (packet.length > 1 && random.below(2) === 0) packet[1] = 1;
      if (packet.length > 9 && random.below(2) === 0) packet.fill(0, 7, 10);
      assertEquals(await until(() => peer.send(packet) > 0), true);
      sent++;
      burst.clear();
      const frames = plug.receive(burst);
      taken += frames;
      for (let index = 0; index < frames; index++) {
        const { bytes, checksumStart, checksumOffset } = frameAt(burst, index);
        const end = checksumStart === 0
          ? 0
          : checksumStart + checksumOffset + 2;
        assertEquals(end <= bytes.length, true, `seed ${seed}`);
      }
    }
    assertEquals(
      taken + options.receiveCounters.dropped(),
      sent,
      `seed ${seed}`,
    );
  },
);
