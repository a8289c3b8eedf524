import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertMatch,
  assertThrows,
} from "@std/assert";
import {
  closeFd,
  ioctl,
  isTerminal,
  O_NONBLOCK,
  O_RDWR,
  openFile,
  setNonBlocking,
} from "../../../ffi/fd.ts";
import { POLLERR, POLLHUP, PollSet } from "../../../ffi/poll.ts";
import { StreamPlug } from "../../../lib/cable/stream_plug.ts";
import { Burst, FRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";
import { joinBytes, readOnce, TestPipe, writeOnce } from "../../ffi/pipes.ts";
import { plugContract } from "../../plugin_contract.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  openDescriptors,
  takeFrames,
  testOptions,
} from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { encode, ReferenceDecoder } from "../plug/stream_reference.ts";
import {
  duplicate,
  openPipes,
  openSockets,
  socketPair,
  StreamFixture,
} from "./streams.ts";

plugContract("stream on pipes", { openPair: openPipes, reliable: true });
plugContract("stream on a socket", { openPair: openSockets, reliable: true });

function flagsOf(fd: number): number {
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`);
  return parseInt(info.match(/^flags:\s*(\d+)$/m)?.[1] ?? "", 8);
}

/** Receives until the plug throws. */
function receiveToEnd(
  plug: StreamPlug,
): { frames: Uint8Array[]; error: unknown } {
  const frames: Uint8Array[] = [];
  for (;;) {
    try {
      frames.push(...takeFrames(plug));
    } catch (error) {
      return { frames, error };
    }
  }
}

ffiTest(
  "StreamPlug.receive() hands out all that is in the pipe when the writer has closed",
  () => {
    using fixture = new StreamFixture();
    const { input, plug } = fixture;
    const frames = Array.from(
      { length: 700 },
      (_, seed) => makeFrame(60, seed),
    );
    writeOnce(input.writeFd, joinBytes(frames.map(encode)));
    input.close(input.writeFd);
    const { frames: got, error } = receiveToEnd(plug);
    assertFrames(got, frames);
    assertInstanceOf(error, LinkEnd);
    assertEquals(error.message, "the test closed the stream");
    assertThrows(() => plug.receive(new Burst(1)), LinkEnd);
  },
);

ffiTest(
  "StreamPlug.receive() keeps in step when a length is cut across two reads",
  () => {
    using fixture = new StreamFixture();
    const { input, plug } = fixture;
    const frames = [makeFrame(300, 1), makeFrame(60, 2)];
    const bytes = joinBytes(frames.map(encode));
    const got: Uint8Array[] = [];
    for (const [from, to] of [[0, 1], [1, 303], [303, 304], [304, undefined]]) {
      assert(writeOnce(input.writeFd, bytes.slice(from, to)) > 0);
      got.push(...takeFrames(plug));
    }
    assertFrames(got, frames);
  },
);

ffiTest(
  "StreamPlug.receive() takes a failed read for a failure, not for a length",
  () => {
    const output = new TestPipe();
    using plug = new StreamPlug({
      // A folder opens, and reading it fails.
      readFd: openFile("/", 0),
      writeFd: output.give(output.writeFd),
      peer: "the test",
    }, testOptions());
    const error = assertThrows(
      () => plug.receive(new Burst(1)),
      PlugError,
      "Cannot read from the test: is a directory (EISDIR)",
    );
    assertEquals(error.code, "EISDIR");
    assert(!(error instanceof LinkEnd));
    output[Symbol.dispose]();
  },
);

ffiTest(
  "StreamPlug.receive() drops what is half a frame when the stream ends",
  () => {
    using fixture = new StreamFixture();
    const { input, plug } = fixture;
    const frame = makeFrame(60, 1);
    writeOnce(
      input.writeFd,
      joinBytes([encode(frame), encode(frame).slice(0, 40)]),
    );
    input.close(input.writeFd);
    const { frames, error } = receiveToEnd(plug);
    assertFrames(frames, [frame]);
    assertInstanceOf(error, LinkEnd);
  },
);

ffiTest(
  "StreamPlug.receive() says once that the stream is out of step, and goes on",
  () => {
    using fixture = new StreamFixture();
    const { input, options, plug } = fixture;
    const wrong = Uint8Array.of(0xff, 0xff, 1, 2, 3);
    for (let round = 0; round < 3; round++) {
      writeOnce(input.writeFd, wrong);
      assertEquals(takeFrames(plug), []);
      const frame = makeFrame(60, round);
      writeOnce(input.writeFd, encode(frame));
      assertFrames(takeFrames(plug), [frame]);
    }
    assertEquals(options.receiveCounters.snapshot().malformed, 3);
    assertEquals(options.lines.length, 1);
    assertMatch(options.lines[0], /^warn: .*the test is out of step/);
  },
);

ffiTest(
  "StreamPlug.receive() holds nothing back, whatever the size of the burst",
  () => {
    using fixture = new StreamFixture();
    const { input, plug } = fixture;
    const frames = Array.from(
      { length: 60 },
      (_, seed) => makeFrame(1000, seed),
    );
    writeOnce(input.writeFd, joinBytes(frames.map(encode)));
    input.close(input.writeFd);
    const got: Uint8Array[] = [];
    const bursts = [
      new Burst(8, 128 * FRAME_SLOT_BYTES),
      new Burst(1),
      new Burst(3),
      new Burst(64, FRAME_SLOT_BYTES),
    ];
    for (let calls = 0; got.length < frames.length && calls < 100; calls++) {
      const burst = bursts[calls % bursts.length];
      burst.clear();
      const taken = plug.receive(burst);
      assertGreater(taken, 0, `call ${calls}`);
      for (let index = 0; index < burst.count; index++) {
        got.push(burst.frame(index).slice());
      }
    }
    assertFrames(got, frames);
    assertThrows(() => plug.receive(new Burst(1)), LinkEnd);
  },
);

const SEEDS = Array.from({ length: 6 }, (_, seed) => seed);

ffiTest(
  "StreamPlug.send() completes what a slow reader's pipe took in part",
  () => {
    for (const seed of SEEDS) {
      const random = seededRandom(seed);
      const lengths = [0, 5, 13, 14, 60, 1514, 5000, 9234, 9235];
      const frames = Array.from(
        { length: 300 },
        (_, index) => makeFrame(lengths[random.below(lengths.length)], index),
      );
      sendSlowly(frames, random.below);
    }
  },
);

/** Sends frames through the smallest pipe, from which now and then a little is read. */
function sendSlowly(
  frames: readonly Uint8Array[],
  below: (limit: number) => number,
): void {
  using fixture = new StreamFixture(4096);
  const { output, options, plug } = fixture;
  setNonBlocking(output.readFd, true);
  const reference = new ReferenceDecoder();
  const got: Uint8Array[] = [];
  const drain = () => {
    const part = readOnce(output.readFd, 1 + below(6000));
    if (typeof part === "number") return false;
    got.push(...reference.read(part, Infinity));
    return true;
  };
  for (let at = 0; at < frames.length; at += 50) {
    const burst = burstOf(frames.slice(at, at + 50));
    let sent = 0;
    while (sent < burst.count) {
      sent += plug.send(burst, sent);
      drain();
    }
  }
  while (drain());
  const fitting = frames.filter(({ length }) => length >= 14 && length <= 9234);
  assertFrames(got, fitting);
  assertEquals(
    options.sendCounters.dropped(),
    frames.length - fitting.length,
    "each unfit frame is counted once",
  );
  assertEquals([reference.desyncs, reference.runts], [0, 0]);
}

ffiTest(
  "StreamPlug.send() takes nothing while the pipe is full, and leaves no half frame unfinished",
  () => {
    using fixture = new StreamFixture(4096);
    const { output, plug } = fixture;
    const frames = [makeFrame(3000, 1), makeFrame(3000, 2)];
    const burst = burstOf(frames);
    assertEquals(plug.send(burst, 0), 1);
    for (let tries = 0; tries < 3; tries++) {
      assertEquals(plug.send(burst, 1), 0);
    }
    setNonBlocking(output.readFd, true);
    const reference = new ReferenceDecoder();
    const got = reference.read(readOnce(output.readFd) as Uint8Array, Infinity);
    assertEquals(plug.send(burst, 1), 1);
    got.push(
      ...reference.read(readOnce(output.readFd) as Uint8Array, Infinity),
    );
    assertFrames(got, frames);
  },
);

ffiTest(
  "StreamPlug.receive() goes on while the other direction is full",
  () => {
    using fixture = new StreamFixture(4096);
    const { input, plug } = fixture;
    const burst = burstOf([makeFrame(9000, 1)]);
    assertEquals(plug.send(burst, 0), 0);
    const frame = makeFrame(60, 2);
    writeOnce(input.writeFd, encode(frame));
    assertFrames(takeFrames(plug), [frame]);
    assertEquals(plug.send(burst, 0), 0);
  },
);

ffiTest("StreamPlug.send() ends the link when the reader has gone", () => {
  using fixture = new StreamFixture();
  const { output, plug } = fixture;
  output.close(output.readFd);
  const error = assertThrows(
    () => plug.send(burstOf([makeFrame(60, 1)]), 0),
    LinkEnd,
    "the test closed the stream",
  );
  assertEquals(error.code, "EPIPE");
});

/** What poll(2) tells of a plug's control descriptor. */
function controlOf(plug: StreamPlug): number {
  const polls = new PollSet(1);
  polls.set(0, plug.controlFd, 0);
  polls.wait(0);
  return polls.happened(0);
}

ffiTest(
  "StreamPlug.controlFd hangs up with the reader, before anything is written",
  () => {
    using fixture = new StreamFixture();
    const { output, plug } = fixture;
    assertEquals(controlOf(plug), 0);
    output.close(output.readFd);
    assertEquals(controlOf(plug), POLLERR);
  },
);

ffiTest(
  "StreamPlug on a socket hangs up with its peer, and gives what came before",
  () => {
    const [own, peer] = socketPair();
    using plug = new StreamPlug(
      { readFd: own, writeFd: own, peer: "the test" },
      testOptions(),
    );
    const frame = makeFrame(60, 1);
    writeOnce(peer, encode(frame));
    closeFd(peer);
    assertEquals(controlOf(plug) & POLLHUP, POLLHUP);
    const { frames, error } = receiveToEnd(plug);
    assertFrames(frames, [frame]);
    assertInstanceOf(error, LinkEnd);
  },
);

ffiTest("StreamPlug takes a reset connection for its end", () => {
  const [own, peer] = socketPair();
  using plug = new StreamPlug(
    { readFd: own, writeFd: own, peer: "the test" },
    testOptions(),
  );
  // A peer that closes with unread bytes resets the connection.
  plug.send(burstOf([makeFrame(60, 1)]), 0);
  closeFd(peer);
  assertInstanceOf(receiveToEnd(plug).error, LinkEnd);
});

for (const before of [false, true]) {
  ffiTest(
    `StreamPlug gives descriptors back as they were: non-blocking ${before}`,
    () => {
      const [input, output] = [new TestPipe(), new TestPipe()];
      const ends = [input.readFd, output.writeFd];
      const others = ends.map(duplicate);
      for (const fd of ends) setNonBlocking(fd, before);
      const modes = () => others.map((fd) => (flagsOf(fd) & O_NONBLOCK) !== 0);
      const plug = new StreamPlug({
        readFd: input.give(ends[0]),
        writeFd: output.give(ends[1]),
        peer: "the test",
      }, testOptions());
      assertEquals(modes(), [true, true]);
      plug[Symbol.dispose]();
      assertEquals(modes(), [before, before]);
      for (const fd of ends) {
        assertThrows(() => flagsOf(fd), Deno.errors.NotFound);
      }
      others.forEach(closeFd);
      input[Symbol.dispose]();
      output[Symbol.dispose]();
    },
  );
}

ffiTest("StreamPlug closes what it was given when it cannot be made", () => {
  const input = new TestPipe();
  const other = duplicate(input.readFd);
  const error = assertThrows(
    () =>
      new StreamPlug({
        readFd: input.give(input.readFd),
        writeFd: 1_000_000,
        peer: "the test",
      }, testOptions()),
    PlugError,
  );
  assertEquals(error.code, "EBADF");
  assertEquals(flagsOf(other) & O_NONBLOCK, 0);
  assertThrows(() => flagsOf(input.readFd), Deno.errors.NotFound);
  closeFd(other);
  input[Symbol.dispose]();
});

/** A pseudo-terminal (pty(7)): the master's descriptor and the terminal's. */
function openTerminal(): [master: number, terminal: number] {
  const TIOCSPTLCK = 0x40045431n;
  const TIOCGPTN = 0x80045430n;
  const master = openFile("/dev/ptmx", O_RDWR);
  const number = new Uint8Array(4);
  assertEquals(ioctl(master, TIOCSPTLCK, number), 0);
  assertEquals(ioctl(master, TIOCGPTN, number), 0);
  const index = new DataView(number.buffer).getUint32(0, true);
  return [master, openFile(`/dev/pts/${index}`, O_RDWR)];
}

ffiTest(
  "StreamPlug leaves a terminal's own mode alone, which the shell shares",
  () => {
    const [master, terminal] = openTerminal();
    const shell = duplicate(terminal);
    assert(isTerminal(terminal));
    const before = openDescriptors().length;
    const plug = new StreamPlug(
      { readFd: terminal, writeFd: terminal, peer: "the terminal" },
      testOptions(),
    );
    assertEquals(flagsOf(shell) & O_NONBLOCK, 0);
    assertEquals(takeFrames(plug), []);
    assertEquals(flagsOf(plug.fd) & O_NONBLOCK, O_NONBLOCK);
    plug[Symbol.dispose]();
    plug[Symbol.dispose]();
    assertEquals(openDescriptors().length, before - 1, "it was the plug's");
    closeFd(shell);
    closeFd(master);
  },
);
