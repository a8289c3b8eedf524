import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { POLLIN, PollSet } from "../../../ffi/poll.ts";
import { SOCK_DGRAM, UnixSocket } from "../../../ffi/unix_socket.ts";
import { runLoop } from "../../../lib/cable/loop.ts";
import { PLUGIN_KIT } from "../../../lib/kit/mod.ts";
import { Burst } from "../../../lib/net/burst.ts";
import { Counter, Counters } from "../../../lib/plug/counters.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import type { FrameLink, SendResult } from "../../../lib/plug/kit.ts";
import { namePlug } from "../../../lib/plug/plug_calls.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { ffiTest } from "../../ffi/case.ts";
import { plugContract } from "../../plugin_contract.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  takeFrames,
  testOptions,
} from "../../plugs.ts";
import { MemoryPlug, Stopper } from "../cable/memory_plug.ts";

/** A cable that does not end by itself is stopped then. */
const STOP_MS = 20_000;

const { framePlug, localSocket, wakeUp } = PLUGIN_KIT;

/** A new folder for sockets. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync();
  readonly one = `${this.path}/one`;
  readonly other = `${this.path}/other`;

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** A plug at the other end. */
function openFar(folder: Folder): Plug {
  return framePlug(localSocket(folder.other, folder.one), testOptions());
}

function isReadable(fd: number): boolean {
  const polls = new PollSet(1);
  polls.set(0, fd, POLLIN);
  return polls.wait(0) > 0;
}

plugContract("frame", {
  reliable: true,
  openPair: (near, far) => {
    const folder = new Folder();
    return Promise.resolve({
      near: framePlug(localSocket(folder.one, folder.other), near),
      far: framePlug(localSocket(folder.other, folder.one), far),
      [Symbol.dispose]: () => folder[Symbol.dispose](),
    });
  },
});

/** A link of no network, whose results are at hand. */
class FakeLink implements FrameLink {
  readonly fd = 5;
  readonly maxFrameBytes = 1518;
  lengths: number[] = [];
  result: SendResult = "sent";
  sent: number[] = [];
  /** Thrown by `receive` once there are no lengths left. */
  end: Error | undefined;
  closed = 0;

  constructor(readonly writeFd?: number) {}

  receive(room: Uint8Array): number {
    assert(room.length >= 9234);
    const length = this.lengths.shift();
    if (length === undefined && this.end !== undefined) throw this.end;
    return length ?? -1;
  }

  send(frame: Uint8Array): SendResult {
    if (this.result === "sent") this.sent.push(frame.length);
    return this.result;
  }

  [Symbol.dispose](): void {
    this.closed++;
  }
}

/** A link out of which nothing comes. */
function idleLink(): FrameLink {
  return {
    fd: -1,
    receive: () => -1,
    send: () => "sent",
    [Symbol.dispose]: () => {},
  };
}

Deno.test("framePlug() tells the link's facts, and closes it once", () => {
  const link = new FakeLink(6);
  const plug = framePlug(link, testOptions());
  assertEquals(
    [plug.fd, plug.writeFd, plug.controlFd, plug.maxFrameBytes, plug.accepts],
    [5, 6, undefined, 1518, 0],
  );
  plug[Symbol.dispose]();
  plug[Symbol.dispose]();
  assertEquals(link.closed, 1);
});

Deno.test("framePlug() drops and counts what is no frame by its length", () => {
  const link = new FakeLink();
  const options = testOptions();
  using plug = framePlug(link, options);
  link.lengths = [0, 13, 14, 1518, 1519, 9280];
  const burst = new Burst();
  assertEquals(plug.receive(burst), 2);
  assertEquals([...burst.length.subarray(0, 2)], [14, 1518]);
  const { cells } = options.receiveCounters;
  assertEquals([cells[Counter.runt], cells[Counter.oversize]], [2, 2]);
});

