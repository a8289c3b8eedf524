import { assertEquals, assertGreater } from "@std/assert";
import { EAGAIN } from "../../../ffi/errno.ts";
import { SOCKADDR_STRIDE_BYTES } from "../../../ffi/sockaddr.ts";
import type { UdpSocket } from "../../../ffi/socket.ts";
import { makeArena } from "../../../lib/net/arena.ts";
import {
  Burst,
  FRAME_SLOT_BYTES,
  SUPERFRAME_SLOT_BYTES,
} from "../../../lib/net/burst.ts";
import { Counters } from "../../../lib/plug/counters.ts";
import {
  type Inlet,
  TunnelReceiver,
} from "../../../lib/tunnel/tunnel_receiver.ts";
import { ffiTest } from "../../ffi/case.ts";
import { writeOnce } from "../../ffi/pipes.ts";
import { boundSocket, LOOPBACKS } from "../../ffi/sockets.ts";
import { assertFrames, makeFrame, until } from "../../plugs.ts";
import { join } from "../net/packets.ts";
import { makeSuperframe } from "../net/superframes.ts";
import { seededRandom } from "../../random.ts";
import { burstWith, HEADER, OneWay, Outbox } from "./outbox.ts";

const LIMIT = 1458;

/** Lets in what begins with the header, from everybody or from nobody. */
class Door implements Inlet {
  open = true;
  entered = 0;
  /** Lengths of all that was looked at. */
  readonly seen: number[] = [];
  ports: number[] = [];

  enter(sources: Uint8Array, offset: number): boolean {
    assertEquals(offset % SOCKADDR_STRIDE_BYTES, 0);
    this.ports.push(sources[offset + 2] * 256 + sources[offset + 3]);
    this.entered++;
    return this.open;
  }

  accept(bytes: Uint8Array, start: number, length: number): boolean {
    this.seen.push(length);
    const header = bytes.subarray(start, start + HEADER.length);
    return length >= HEADER.length && header.join() === HEADER.join();
  }
}

class Setup implements Disposable {
  readonly near: UdpSocket;
  readonly far: UdpSocket;
  readonly door = new Door();
  readonly counters = new Counters();
  readonly receiver: TunnelReceiver;
  readonly box: Outbox;

  constructor(host: string, segments = true) {
    this.near = boundSocket(host);
    this.far = boundSocket(host);
    this.far.setReceiveBuffer(4 << 20);
    if (segments) this.far.receiveSegments();
    this.near.connect(this.far.localAddress());
    this.box = new Outbox(this.near.fd, new OneWay(LIMIT));
    this.receiver = new TunnelReceiver({
      fd: this.far.fd,
      headerLength: HEADER.length,
      inlet: this.door,
      counters: this.counters,
    });
  }

  /** Sends datagrams as they are. */
  write(...datagrams: Uint8Array[]): void {
    for (const datagram of datagrams) {
      const bytes = datagram.slice();
      // An array of no bytes has no address.
      const n = bytes.length === 0
        ? writeOnce(this.near.fd, new Uint8Array(1).subarray(0, 0))
        : writeOnce(this.near.fd, bytes);
      assertEquals(n, bytes.length);
    }
  }

  /** Receives until so many frames have come; gives copies. */
  async take(wanted: number, burst = makeBurst()): Promise<Uint8Array[]> {
    const frames: Uint8Array[] = [];
    await until(() => {
      burst.clear();
      this.receiver.receive(burst);
      for (let index = 0; index < burst.count; index++) {
        assertEquals([burst.kind[index], burst.checksumStart[index]], [0, 0]);
        frames.push(burst.frame(index).slice());
      }
      return frames.length >= wanted;
    });
    return frames;
  }

  [Symbol.dispose](): void {
    this.near[Symbol.dispose]();
    this.far[Symbol.dispose]();
  }
}

function makeBurst(): Burst {
  const burst = new Burst(1024, makeArena(8 * SUPERFRAME_SLOT_BYTES));
  burst.bytes.fill(0xa5);
  burst.kind.fill(0xa5);
  burst.checksumStart.fill(0xa5);
  return burst;
}

