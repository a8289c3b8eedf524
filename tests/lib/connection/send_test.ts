import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { Connection } from "../../../lib/connection/connection.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";
import { assertFrames, burstOf, makeFrame } from "../../plugs.ts";
import { MemoryPlug } from "../cable/memory_plug.ts";
import {
  altered,
  isPending,
  makeFrames,
  memoryLink,
  take,
} from "./memory_link.ts";

ffiTest("Connection.send() hands a frame over before it returns", async () => {
  await using link = memoryLink();
  const frames = [makeFrame(14, 1), makeFrame(9234, 2)];
  const sending = frames.map((frame) => link.connection.send(frame.slice()));
  assertFrames(link.plug.taken.slice(0, 1), frames.slice(0, 1));
  await Promise.all(sending);
  assertFrames(link.plug.taken, frames);
  const { frames: count, bytes } = link.connection.counters.sent.snapshot();
  assertEquals([count, bytes], [2, 14 + 9234]);
});

ffiTest(
  "Connection.send() waits for room, and keeps the order of the calls",
  async () => {
    await using link = memoryLink({ room: 2 });
    const { connection, plug } = link;
    const frames = makeFrames(6);
    const sending = [
      ...frames.slice(0, 3).map((frame) => connection.send(frame)),
      connection.sendBurst(burstOf(frames.slice(3, 5))),
      connection.send(frames[5]),
    ];
    assert(await isPending(sending[2]));
    assertFrames(plug.taken, frames.slice(0, 2));
    plug.makeRoom(2);
    await sending[2];
    assert(await isPending(sending[3]));
    assertFrames(plug.taken, frames.slice(0, 4));
    plug.makeRoom(10);
    await Promise.all(sending);
    assertFrames(plug.taken, frames);
  },
);

for (const wrap of [Uint8Array, Buffer]) {
  ffiTest(
    `Connection.send() copies a ${wrap.name} at once, also into a full link`,
    async () => {
      await using link = memoryLink({ room: 0 });
      const wanted = makeFrames(3);
      const sending = wanted.map(async (frame) => {
        const own = wrap.from(frame);
        const sent = link.connection.send(own);
        own.fill(0xa5);
        await sent;
      });
      link.plug.makeRoom(3);
      await Promise.all(sending);
      assertFrames(link.plug.taken, wanted);
    },
  );
}

const BAD_FRAMES = [
  { name: "text", frame: "frame", error: TypeError, found: "string" },
  { name: "nothing", frame: undefined, error: TypeError, found: "undefined" },
  { name: "null", frame: null, error: TypeError, found: "null" },
  { name: "an array", frame: [1, 2], error: TypeError, found: "Array" },
  {
    name: "a buffer without a view",
    frame: new ArrayBuffer(60),
    error: TypeError,
    found: "ArrayBuffer",
  },
  {
    name: "wider numbers",
    frame: new Uint16Array(60),
    error: TypeError,
    found: "Uint16Array",
  },
  {
    name: "no bytes",
    frame: new Uint8Array(0),
    error: RangeError,
    found: "received 0",
  },
  {
    name: "a runt",
    frame: new Uint8Array(13),
    error: RangeError,
    found: "14 to 9234 bytes: received 13",
  },
  {
    name: "an oversize frame",
    frame: new Uint8Array(9235),
    error: RangeError,
    found: "14 to 9234 bytes: received 9235",
  },
] as const;

for (const { name, frame, error, found } of BAD_FRAMES) {
  ffiTest(`Connection.send() refuses ${name}, and goes on`, async () => {
    await using link = memoryLink();
    const { connection, plug } = link;
    // What TypeScript would have refused.
    const bad = frame as unknown as Uint8Array;
    await assertRejects(
      () => connection.send(bad),
      error,
      'Cannot send to "memory://" as a frame',
    );
    await assertRejects(() => connection.send(bad), error, found);
    const good = makeFrame(60, 1);
    await connection.send(good);
    assertFrames(plug.taken, [good]);
  });
}

ffiTest("Connection.sendBurst() refuses what is no burst", async () => {
  await using link = memoryLink();
  const bad = [makeFrame(60, 1)] as unknown as Parameters<
    Connection["sendBurst"]
  >[0];
  await assertRejects(
    () => link.connection.sendBurst(bad),
    TypeError,
    "as a burst is a Burst: received Array",
  );
});

ffiTest("Connection.sendBurst() takes an empty burst", async () => {
  await using link = memoryLink({ room: 0 });
  await link.connection.sendBurst(burstOf([]));
  assertEquals(link.plug.taken.length, 0);
});

ffiTest(
  "Connection.send() lets the event loop have turns on a link that is never full",
  async () => {
    await using link = memoryLink({ lossy: true });
    let stopped = false;
    setTimeout(() => stopped = true, 30);
    const frame = makeFrame(60, 1);
    const deadline = performance.now() + 10_000;
    while (!stopped && performance.now() < deadline) {
      await link.connection.send(frame);
      link.plug.taken.length = 0;
    }
    assert(stopped, "no timer ran for ten seconds");
  },
);

