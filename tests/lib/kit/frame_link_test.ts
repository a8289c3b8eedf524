import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { closeFd, O_RDONLY, openFile } from "../../../ffi/fd.ts";
import { POLLIN, PollSet } from "../../../ffi/poll.ts";
import { makeCableBurst } from "../../../lib/cable/cable_burst.ts";
import { runLoop } from "../../../lib/cable/loop.ts";
import { Connection } from "../../../lib/connection/connection.ts";
import { PLUGIN_KIT } from "../../../lib/kit/mod.ts";
import type { Burst } from "../../../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../../../lib/net/frame.ts";
import { FrameKind } from "../../../lib/net/offload.ts";
import { MAX_SEGMENT_HEADER_BYTES } from "../../../lib/net/segmenter.ts";
import { Counter, Counters } from "../../../lib/plug/counters.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { holdBack } from "../../../lib/plug/hold_back.ts";
import type { FrameLink } from "../../../lib/plug/kit.ts";
import { namePlug } from "../../../lib/plug/plug_calls.ts";
import { type Plug, servingOf } from "../../../lib/plug/plugin.ts";
import { ffiTest } from "../../ffi/case.ts";
import { plugContract } from "../../plugin_contract.ts";
import { assertFrames, burstOf, makeFrame, testOptions } from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { MemoryPlug, Stopper } from "../cable/memory_plug.ts";
import { openPipes, openSockets } from "../cable/streams.ts";
import { altered } from "../connection/memory_link.ts";
import { referenceSegments } from "../net/reference_segmenter.ts";
import {
  makePlainFrame,
  makeSuperframe,
  place,
  type TestFrame,
} from "../net/superframes.ts";

/** A cable that does not end by itself is stopped then. */
const STOP_MS = 20_000;

const { framePlug, frameLink } = PLUGIN_KIT;
const NAME = { vnl: "inner://x", culprit: { words: "the plugin of x.ts" } };

for (const [name, openPair] of Object.entries({ openPipes, openSockets })) {
  plugContract(`frame link, ${name},`, {
    reliable: true,
    openPair: async (near, far) => {
      const pair = await openPair(near, far);
      return {
        ...pair,
        near: framePlug(frameLink(pair.near, near), near),
        far: framePlug({ ...frameLink(pair.far, far) }, far),
      };
    },
  });
}

function isReadable(fd: number): boolean {
  const polls = new PollSet(1);
  polls.set(0, fd, POLLIN);
  return polls.wait(0) > 0;
}

/** One frame of a link; undefined when none waits. */
function receive(link: FrameLink): Uint8Array | undefined {
  const room = new Uint8Array(MAX_FRAME_BYTES);
  const length = link.receive(room);
  return length < 0 ? undefined : room.subarray(0, length);
}

/** All frames that a link has, taken while its descriptor tells of them. */
function receiveAll(link: FrameLink): Uint8Array[] {
  const frames: Uint8Array[] = [];
  while (isReadable(link.fd)) {
    const frame = receive(link);
    if (frame !== undefined) frames.push(frame);
  }
  assertEquals(receive(link), undefined);
  return frames;
}

function numbered(count: number, length = 60): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: count }, (_, seed) => makeFrame(length, seed));
}

ffiTest("frameLink() tells the plug's facts, and closes it once", () => {
  using inner = new MemoryPlug();
  let closed = 0;
  const plug = altered(inner, {
    maxFrameBytes: 1518,
    [Symbol.dispose]: () => void closed++,
  });
  const link = frameLink(plug, testOptions());
  const { writeFd, controlFd, maxFrameBytes, serve } = link;
  assertEquals(
    [writeFd, controlFd, maxFrameBytes, serve],
    [inner.writeFd, inner.controlFd, 1518, undefined],
  );
  link[Symbol.dispose]();
  link[Symbol.dispose]();
  assertEquals(closed, 1);
});

