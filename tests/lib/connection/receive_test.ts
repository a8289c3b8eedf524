import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";
import { assertFrames, makeFrame } from "../../plugs.ts";
import { isPending, makeFrames, memoryLink, take } from "./memory_link.ts";

ffiTest(
  "Connection gives frames that wait, and those that come later",
  async () => {
    await using link = memoryLink();
    const frames = [makeFrame(14, 1), makeFrame(9234, 2), makeFrame(60, 3)];
    link.plug.offer(frames.slice(0, 2));
    assertFrames(await take(link.connection, 2), frames.slice(0, 2));
    const later = take(link.connection, 1);
    assert(await isPending(later));
    link.plug.offer(frames.slice(2));
    assertFrames(await later, frames.slice(2));
    const { frames: count, bytes, bursts } = link.connection.counters.received
      .snapshot();
    assertEquals([count, bytes, bursts], [3, 14 + 9234 + 60, 2]);
  },
);

ffiTest("Connection gives thousands of frames in their order", async () => {
  await using link = memoryLink({ burstFrames: 7 });
  const frames = makeFrames(5000);
  link.plug.offer(frames);
  assertFrames(await take(link.connection, frames.length), frames);
});

ffiTest("Connection gives frames that are the caller's own", async () => {
  await using link = memoryLink();
  const frames = makeFrames(3);
  link.plug.offer(frames);
  const [first, second] = await take(link.connection, 2);
  first.fill(0);
  assertNotEquals(first.buffer, second.buffer);
  assertEquals(first.buffer.byteLength, 60);
  assertFrames([second], [frames[1]]);
  assertFrames(await take(link.connection, 1), [frames[2]]);
});

ffiTest(
  "Connection lets the event loop have turns while frames keep coming",
  async () => {
    await using link = memoryLink();
    let stopped = false;
    setTimeout(() => stopped = true, 30);
    link.plug.onReceive = () => {
      if (link.plug.waiting === 0) link.plug.offer([makeFrame(60, 1)]);
    };
    const deadline = performance.now() + 10_000;
    link.plug.offer([makeFrame(60, 1)]);
    for await (const _ of link.connection) {
      if (stopped || performance.now() > deadline) break;
    }
    assert(stopped, "no timer ran for ten seconds");
  },
);

ffiTest(
  "Connection keeps frames that a loop has left for the next one",
  async () => {
    await using link = memoryLink();
    const frames = makeFrames(4);
    link.plug.offer(frames);
    assertFrames(await take(link.connection, 1), [frames[0]]);
    assertFrames(await take(link.connection, 3), frames.slice(1));
  },
);

ffiTest(
  "Connection shares frames between two loops, each to one of them",
  async () => {
    await using link = memoryLink();
    const frames = makeFrames(6);
    const loops = [take(link.connection, 3), take(link.connection, 3)];
    link.plug.offer(frames);
    const got = (await Promise.all(loops)).flat();
    const seeds = got.map((frame) => frame[11]).sort();
    assertEquals(seeds, frames.map((frame) => frame[11]));
  },
);

ffiTest("Connection.receive() answers in the order of the calls", async () => {
  await using link = memoryLink();
  const frames = makeFrames(3);
  const answers = frames.map(() => link.connection.receive());
  for (const frame of frames) link.plug.offer([frame]);
  const got = await Promise.all(answers);
  assertFrames(got.filter((frame) => frame !== undefined), frames);
});

ffiTest(
  "Connection.receive() gives up by a signal, and loses no frame",
  async () => {
    await using link = memoryLink();
    const frames = makeFrames(2);
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const first = link.connection.receive({ signal });
    const second = link.connection.receive();
    giveUp.abort(new RangeError("too long"));
    await assertRejects(() => first, RangeError, "too long");
    link.plug.offer(frames);
    const got = [await second, await link.connection.receive()];
    assertFrames(got.filter((frame) => frame !== undefined), frames);
    await assertRejects(() => link.connection.receive({ signal }), RangeError);
  },
);

ffiTest(
  "Connection.receive() waits again after the last one gave up",
  async () => {
    await using link = memoryLink();
    for (let round = 0; round < 3; round++) {
      const giveUp = new AbortController();
      const waiting = link.connection.receive({ signal: giveUp.signal });
      if (round > 0) assert(await isPending(waiting));
      giveUp.abort();
      await assertRejects(() => waiting, DOMException);
    }
    const waiting = link.connection.receive();
    const frame = makeFrame(60, 1);
    link.plug.offer([frame]);
    assertEquals(await waiting, frame);
  },
);

ffiTest(
  "Connection ends loops in good order, after the last frame",
  async () => {
    await using link = memoryLink();
    const frames = makeFrames(3);
    link.plug.offer(frames);
    link.plug.fail(new LinkEnd("Cannot receive: end of file"));
    const got: Uint8Array[] = [];
    for await (const frame of link.connection) got.push(frame);
    assertFrames(got, frames);
    assertEquals(await link.connection.receive(), undefined);
  },
);

ffiTest(
  "Connection ends loops when the other side hangs up, after the last frame",
  async () => {
    await using link = memoryLink();
    const frames = makeFrames(3);
    link.plug.offer(frames);
    link.plug.hangUp();
    const got: Uint8Array[] = [];
    for await (const frame of link.connection) got.push(frame);
    assertFrames(got, frames);
  },
);

ffiTest(
  "Connection ends a loop that waits when the other side hangs up",
  async () => {
    await using link = memoryLink();
    const loop = take(link.connection, 1);
    assert(await isPending(loop));
    link.plug.hangUp();
    assertFrames(await loop, []);
  },
);

ffiTest(
  "Connection rejects all loops when the link breaks, and those that follow",
  async () => {
    await using link = memoryLink();
    const loops = [take(link.connection, 1), take(link.connection, 1)];
    link.plug.fail(new PlugError("Cannot receive: EIO", { code: "EIO" }));
    const errors = await Promise.all(
      loops.map((loop) => assertRejects(() => loop, PlugError, "EIO")),
    );
    assertEquals(errors.map((error) => error.code), ["EIO", "EIO"]);
    await assertRejects(() => take(link.connection, 1), PlugError, "EIO");
  },
);
