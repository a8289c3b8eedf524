import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { SOCK_DGRAM, UnixSocket } from "../../../ffi/unix_socket.ts";
import { PLUGIN_KIT } from "../../../lib/kit/mod.ts";
import { Burst } from "../../../lib/net/burst.ts";
import { Counter } from "../../../lib/plug/counters.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import type { FrameLink, SendResult } from "../../../lib/plug/kit.ts";
import { ffiTest } from "../../ffi/case.ts";
import { plugContract } from "../../plugin_contract.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  takeFrames,
  testOptions,
} from "../../plugs.ts";

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
  closed = 0;

  constructor(readonly writeFd?: number) {}

  receive(room: Uint8Array): number {
    assert(room.length >= 9234);
    return this.lengths.shift() ?? -1;
  }

  send(frame: Uint8Array): SendResult {
    if (this.result === "sent") this.sent.push(frame.length);
    return this.result;
  }

  [Symbol.dispose](): void {
    this.closed++;
  }
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

Deno.test("framePlug() refuses results that a link may not give", () => {
  using plug = framePlug({
    fd: -1,
    receive: () => NaN,
    send: () => JSON.parse("true"),
    [Symbol.dispose]: () => {},
  }, testOptions());
  assertThrows(
    () => plug.receive(new Burst()),
    TypeError,
    "Cannot receive a frame as a link's receive must return its length",
  );
  assertThrows(
    () => plug.send(burstOf([makeFrame(60, 1)]), 0),
    TypeError,
    'must return "sent", "full" or "down": received true',
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