ffiTest("frameLink() carries no longer frames than a network does", () => {
  const plug = altered(new MemoryPlug(), { maxFrameBytes: 65_550 });
  using link = frameLink(plug, testOptions());
  assertEquals(link.maxFrameBytes, MAX_FRAME_BYTES);
});

ffiTest(
  "frameLink() is readable for what is left of a burst, and not longer",
  () => {
    const plug = new MemoryPlug();
    using link = frameLink(plug, testOptions());
    assert(!isReadable(link.fd));
    const frames = numbered(3);
    plug.offer(frames);
    for (const frame of frames) {
      assert(isReadable(link.fd));
      assertFrames([receive(link)!], [frame]);
    }
    assertEquals(plug.calls.receive, 1);
    assert(!isReadable(link.fd));
    assertEquals(receive(link), undefined);
  },
);

ffiTest("frameLink() neither loses nor reorders frames of many bursts", () => {
  const plug = new MemoryPlug();
  using link = frameLink(plug, testOptions());
  const frames = numbered(3000, 100);
  plug.offer(frames);
  assertFrames(receiveAll(link), frames);
});

ffiTest("frameLink() comes out of a plug of none", () => {
  const plug = altered(new MemoryPlug(), { fd: -1 });
  using link = frameLink(plug, testOptions());
  assert(!isReadable(link.fd));
});

// ---- Superframes ----

const payload = seededRandom(78).bytes(60_000);
const short = payload.subarray(0, 301);
const WANTING = makePlainFrame({
  payload: short,
  transport: "udp",
  complete: false,
});
/** With others, more frames than a burst holds. */
const MANY = makeSuperframe(
  { payload: payload.subarray(0, 45_000), version: 6 },
  45,
);
const SUPERFRAMES: readonly TestFrame[] = [
  makePlainFrame({ payload: short }),
  makeSuperframe({ payload }, 1400),
  WANTING,
  MANY,
  makeSuperframe({ payload, transport: "udp" }, 1000),
  makePlainFrame({ payload: short }),
];

/** What nothing can be made of: it says that it is TCP, and is too short for it. */
const MALFORMED: TestFrame = {
  ...makeSuperframe({ payload }, 1400),
  bytes: makeFrame(60, 1),
};

/** Frames as a sink that knows nothing gets them. */
function plainFrames(frame: TestFrame): Uint8Array[] {
  if (frame === WANTING) {
    return [makePlainFrame({ payload: short, transport: "udp" }).bytes];
  }
  if (frame.kind === FrameKind.plain) return [frame.bytes];
  return referenceSegments(frame, MAX_FRAME_BYTES, MAX_SEGMENT_HEADER_BYTES);
}

/** A plug that gives these, once its memory has a frame to tell of them. */
function superframePlug(
  frames: readonly TestFrame[],
  memory = new MemoryPlug(),
): Plug {
  memory.offer([makeFrame(60, 0)]);
  return altered(memory, {
    receive(burst) {
      if (!isReadable(memory.fd)) return 0;
      memory.receive(burst);
      burst.clear();
      for (const frame of frames) place(burst, frame, burst.tail);
      return frames.length;
    },
  });
}

ffiTest(
  "frameLink() makes plain frames of superframes, checksums complete",
  () => {
    const options = testOptions();
    using link = frameLink(superframePlug(SUPERFRAMES), options);
    assertFrames(receiveAll(link), SUPERFRAMES.flatMap(plainFrames));
    assertEquals(options.receiveCounters.dropped(), 0);
  },
);

ffiTest(
  "frameLink() hands the same to a cable, through a plug of its own",
  () => {
    const options = testOptions();
    using source = framePlug(
      frameLink(superframePlug(SUPERFRAMES), options),
      options,
    );
    using sink = new MemoryPlug();
    using stopper = new Stopper(STOP_MS);
    const wanted = SUPERFRAMES.flatMap(plainFrames);
    sink.onSent = () => {
      if (sink.taken.length === wanted.length) stopper.stop();
    };
    const counters = [new Counters(), new Counters()] as const;
    runLoop({ plugs: [source, sink], counters, stopFd: stopper.fd });
    assertFrames(sink.taken, wanted);
  },
);