Deno.test("framePlug() takes turns although nothing but runts comes", () => {
  const link = new FakeLink();
  using plug = framePlug(link, testOptions());
  link.lengths = new Array(2000).fill(1);
  assertEquals(plug.receive(new Burst()), 0);
  assert(link.lengths.length > 0);
});

Deno.test("framePlug() offers frames again to a full link that says when it has room", () => {
  const link = new FakeLink(6);
  const options = testOptions();
  using plug = framePlug(link, options);
  const burst = burstOf([60, 61].map((length) => makeFrame(length, 1)));
  link.result = "full";
  assertEquals(plug.send(burst, 0), 0);
  link.result = "sent";
  assertEquals(plug.send(burst, 0), 2);
  assertEquals(link.sent, [60, 61]);
  assertEquals(options.sendCounters.dropped(), 0);
});

for (const reason of ["full", "down"] as const) {
  Deno.test(`framePlug() counts frames that it drops: ${reason}`, () => {
    const link = new FakeLink();
    const options = testOptions();
    using plug = framePlug(link, options);
    link.result = reason;
    assertEquals(plug.send(burstOf([makeFrame(60, 1)]), 0), 1);
    assertEquals(options.sendCounters.cells[Counter[reason]], 1);
  });
}

/** Neither a length of what fits into the room, nor -1. */
const NO_LENGTHS: readonly unknown[] = [
  9281,
  60_000,
  2 ** 32 + 60,
  Infinity,
  NaN,
  60.5,
  -2,
  "60",
  undefined,
];

for (const length of NO_LENGTHS) {
  const shown = Deno.inspect(length);
  Deno.test(`framePlug() never takes ${shown} for the length of a frame`, () => {
    using plug = framePlug(
      { ...idleLink(), receive: () => length as number },
      testOptions(),
    );
    namePlug(plug, {
      vnl: "mine://x",
      culprit: { words: "the plugin of x.ts" },
    });
    const burst = new Burst();
    const error = assertThrows(() => plug.receive(burst), PlugError);
    assertEquals(
      error.message,
      'Cannot receive from "mine://x" as a link\'s receive must return the ' +
        "length of a frame in bytes, 0 to 9280, or -1: the plugin of x.ts " +
        `returned ${shown}`,
    );
    assertEquals([burst.count, burst.tail], [0, 0]);
  });
}

Deno.test("framePlug() refuses results that a link's send may not give", () => {
  using plug = framePlug(
    { ...idleLink(), send: () => JSON.parse("true") },
    testOptions(),
  );
  assertThrows(
    () => plug.send(burstOf([makeFrame(60, 1)]), 0),
    PlugError,
    'must return "sent", "full" or "down": a plugin returned true',
  );
});

for (const maxFrameBytes of [13, 9235, 65_000, 1518.5, NaN, Infinity]) {
  Deno.test(`framePlug() refuses a link whose longest frame has ${maxFrameBytes} bytes`, () => {
    const link = Object.assign(new FakeLink(), { maxFrameBytes });
    assertThrows(
      () => framePlug(link, testOptions()),
      RangeError,
      "Cannot make a plug of a link as its maxFrameBytes must be a whole " +
        `number from 14 to 9234: received ${maxFrameBytes}`,
    );
    assertEquals(link.closed, 1);
  });
}

for (const maxFrameBytes of [14, 9234]) {
  Deno.test(`framePlug() takes a link whose longest frame has ${maxFrameBytes} bytes`, () => {
    const link = Object.assign(new FakeLink(), { maxFrameBytes });
    using plug = framePlug(link, testOptions());
    link.lengths = [maxFrameBytes, maxFrameBytes + 1];
    assertEquals(plug.receive(new Burst()), 1);
  });
}

const LAST_WORDS = [
  new LinkEnd("the other side hung up"),
  new PlugError("Cannot receive: the line is cut", { code: "EIO" }),
];

