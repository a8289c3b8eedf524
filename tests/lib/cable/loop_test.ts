import {
  assert,
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertThrows,
} from "@std/assert";
import { BURST_FRAMES } from "../../../lib/cable/cable_burst.ts";
import { runLoop } from "../../../lib/cable/loop.ts";
import { Counters } from "../../../lib/plug/counters.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import type { Plug, Serving } from "../../../lib/plug/plugin.ts";
import { ffiTest } from "../../ffi/case.ts";
import { assertFrames, makeFrame } from "../../plugs.ts";
import { MemoryPlug, type MemoryPlugSettings, Stopper } from "./memory_plug.ts";

function makeFrames(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, seed) => makeFrame(60, seed));
}

class Setup implements Disposable {
  readonly near: MemoryPlug;
  readonly far: MemoryPlug;
  readonly there = new Counters();
  readonly back = new Counters();
  readonly stopper: Stopper;

  constructor(
    near: MemoryPlugSettings = {},
    far: MemoryPlugSettings = {},
    stopAfterMs?: number,
  ) {
    this.near = new MemoryPlug(near);
    this.far = new MemoryPlug(far);
    this.stopper = new Stopper(stopAfterMs);
  }

  run(plugs: readonly [Plug, Plug] = [this.near, this.far]): void {
    runLoop({
      plugs,
      counters: [this.there, this.back],
      stopFd: this.stopper.fd,
    });
  }

  /** Stops once a plug has taken so many frames. */
  stopWhenTaken(plug: MemoryPlug, frames: number): void {
    plug.onSent = () => {
      if (plug.taken.length >= frames) this.stopper.stop();
    };
  }

  [Symbol.dispose](): void {
    this.near[Symbol.dispose]();
    this.far[Symbol.dispose]();
    this.stopper[Symbol.dispose]();
  }
}

ffiTest("runLoop() carries frames both ways, in order, and counts them", () => {
  using setup = new Setup();
  const { near, far, there, back } = setup;
  const [forth, home] = [makeFrames(1000), makeFrames(500).reverse()];
  near.offer(forth);
  far.offer(home);
  setup.stopWhenTaken(far, forth.length);
  setup.run();
  assertFrames(far.taken, forth);
  assertFrames(near.taken, home);
  assertEquals([there.snapshot().frames, back.snapshot().frames], [1000, 500]);
  assertEquals([there.snapshot().bytes, back.snapshot().bytes], [
    60_000,
    30_000,
  ]);
  assertEquals(there.dropped() + back.dropped(), 0);
});

ffiTest("runLoop() returns when it was stopped before it began", () => {
  using setup = new Setup();
  setup.near.offer(makeFrames(1));
  setup.stopper.stop();
  setup.run();
  assertEquals(setup.far.taken.length, 0);
});

ffiTest("runLoop() sleeps while nothing happens", () => {
  using setup = new Setup({}, { room: 0 }, 200);
  const { near, far } = setup;
  // One direction is idle, the other one stuck.
  near.offer(makeFrames(1));
  setup.run();
  assertLessOrEqual(near.calls.receive, 2);
  assertLessOrEqual(far.calls.receive, 1);
  assertLessOrEqual(far.calls.send, 2);
});

ffiTest("runLoop() waits for nothing at plugs that have no descriptors", () => {
  using setup = new Setup({}, {}, 100);
  const silent: Plug = {
    maxFrameBytes: 9234,
    fd: -1,
    accepts: 0,
    receive: () => 0,
    send: (burst, from) => burst.count - from,
    [Symbol.dispose]() {},
  };
  const start = performance.now();
  setup.run([silent, silent]);
  assertLess(performance.now() - start, 9000);
  setup.near.offer(makeFrames(300));
  setup.near.onReceive = () => {
    if (setup.near.waiting === 0) setup.stopper.stop();
  };
  setup.run([setup.near, silent]);
});