ffiTest("frameLink() drops and counts what is no frame", () => {
  const options = testOptions();
  const runt = { ...makePlainFrame({ payload }), bytes: makeFrame(13, 1) };
  const long = { ...runt, bytes: makeFrame(MAX_FRAME_BYTES + 1, 1) };
  const good = makePlainFrame({ payload: short });
  const frames = [MALFORMED, runt, good, long, MALFORMED];
  using link = frameLink(superframePlug(frames), options);
  assertFrames(receiveAll(link), [good.bytes]);
  const { malformed, runt: runts, oversize } = options.receiveCounters
    .snapshot();
  assertEquals([malformed, runts, oversize], [2, 1, 1]);
});

ffiTest("frameLink() gives way although what comes is no frame", () => {
  let calls = 0;
  const plug = altered(new MemoryPlug(), {
    receive(burst) {
      calls++;
      burst.push(makeFrame(13, 1));
      return 1;
    },
  });
  using link = frameLink(plug, testOptions());
  assertEquals(receive(link), undefined);
  assertEquals(calls, 1);
});

// ---- Ends ----

const ENDS = [
  new LinkEnd("the other side hung up"),
  new PlugError("Cannot receive: the line is cut", { code: "EIO" }),
];

for (const end of ENDS) {
  ffiTest(
    `frameLink() hands out what came before a ${end.name}, which stays`,
    () => {
      const plug = new MemoryPlug();
      using link = frameLink(plug, testOptions());
      const frames = numbered(3);
      plug.offer(frames);
      plug.fail(end);
      for (const frame of frames) assertFrames([receive(link)!], [frame]);
      for (let call = 0; call < 2; call++) {
        assert(isReadable(link.fd));
        assertStrictEquals(assertThrows(() => receive(link)), end);
      }
      assertEquals(plug.calls.receive, 2);
    },
  );
}

ffiTest("frameLink() tells of an end that the plug held back", () => {
  const end = new LinkEnd("over");
  let isOver = false;
  // Its own descriptor never tells.
  const plug = altered(new MemoryPlug(), {
    receive(burst: Burst) {
      if (isOver) throw end;
      isOver = burst.push(makeFrame(60, 1));
      holdBack(burst);
      return 1;
    },
  });
  using link = frameLink(plug, testOptions());
  assertFrames([receive(link)!], [makeFrame(60, 1)]);
  assert(isReadable(link.fd));
  assertStrictEquals(assertThrows(() => receive(link)), end);
});

ffiTest("frameLink() names the inner plug in what its code does wrong", () => {
  const plug = namePlug(
    altered(new MemoryPlug(), {
      receive: () => {
        throw new TypeError("x is undefined");
      },
      send: () => 2,
    }),
    NAME,
  );
  using link = frameLink(plug, testOptions());
  assertThrows(
    () => receive(link),
    PlugError,
    'Cannot receive from "inner://x": the plugin of x.ts threw TypeError',
  );
  assertThrows(
    () => link.send(makeFrame(60, 1)),
    PlugError,
    'Cannot send to "inner://x" as send must return how many frames it took',
  );
});

// ---- Sending ----

ffiTest(
  "frameLink() sends frame by frame, and is full while the plug is",
  () => {
    const plug = new MemoryPlug({ room: 1 });
    const options = testOptions();
    using link = frameLink(plug, options);
    const [first, second, third] = numbered(3);
    assertEquals(link.send(first), "sent");
    assertEquals([link.send(second), link.send(second)], ["full", "full"]);
    plug.makeRoom(2);
    assertEquals([link.send(second), link.send(third)], ["sent", "sent"]);
    assertFrames(plug.taken, [first, second, third]);
    assertEquals(options.sendCounters.dropped(), 0);
  },
);

