import { assert, assertEquals, assertGreater } from "@std/assert";
import { Connection } from "../../../lib/connection/connection.ts";
import type { Burst } from "../../../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../../../lib/net/frame.ts";
import { MAX_SEGMENT_HEADER_BYTES } from "../../../lib/net/segmenter.ts";
import { ffiTest } from "../../ffi/case.ts";
import { assertFrames, makeFrame } from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { MemoryPlug } from "../cable/memory_plug.ts";
import { referenceSegments } from "../net/reference_segmenter.ts";
import { Flag, makeSuperframe, place } from "../net/superframes.ts";
import { altered, makeFrames, memoryLink, take } from "./memory_link.ts";

/** Copies of a burst's frames. */
function copy(burst: Burst): Uint8Array[] {
  return Array.from(
    { length: burst.count },
    (_, index) => burst.frame(index).slice(),
  );
}

ffiTest(
  "Connection.bursts() gives frames as they come, without a copy",
  async () => {
    await using link = memoryLink();
    const frames = makeFrames(300, 1514);
    link.plug.offer(frames);
    const got: Uint8Array[] = [];
    const buffers = new Set<ArrayBuffer>();
    for await (const burst of link.connection.bursts()) {
      got.push(...copy(burst));
      buffers.add(burst.bytes.buffer);
      if (got.length === frames.length) break;
    }
    assertFrames(got, frames);
    assertEquals(buffers.size, 1);
    assertEquals(link.connection.counters.received.snapshot().frames, 300);
  },
);

ffiTest(
  "Connection.bursts() begins with frames that a loop has left",
  async () => {
    await using link = memoryLink();
    const frames = makeFrames(5);
    link.plug.offer(frames);
    const first = await take(link.connection, 2);
    link.plug.offer([makeFrame(60, 9)]);
    const got: Uint8Array[] = [];
    for await (const burst of link.connection.bursts()) {
      got.push(...copy(burst));
      if (got.length >= 4) break;
    }
    assertFrames([...first, ...got], [...frames, makeFrame(60, 9)]);
  },
);

ffiTest("Connection.bursts() of two loops never share memory", async () => {
  await using link = memoryLink({ burstFrames: 1 });
  const [one, other] = [link.connection.bursts(), link.connection.bursts()];
  const frames = makeFrames(2);
  link.plug.offer(frames);
  const bursts = [await one.next(), await other.next()]
    .map(({ value }) => value)
    .filter((burst) => burst instanceof Object);
  assertFrames(bursts.flatMap(copy), frames);
});

ffiTest(
  "Connection.sendBurst() sends on what came from another connection",
  async () => {
    await using from = memoryLink();
    await using to = memoryLink({ room: 10 });
    const frames = makeFrames(100);
    from.plug.offer(frames);
    to.plug.onSent = () => to.plug.makeRoom(10);
    for await (const burst of from.connection.bursts()) {
      await to.connection.sendBurst(burst);
      if (to.plug.taken.length === frames.length) break;
    }
    assertFrames(to.plug.taken, frames);
  },
);

const payload = seededRandom(5).bytes(60_000);
const SUPERFRAME = makeSuperframe({ payload, flags: Flag.ack }, 1400);
const SEGMENTS = referenceSegments(
  SUPERFRAME,
  MAX_FRAME_BYTES,
  MAX_SEGMENT_HEADER_BYTES,
);

/** A plug that gives as many superframes as a burst takes, `count` in all, and a connection of it. */
function superframeLink(count: number): Connection {
  const plug = new MemoryPlug();
  plug.offer([makeFrame(60, 0)]); // makes it readable
  let left = count;
  return new Connection(altered(plug, {
    receive: (burst) => {
      let frames = 0;
      while (left > 0 && burst.room(1 << 16) > 0) {
        place(burst, SUPERFRAME, burst.tail);
        left--;
        frames++;
      }
      return frames;
    },
  }));
}

ffiTest(
  "Connection makes plain frames of superframes, in their order",
  async () => {
    const count = 40;
    await using connection = superframeLink(count);
    const wanted = Array.from({ length: count }, () => SEGMENTS).flat();
    assertGreater(wanted.length, 1024);
    assertFrames(await take(connection, wanted.length), wanted);
    assertEquals(connection.counters.received.snapshot().frames, count);
  },
);

ffiTest(
  "Connection.bursts() gives no superframes, whichever loop takes the pieces",
  async () => {
    const count = 40;
    await using connection = superframeLink(count);
    const wanted = Array.from({ length: count }, () => SEGMENTS).flat();
    const got: Uint8Array[] = [];
    for await (const burst of connection.bursts()) {
      assert(copy(burst).every((frame) => frame.length <= MAX_FRAME_BYTES));
      assert(burst.kind.subarray(0, burst.count).every((kind) => kind === 0));
      got.push(...copy(burst));
      if (got.length < wanted.length) got.push(...await take(connection, 3));
      if (got.length === wanted.length) break;
    }
    assertFrames(got, wanted);
  },
);

ffiTest(
  "Connection.bursts() gives superframes whole to those who ask for them",
  async () => {
    const count = 20;
    await using connection = superframeLink(count);
    let got = 0;
    for await (const burst of connection.bursts({ superframes: true })) {
      assertFrames(copy(burst), copy(burst).map(() => SUPERFRAME.bytes));
      assertEquals(burst.kind[0], SUPERFRAME.kind);
      got += burst.count;
      if (got === count) break;
    }
  },
);

ffiTest(
  "Connection.sendBurst() makes plain frames for a link that takes no superframes",
  async () => {
    await using from = superframeLink(20);
    await using to = memoryLink({ room: 100 });
    to.plug.onSent = () => to.plug.makeRoom(100);
    const wanted = Array.from({ length: 20 }, () => SEGMENTS).flat();
    for await (const burst of from.bursts({ superframes: true })) {
      await to.connection.sendBurst(burst);
      if (to.plug.taken.length === wanted.length) break;
    }
    assertFrames(to.plug.taken, wanted);
  },
);