ffiTest("runLoop() lets a full sink stop its source, and nobody else", () => {
  using setup = new Setup({}, { room: 10 });
  const { near, far, back } = setup;
  near.offer(makeFrames(2 * BURST_FRAMES));
  far.offer(makeFrames(10_000));
  setup.stopWhenTaken(near, 10_000);
  setup.run();
  assertEquals([far.taken.length, near.taken.length], [10, 10_000]);
  assertEquals(back.snapshot().frames, 10_000);
  // One burst is on its way; the rest is where it was.
  assertEquals([near.calls.receive, near.waiting], [1, BURST_FRAMES]);
});

ffiTest("runLoop() goes on when a full sink has room again", () => {
  using setup = new Setup({}, { room: 10 });
  const { near, far } = setup;
  const frames = makeFrames(1000);
  near.offer(frames);
  // The other direction makes room, a little at a time.
  far.offer(makeFrames(1));
  near.onSent = () => {
    far.makeRoom(50);
    if (far.taken.length < frames.length) far.offer(makeFrames(1));
    else setup.stopper.stop();
  };
  setup.run();
  assertFrames(far.taken, frames);
});

ffiTest("runLoop() needs no descriptor of a sink that takes everything", () => {
  using setup = new Setup({}, { lossy: true });
  const frames = makeFrames(1000);
  setup.near.offer(frames);
  setup.stopWhenTaken(setup.far, frames.length);
  setup.run();
  assertFrames(setup.far.taken, frames);
});

ffiTest(
  "runLoop() serves both directions in turn, though one never pauses",
  () => {
    using setup = new Setup();
    const { near, far } = setup;
    near.offer(makeFrames(128));
    near.onReceive = () => near.offer(makeFrames(128));
    far.offer(makeFrames(10));
    setup.stopWhenTaken(near, 10);
    setup.run();
    assertEquals(near.taken.length, 10);
    assertLess(near.calls.receive, 20);
  },
);

const ENDS = [
  {
    name: "LinkEnd",
    error: new LinkEnd("it closed the stream"),
    errorClass: LinkEnd,
  },
  {
    name: "PlugError",
    error: new PlugError("Cannot read from it: EIO", { code: "EIO" }),
    errorClass: PlugError,
  },
  {
    name: "TypeError",
    error: new TypeError("x is not a function"),
    errorClass: PlugError,
  },
] as const;

for (const { name, error, errorClass } of ENDS) {
  ffiTest(
    `runLoop() ends with the ${name} of a source, after its last frames`,
    () => {
      for (const side of ["near", "far"] as const) {
        using setup = new Setup();
        const frames = makeFrames(1000);
        setup[side].offer(frames);
        setup[side].fail(error);
        assertThrows(() => setup.run(), errorClass, error.message);
        const other = side === "near" ? setup.far : setup.near;
        assertFrames(other.taken, frames);
      }
    },
  );

  ffiTest(`runLoop() ends with the ${name} of a sink`, () => {
    using setup = new Setup({}, { room: 5 });
    setup.far.sendError = error;
    setup.near.offer(makeFrames(10));
    assertThrows(() => setup.run(), errorClass, error.message);
  });
}

ffiTest(
  "runLoop() lets the other direction finish what it began when a link breaks",
  () => {
    using setup = new Setup({ room: 3 }, {});
    const { near, far } = setup;
    const frames = makeFrames(100);
    far.offer(frames);
    near.onReceive = () => {
      near.makeRoom(20);
      near.receiveError = new PlugError("Cannot read from it");
    };
    // Room comes while the cable ends, bit by bit.
    near.onSent = () => {
      if (near.receiveError) near.makeRoom(20);
      else near.offer([]);
    };
    assertThrows(() => setup.run(), PlugError, "Cannot read from it");
    assertFrames(near.taken, frames);
  },
);

ffiTest(
  "runLoop() lets sinks take what they were offered when it is stopped",
  () => {
    using setup = new Setup({}, { room: 3 });
    const { near, far } = setup;
    const frames = makeFrames(100);
    near.offer(frames);
    far.onSent = () => {
      setup.stopper.stop();
      far.makeRoom(10);
    };
    setup.run();
    assertFrames(far.taken, frames);
  },
);