for (const { host, skip } of LOOPBACKS) {
  ffiTest(
    `TunnelReceiver.receive() takes frames of many lengths on ${host}`,
    async () => {
      using setup = new Setup(host);
      const frames = [14, 15, 60, 60, 1514, 9234]
        .map((length) => makeFrame(length, length));
      setup.write(...frames.map((frame) => join(HEADER, frame)));
      assertFrames(await setup.take(frames.length), frames);
      assertEquals(setup.receiver.receive(makeBurst()), -EAGAIN);
      assertEquals(setup.counters.dropped(), 0);
      const { port } = setup.near.localAddress();
      assertEquals(new Set(setup.door.ports), new Set([port]));
    },
    { skip },
  );

  for (const segments of [true, false]) {
    ffiTest(
      `TunnelReceiver.receive() takes a sender's superframes apart on ${host}, ${
        segments ? "with" : "without"
      } UDP_GRO`,
      async () => {
        using setup = new Setup(host, segments);
        const payload = seededRandom(6).bytes(30_000);
        const frame = makeSuperframe({ payload }, 1000);
        setup.box.sender.send(burstWith([frame, frame]), 0);
        const got = await setup.take(60);
        assertEquals(got.map(({ length }) => length), Array(60).fill(1054));
        const carried = got.map((each) => each.slice(54));
        assertFrames([join(...carried)], [join(payload, payload)]);
        if (segments) assertGreater(60, setup.door.entered);
        else assertEquals(setup.door.entered, 60);
      },
      { skip },
    );
  }
}

ffiTest(
  "TunnelReceiver.receive() drops and counts what is no frame, and passes over what is not let in",
  async () => {
    using setup = new Setup("127.0.0.1");
    const good = makeFrame(60, 1);
    setup.write(
      ...[join(HEADER, makeFrame(13, 2)), join(HEADER, makeFrame(9235, 3))],
      ...[HEADER, makeFrame(60, 4), HEADER.subarray(1)],
      ...[new Uint8Array(0), join(HEADER, good)],
    );
    assertFrames(await setup.take(1), [good]);
    const { runt, oversize } = setup.counters.snapshot();
    // The header alone is a runt to a receiver that lets it pass.
    assertEquals([runt, oversize], [2, 1]);
    assertEquals(setup.counters.dropped(), 3);
    assertEquals(setup.door.seen, [19, 9241, 6, 60, 5, 0, 66]);

    setup.door.open = false;
    setup.write(join(HEADER, good));
    await until(() => {
      setup.receiver.receive(makeBurst());
      return setup.door.entered === 8;
    });
    assertEquals([setup.door.entered, setup.door.seen.length], [8, 7]);
  },
);

ffiTest(
  "TunnelReceiver.receive() appends behind what a burst holds, and keeps what has no room",
  async () => {
    using setup = new Setup("127.0.0.1");
    const [held, frame] = [makeFrame(60, 1), makeFrame(1514, 2)];
    setup.write(join(HEADER, frame));
    const full = new Burst(1024, makeArena(SUPERFRAME_SLOT_BYTES));
    full.push(new Uint8Array(FRAME_SLOT_BYTES));
    assertEquals(setup.receiver.receive(full), 0);
    assertEquals(full.count, 1);
    const burst = makeBurst();
    burst.push(held);
    await until(() => {
      setup.receiver.receive(burst);
      return burst.count > 1;
    });
    assertFrames([burst.frame(0), burst.frame(1)], [held, frame]);
  },
);

ffiTest(
  "TunnelReceiver.receive() ends a turn while a flood that fills no burst goes on",
  () => {
    using setup = new Setup("127.0.0.1", false);
    const strange = makeFrame(60, 1);
    for (let count = 0; count < 1000; count++) setup.write(strange);
    // Ends with some of them waiting: 0, not EAGAIN.
    assertEquals(setup.receiver.receive(makeBurst()), 0);
    assertGreater(1000, setup.door.entered);
  },
);