ffiTest(
  "Connection.send() tells the end of the link, again and again",
  async () => {
    await using link = memoryLink({ room: 0 });
    link.plug.sendError = new LinkEnd("Cannot send: the reader is gone");
    for (let round = 0; round < 2; round++) {
      await assertRejects(
        () => link.connection.send(makeFrame(60, 1)),
        LinkEnd,
        "the reader is gone",
      );
    }
  },
);

ffiTest(
  "Connection.send() ends when the other side of a full link hangs up",
  async () => {
    await using link = memoryLink({ room: 0 });
    const sending = makeFrames(3).map((frame) => link.connection.send(frame));
    assert(await isPending(sending[0]));
    link.plug.hangUp();
    for (const sent of sending) {
      await assertRejects(() => sent, LinkEnd, "the other side hung up");
    }
  },
);

ffiTest(
  "Connection.send() tells of a plug that leaves frames and has nothing to wait for",
  async () => {
    const plug = new MemoryPlug({ lossy: true });
    await using connection = new Connection(altered(plug, { send: () => 0 }));
    await assertRejects(
      () => connection.send(makeFrame(60, 1)),
      PlugError,
      "must have a writeFd",
    );
    await assertRejects(() => connection.receive(), PlugError);
  },
);

const ENDS = [
  {
    name: "has ended",
    reason: new LinkEnd("Cannot receive: end of file"),
    error: LinkEnd,
  },
  {
    name: "is broken",
    reason: new PlugError("Cannot receive: EIO", { code: "EIO" }),
    error: PlugError,
  },
] as const;

for (const { name, reason, error } of ENDS) {
  ffiTest(
    `Connection.send() tells that the link ${name}, once receive() has`,
    async () => {
      await using link = memoryLink();
      const { connection, plug } = link;
      plug.fail(reason);
      await connection.receive().catch(() => {});
      for (let round = 0; round < 2; round++) {
        for (
          const send of [
            () => connection.send(makeFrame(60, 1)),
            () => connection.sendBurst(burstOf([makeFrame(60, 1)])),
          ]
        ) await assertRejects(send, error, reason.message);
      }
      assertEquals(plug.taken.length, 0);
      assertEquals(connection.counters.sent.snapshot().frames, 0);
    },
  );

  ffiTest(
    `Connection.send() tells that the link ${name} where nobody receives, and keeps what came before`,
    async () => {
      await using link = memoryLink();
      const { connection, plug } = link;
      const frames = makeFrames(3);
      plug.offer(frames);
      await sendUntil(connection, () => plug.waiting === 0);
      // What is held now hides the end from who only sends.
      plug.fail(reason);
      assertFrames(await take(connection, 3), frames);
      await assertRejects(
        () => sendUntil(connection, () => false),
        error,
        reason.message,
      );
      if (error === LinkEnd) {
        assertEquals(await connection.receive(), undefined);
      } else {
        await assertRejects(
          () => connection.receive(),
          error,
          reason.message,
        );
      }
    },
  );

  ffiTest(
    `Connection.receive() tells that the link ${name}, once send() has, after what came before`,
    async () => {
      await using link = memoryLink({ room: 0 });
      const { connection, plug } = link;
      const frames = makeFrames(200);
      plug.offer(frames);
      plug.sendError = reason;
      await assertRejects(
        () => connection.send(makeFrame(60, 1)),
        error,
        reason.message,
      );
      assertFrames(await take(connection, 200), frames);
      const receiving = connection.receive();
      if (error === LinkEnd) assertEquals(await receiving, undefined);
      else await assertRejects(() => receiving, error, reason.message);
    },
  );
}

ffiTest(
  "Connection.receive() that waits ends when send() finds the link ended",
  async () => {
    await using link = memoryLink({ room: 0 });
    const receiving = link.connection.receive();
    assert(await isPending(receiving));
    link.plug.sendError = new LinkEnd("Cannot send: the reader is gone");
    await assertRejects(() => link.connection.send(makeFrame(60, 1)), LinkEnd);
    assertEquals(await receiving, undefined);
  },
);

ffiTest(
  "Connection.send() tells of a hang-up where nobody receives, though frames wait",
  async () => {
    await using link = memoryLink();
    const { connection, plug } = link;
    const frames = makeFrames(500);
    plug.offer(frames);
    plug.hangUp();
    await assertRejects(
      () => sendUntil(connection, () => false),
      LinkEnd,
      "the other side hung up",
    );
    assertFrames(await take(connection, 1000), frames);
  },
);

/** Sends frames until something is the case, or the link ends. */
async function sendUntil(
  connection: Connection,
  isSo: () => boolean,
): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    assert(performance.now() < deadline, "nothing happened in ten seconds");
    await connection.send(makeFrame(60, 1));
  }
}

ffiTest("Connection.send() tells of a closed connection", async () => {
  const link = memoryLink();
  await link.connection.close();
  await assertRejects(
    () => link.connection.send(makeFrame(60, 1)),
    PlugError,
    'Cannot send to "memory://": the connection is closed',
  );
});