ffiTest(
  "runLoop() does not wait for ever for a sink that takes nothing more",
  () => {
    using setup = new Setup({ room: 1 }, { room: 1 });
    setup.near.offer(makeFrames(10));
    setup.far.offer(makeFrames(10));
    setup.near.onSent = () => setup.stopper.stop();
    const start = performance.now();
    setup.run();
    assertLess(performance.now() - start, 9000);
  },
);

for (const side of ["near", "far"] as const) {
  ffiTest(
    `runLoop() ends when the other side of the ${side} plug hangs up, after its last frames`,
    () => {
      using setup = new Setup();
      const frames = makeFrames(5000);
      setup[side].offer(frames);
      setup[side].hangUp();
      assertThrows(() => setup.run(), LinkEnd, "hung up");
      const other = side === "near" ? setup.far : setup.near;
      assertFrames(other.taken, frames);
    },
  );
}

ffiTest(
  "runLoop() brings the last frames of a side that hung up through a slow sink",
  () => {
    using setup = new Setup({}, { room: 0 });
    const { near, far } = setup;
    const frames = makeFrames(5000);
    near.offer(frames);
    near.hangUp();
    far.onSent = () => far.makeRoom(50);
    assertThrows(() => setup.run(), LinkEnd, "hung up");
    assertFrames(far.taken, frames);
  },
);

ffiTest(
  "runLoop() ends although a side that hung up never stops sending",
  () => {
    using setup = new Setup();
    const { near } = setup;
    near.offer(makeFrames(1));
    near.onReceive = () => near.offer(makeFrames(1));
    near.hangUp();
    assertThrows(() => setup.run(), LinkEnd, "hung up");
    assert(setup.far.taken.length > 0);
  },
);

ffiTest(
  "runLoop() can be stopped while a side that hung up meets a sink that stands still",
  () => {
    using setup = new Setup({}, { room: 1 });
    setup.near.offer(makeFrames(10));
    setup.near.hangUp();
    // The sink has what it takes: now the loop waits for it.
    setup.far.onSent = () => setup.stopper.stopIn(100);
    const start = performance.now();
    assertThrows(() => setup.run(), LinkEnd, "hung up");
    assertLess(performance.now() - start, 9000);
  },
);

ffiTest(
  "runLoop() tells why a source that hung up ended, where the source knows",
  () => {
    using setup = new Setup();
    const { near } = setup;
    near.offer(makeFrames(3));
    near.fail(new LinkEnd("command closed the stream"));
    near.hangUp();
    assertThrows(() => setup.run(), LinkEnd, "command closed the stream");
    assertEquals(setup.far.taken.length, 3);
  },
);

/** A plug that counts how often it is served, and always has something to serve. */
class ServingPlug extends MemoryPlug implements Serving {
  served = 0;
  onServed: () => void = () => {};

  serve(): void {
    this.served++;
    this.onServed();
  }
}

ffiTest(
  "runLoop() serves a plug alone while its sink is full, and none that is not",
  () => {
    using setup = new Setup({}, { room: 10 });
    using near = new ServingPlug({ burstFrames: 20 });
    const { far } = setup;
    near.offer(makeFrames(40));
    near.onServed = () => {
      // Only what the sink took has moved: the rest waits, in order.
      assertEquals(far.taken.length, 10);
      if (near.served === 3) setup.stopper.stop();
    };
    setup.run([near, far]);
    assertEquals(near.served, 3);
    assertEquals(near.calls.receive, 1);
  },
);

ffiTest("runLoop() serves no plug whose sink takes its frames", () => {
  using setup = new Setup();
  using near = new ServingPlug({});
  near.offer(makeFrames(500));
  setup.stopWhenTaken(setup.far, 500);
  setup.run([near, setup.far]);
  assertEquals(near.served, 0);
  assertFrames(setup.far.taken, makeFrames(500));
});