for (const end of LAST_WORDS) {
  Deno.test(`framePlug() hands out what came before a ${end.name}`, () => {
    const link = new FakeLink();
    using plug = framePlug(link, testOptions());
    link.lengths = [60, 61, 62];
    link.end = end;
    const burst = burstOf([makeFrame(60, 1)]);
    assertEquals(plug.receive(burst), 3);
    assertEquals([...burst.length.subarray(0, burst.count)], [60, 60, 61, 62]);
    for (let call = 0; call < 2; call++) {
      const error = assertThrows(() => plug.receive(new Burst()));
      assertStrictEquals(error, end);
    }
  });

  ffiTest(
    `framePlug() ends its cable with what came before a ${end.name}`,
    () => {
      using event = wakeUp();
      using sink = new MemoryPlug();
      using stopper = new Stopper(STOP_MS);
      const link = Object.assign(new FakeLink(), { fd: event.fd, end });
      using source = framePlug(link, testOptions());
      link.lengths = [60, 61, 62];
      const receive = link.receive.bind(link);
      // Nothing but the first frame is told of.
      link.receive = (room) => {
        event.drain();
        return receive(room);
      };
      event.signal();
      const counters = [new Counters(), new Counters()] as const;
      const error = assertThrows(() =>
        runLoop({ plugs: [source, sink], counters, stopFd: stopper.fd })
      );
      assertStrictEquals(error, end);
      assertEquals(sink.taken.map(({ length }) => length), [60, 61, 62]);
    },
  );
}

Deno.test("framePlug() keeps a fault of the link's code for after the frames, too", () => {
  const link = new FakeLink();
  using plug = framePlug(link, testOptions());
  link.lengths = [60];
  link.end = new TypeError("x is undefined");
  assertEquals(plug.receive(new Burst()), 1);
  assertThrows(
    () => plug.receive(new Burst()),
    PlugError,
    "Cannot receive from a plug: a plugin threw TypeError: x is undefined",
  );
});

ffiTest(
  "localSocket() waits for the other end, and for one that comes again",
  async () => {
    using folder = new Folder();
    const options = testOptions();
    using near = framePlug(localSocket(folder.one, folder.other), options);
    const frame = makeFrame(60, 1);
    const burst = burstOf([frame]);
    near.send(burst, 0);
    assertEquals(options.sendCounters.cells[Counter.down], 1);
    for (const round of [1, 2]) {
      const far = framePlug(
        localSocket(folder.other, folder.one),
        testOptions(),
      );
      // The first one after the other end's return may find it gone.
      near.send(burst, 0);
      near.send(burst, 0);
      assertFrames(takeFrames(far).slice(0, 1), [frame]);
      far.send(burst, 0);
      assertFrames(takeFrames(near), [frame]);
      far[Symbol.dispose]();
      assertEquals(takeFrames(near), [], `round ${round}`);
    }
    await Promise.resolve();
  },
);

ffiTest(
  "localSocket() hears who comes after an end that left, though it only receives",
  () => {
    using folder = new Folder();
    using near = framePlug(
      localSocket(folder.one, folder.other),
      testOptions(),
    );
    const frame = makeFrame(60, 1);
    const burst = burstOf([frame]);
    let far = openFar(folder);
    near.send(burst, 0);
    for (let round = 1; round <= 3; round++) {
      far.send(burst, 0);
      far[Symbol.dispose]();
      assert(isReadable(near.fd), "nothing tells that the other end has left");
      assertFrames(takeFrames(near), [frame]);
      assert(!isReadable(near.fd), "a thread would be busy with it");
      far = openFar(folder);
      far.send(burst, 0);
      assertFrames(takeFrames(near), [frame]);
    }
    far[Symbol.dispose]();
  },
);

ffiTest("localSocket() sends to who comes after an end that left", () => {
  using folder = new Folder();
  const options = testOptions();
  using near = framePlug(localSocket(folder.one, folder.other), options);
  const burst = burstOf([makeFrame(60, 1)]);
  const first = openFar(folder);
  near.send(burst, 0);
  first[Symbol.dispose]();
  using second = openFar(folder);
  near.send(burst, 0);
  assertFrames(takeFrames(second), [makeFrame(60, 1)]);
  assertEquals(options.sendCounters.dropped(), 0);
});