ffiTest(
  "frameLink() offers a frame to the end, of which a part may be gone",
  () => {
    const plug = new MemoryPlug({ room: 0 });
    using link = frameLink(plug, testOptions());
    const [first, second, third] = numbered(3);
    assertEquals(link.send(first), "full");
    // Dropped by whoever sends.
    assertEquals(link.send(second), "full");
    plug.makeRoom(1);
    assertEquals(link.send(second), "full");
    plug.makeRoom(2);
    assertEquals([link.send(second), link.send(third)], ["sent", "sent"]);
    assertFrames(plug.taken, [first, second, third]);
  },
);

ffiTest(
  "frameLink() leaves the count of drops to a plug that never waits",
  () => {
    const plug = new MemoryPlug({ lossy: true });
    const options = testOptions();
    using link = frameLink(plug, options);
    assertEquals(link.send(makeFrame(60, 1)), "sent");
    assertEquals(link.writeFd, undefined);
  },
);

ffiTest(
  "frameLink() refuses a plug that leaves frames and has no writeFd",
  () => {
    const plug = namePlug(new MemoryPlug({ lossy: true, room: 0 }), NAME);
    using link = frameLink(plug, testOptions());
    assertThrows(
      () => link.send(makeFrame(60, 1)),
      PlugError,
      'Cannot send to "inner://x" as a plug that leaves frames must have',
    );
  },
);

for (
  const { length, reason } of [
    { length: 13, reason: "runt" },
    { length: MAX_FRAME_BYTES + 1, reason: "oversize" },
  ] as const
) {
  ffiTest(
    `frameLink() drops and counts what an author sends: ${reason}`,
    () => {
      const plug = new MemoryPlug();
      const options = testOptions();
      using link = frameLink(plug, options);
      assertEquals(link.send(makeFrame(length, 1)), "sent");
      assertEquals([plug.taken.length, plug.calls.send], [0, 0]);
      assertEquals(options.sendCounters.cells[Counter[reason]], 1);
    },
  );
}

for (const error of ENDS) {
  ffiTest(`frameLink() passes on what sending throws: ${error.name}`, () => {
    const plug = new MemoryPlug({ room: 0 });
    plug.sendError = error;
    using link = frameLink(plug, testOptions());
    assertStrictEquals(assertThrows(() => link.send(makeFrame(60, 1))), error);
  });
}

// ---- Work of its own ----

/** A plug that serves, and how often it did. */
function servingPlug(memory: MemoryPlug): Plug & { served: number } {
  const plug = { ...altered(memory, {}), served: 0, serve: () => {} };
  plug.serve = () => void plug.served++;
  return plug;
}

ffiTest(
  "frameLink() serves a plug that has work of its own, and drops what it holds",
  () => {
    const memory = new MemoryPlug();
    const plug = servingPlug(memory);
    const options = testOptions();
    using outer = framePlug(frameLink(plug, options), options);
    const serving = servingOf(outer);
    assert(serving !== undefined);
    memory.offer(numbered(600));
    // One turn is 512 frames: the link holds the others.
    assertEquals(outer.receive(makeCableBurst()), 512);
    assert(isReadable(outer.fd));
    serving.serve();
    assertEquals(plug.served, 1);
    assert(!isReadable(outer.fd), "a thread would be busy with it");
    assertEquals(options.receiveCounters.cells[Counter.full], 88);
    const [late] = numbered(1);
    memory.offer([late]);
    const burst = burstOf([]);
    assertEquals(outer.receive(burst), 1);
    assertFrames([burst.frame(0)], [late]);
  },
);