ffiTest(
  "localSocket() sends nothing to an end that left before it has received its frames",
  () => {
    using folder = new Folder();
    const options = testOptions();
    using near = framePlug(localSocket(folder.one, folder.other), options);
    const burst = burstOf([makeFrame(60, 1)]);
    const far = openFar(folder);
    near.send(burst, 0);
    far.send(burst, 0);
    far[Symbol.dispose]();
    near.send(burst, 0);
    assertEquals(options.sendCounters.cells[Counter.down], 1);
    assertFrames(takeFrames(near), [makeFrame(60, 1)]);
  },
);

ffiTest(
  "localSocket() hears who comes after one that was killed, once it has sent",
  () => {
    using folder = new Folder();
    using near = framePlug(
      localSocket(folder.one, folder.other),
      testOptions(),
    );
    const frame = makeFrame(60, 1);
    const burst = burstOf([frame]);
    const killed = UnixSocket.make(SOCK_DGRAM);
    killed.bind(folder.other);
    near.send(burst, 0);
    killed[Symbol.dispose]();
    using far = openFar(folder);
    near.send(burst, 0);
    far.send(burst, 0);
    assertFrames(takeFrames(near), [frame]);
  },
);

ffiTest(
  "localSocket() refuses paths that are too long, its own and the other end's",
  () => {
    using folder = new Folder();
    const long = `${folder.path}/${"x".repeat(107)}`;
    for (const ends of [[long, folder.one], [folder.one, long]] as const) {
      assertThrows(() => localSocket(...ends), RangeError, "at most 107 bytes");
    }
    assertThrows(() => Deno.lstatSync(folder.one), Deno.errors.NotFound);
  },
);

ffiTest("localSocket() takes a name over that a crash left behind", () => {
  using folder = new Folder();
  const left = UnixSocket.make(SOCK_DGRAM);
  left.bind(folder.one);
  left[Symbol.dispose]();
  using _link = localSocket(folder.one, folder.other);
  assert(Deno.lstatSync(folder.one).isSocket);
  return Promise.resolve();
});

ffiTest("localSocket() removes its name, and nobody else's", () => {
  using folder = new Folder();
  const link = localSocket(folder.one, folder.other);
  Deno.removeSync(folder.one);
  Deno.writeTextFileSync(folder.one, "mine");
  link[Symbol.dispose]();
  assertEquals(Deno.readTextFileSync(folder.one), "mine");
  localSocket(folder.other, folder.one)[Symbol.dispose]();
  assertThrows(() => Deno.lstatSync(folder.other), Deno.errors.NotFound);
  return Promise.resolve();
});

const TAKEN = [
  {
    name: "a socket that is open",
    make: (path: string) => {
      const socket = UnixSocket.make(SOCK_DGRAM);
      socket.bind(path);
      return socket;
    },
  },
  {
    name: "a file",
    make: (path: string) => {
      Deno.writeTextFileSync(path, "mine");
      return { [Symbol.dispose]: () => {} };
    },
  },
] as const;

for (const { name, make } of TAKEN) {
  ffiTest(`localSocket() leaves ${name} alone`, async () => {
    using folder = new Folder();
    using _taken = make(folder.one);
    const error = await assertRejects(
      // deno-lint-ignore require-await -- what is thrown is to be a rejection
      async () => localSocket(folder.one, folder.other),
      PlugError,
    );
    assertEquals(error.code, "EADDRINUSE");
    assertStringIncludes(error.message, folder.one);
    assert(Deno.lstatSync(folder.one));
  });
}

ffiTest("wakeUp() is signalled and drained", () => {
  using event = wakeUp();
  assert(event.fd > 2);
  event.signal();
  event.drain();
  return Promise.resolve();
});