ffiTest(
  "frameLink() drops half a superframe, and begins the next one at its start",
  () => {
    const memory = new MemoryPlug();
    const superframes = superframePlug([MANY, MANY], memory);
    const options = testOptions();
    const serving = { ...superframes, serve: () => {} };
    using link = frameLink(serving, options);
    const wanted = [MANY, MANY].flatMap(plainFrames);
    assertFrames([receive(link)!], wanted.slice(0, 1));
    link.serve?.();
    const { full } = options.receiveCounters.snapshot();
    assertEquals(full, wanted.length - 1);
    assertEquals(receiveAll(link), []);
    memory.offer([makeFrame(60, 0)]);
    assertFrames(receiveAll(link), wanted);
  },
);

ffiTest("frameLink() ends with a plug whose own work fails", () => {
  const plug = namePlug({
    ...altered(new MemoryPlug(), {}),
    serve: () => {
      throw new TypeError("oh");
    },
  }, NAME);
  using link = frameLink(plug, testOptions());
  const error = assertThrows(() => link.serve?.(), PlugError);
  assertEquals(
    error.message.split(" (")[0],
    'Cannot serve "inner://x": the plugin of x.ts threw TypeError: oh',
  );
  assertStrictEquals(assertThrows(() => receive(link)), error);
});

// ---- What it takes ----

Deno.test("frameLink() refuses what is no plug", () => {
  const none = Promise.resolve() as unknown as Plug;
  assertThrows(
    () => frameLink(none, testOptions()),
    TypeError,
    "found no function receive: it is a promise, to be awaited",
  );
});

ffiTest("frameLink() disposes of a plug of which it cannot make a link", () => {
  let closed = 0;
  using memory = new MemoryPlug();
  const plug = altered(memory, {
    fd: 1_000_000,
    [Symbol.dispose]: () => void closed++,
  });
  const error = assertThrows(() => frameLink(plug, testOptions()), PlugError);
  assertEquals([error.code, closed], ["EBADF", 1]);
});

ffiTest("frameLink() names the plug that cannot be waited for", () => {
  const file = Deno.makeTempFileSync();
  const fd = openFile(file, O_RDONLY);
  try {
    const plug = namePlug(altered(new MemoryPlug(), { fd }), NAME);
    assertThrows(
      () => frameLink(plug, testOptions()),
      PlugError,
      'Cannot wait for "inner://x": ',
    );
  } finally {
    closeFd(fd);
    Deno.removeSync(file);
  }
});

// ---- A filter before it ----

/** A plug that drops so many frames of another, `turn` of them in a call. */
function filter(inner: Plug, frames: number, turn: number): Plug {
  const options = testOptions();
  const link = frameLink(inner, options);
  return framePlug({
    ...link,
    receive(room) {
      for (let tries = 0; tries < turn; tries++) {
        const length = link.receive(room);
        if (length < 0 || frames-- <= 0) return length;
      }
      return -1;
    },
  }, options);
}

for (const [frames, turn] of [[1, 1], [70, 1], [70, 64], [600, 1], [600, 64]]) {
  const what = `${frames} frames that are dropped, ${turn} a call`;

  ffiTest(
    `runLoop() carries what comes behind ${what}, before a hang-up`,
    () => {
      const inner = new MemoryPlug();
      using source = filter(inner, frames, turn);
      using sink = new MemoryPlug();
      using stopper = new Stopper(STOP_MS);
      const sent = numbered(frames + 3);
      inner.offer(sent);
      inner.hangUp();
      assertThrows(() =>
        runLoop({
          plugs: [source, sink],
          counters: [new Counters(), new Counters()],
          stopFd: stopper.fd,
        }), LinkEnd);
      assertFrames(sink.taken, sent.slice(frames));
    },
  );

  ffiTest(
    `Connection.receive() gives what comes behind ${what}, before a hang-up`,
    async () => {
      const inner = new MemoryPlug();
      await using connection = new Connection(filter(inner, frames, turn));
      const sent = numbered(frames + 3);
      const first = connection.receive();
      inner.offer(sent);
      inner.hangUp();
      const got = [(await first)!];
      for await (const frame of connection) got.push(frame);
      assertFrames(got, sent.slice(frames));
    },
  );
}
