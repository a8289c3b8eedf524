import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { closeFd, setNonBlocking } from "../../../ffi/fd.ts";
import { check, libc } from "../../../ffi/libc.ts";
import type { Burst } from "../../../lib/net/burst.ts";
import { MAX_SEGMENT_HEADER_BYTES } from "../../../lib/net/segmenter.ts";
import { ffiTest } from "../../ffi/case.ts";
import { boundSocket, closedAddress, LOOPBACKS } from "../../ffi/sockets.ts";
import { socketPair } from "./socket_pair.ts";
import { assertFrames, makeFrame, until } from "../../plugs.ts";
import { seededRandom } from "../../random.ts";
import { referenceSegments } from "../net/reference_segmenter.ts";
import {
  makePlainFrame,
  makeSuperframe,
  type TestFrame,
} from "../net/superframes.ts";
import {
  burstWith,
  framesOf,
  HEADER,
  OneWay,
  Outbox,
  readMessages,
} from "./outbox.ts";

const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_NO_CHECK = 11;
const SO_SNDBUF = 7;
/** Room for the messages of about a third of a superframe. */
const SMALL_BUFFER_BYTES = 20_000;
const NARROW = 300;
const WIDE = 1458;

const payload = seededRandom(5).bytes(60_000);
const SHORT = makePlainFrame({ payload: payload.subarray(0, 100) });
const TCP4 = makeSuperframe({ payload }, 1448);
const TCP6 = makeSuperframe({ payload, version: 6 }, 1428);
const UDP = makeSuperframe({ payload, transport: "udp" }, 1000);
const LONG_TCP = makePlainFrame({ payload: payload.subarray(0, 1460) });
const LONG_UDP = makePlainFrame({
  payload: payload.subarray(0, 1472),
  transport: "udp",
});

/** A sender on a pair of local sockets: unlike UDP over loopback, it can become full. */
class Setup implements Disposable {
  readonly #fds = socketPair(SOCK_DGRAM);
  readonly outlet: OneWay;
  readonly box: Outbox;

  constructor(limit: number) {
    for (const fd of this.#fds) setNonBlocking(fd, true);
    if (limit === NARROW) {
      setOption(this.#fds[0], SO_SNDBUF, SMALL_BUFFER_BYTES);
    }
    this.outlet = new OneWay(limit);
    this.box = new Outbox(this.#fds[0], this.outlet);
  }

  get counts(): Record<string, number> {
    return this.box.options.sendCounters.snapshot();
  }

  read(): Uint8Array<ArrayBuffer>[] {
    return readMessages(this.#fds[1]);
  }

  /** Sends a burst, reading whenever the socket is full. */
  sendAll(burst: Burst): { messages: Uint8Array[]; pauses: number } {
    const messages: Uint8Array[] = [];
    let pauses = -1;
    for (let sent = 0; sent < burst.count; pauses++) {
      sent += this.box.sender.send(burst, sent);
      messages.push(...this.read());
    }
    return { messages, pauses };
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds) closeFd(fd);
  }
}

/** What goes out of a frame on a path of a limit, header not included. */
function wanted(frame: TestFrame, limit: number): Uint8Array[] {
  const most = limit - HEADER.length;
  const header = MAX_SEGMENT_HEADER_BYTES;
  if (frame.kind === 0 && frame.bytes.length <= most) return [frame.bytes];
  const segments = referenceSegments(frame, most, header);
  if (segments.length > 0) return segments;
  if (frame.kind === 0) return [frame.bytes];
  return referenceSegments(frame, 9234, header);
}

ffiTest(
  "TunnelSender.send() cuts TCP to fit, and leaves the rest whole",
  () => {
    using setup = new Setup(WIDE);
    const frames = [SHORT, TCP4, LONG_TCP, TCP6, LONG_UDP, UDP, SHORT];
    const { messages } = setup.sendAll(burstWith(frames));
    const got = framesOf(messages);
    assertFrames(got, frames.flatMap((frame) => wanted(frame, WIDE)));
    const long = got.filter(({ length }) => length > WIDE - HEADER.length);
    assertFrames(long, [LONG_UDP.bytes]);
    assertEquals(setup.counts.fragmented, 1);
    assertEquals(setup.box.options.sendCounters.dropped(), 0);
  },
);

ffiTest(
  "TunnelSender.send() goes on in the middle of a superframe, without loss or duplicate",
  () => {
    using setup = new Setup(NARROW);
    const frames = [SHORT, TCP4, TCP6, SHORT, TCP4, SHORT];
    const { messages, pauses } = setup.sendAll(burstWith(frames));
    assertGreater(pauses, 3);
    assertFrames(
      framesOf(messages),
      frames.flatMap((frame) => wanted(frame, NARROW)),
    );
  },
);

ffiTest(
  "TunnelSender.send() counts once what it drops, fragments or floods, however often it pauses",
  () => {
    using setup = new Setup(NARROW);
    setup.outlet.way = -1;
    const runt = { ...SHORT, bytes: makeFrame(13, 1) };
    const oversize = { ...SHORT, bytes: makeFrame(9235, 1) };
    const broken = { ...TCP4, segmentSize: 0 };
    const wrong = {
      ...makePlainFrame({ payload: payload.subarray(0, 50), complete: false }),
      checksumStart: 500,
    };
    const frames = [
      ...[runt, TCP4, broken, LONG_UDP, TCP4, oversize, wrong],
      ...[TCP6, runt, LONG_UDP, broken, TCP6, oversize, runt],
    ];
    const good = [TCP4, LONG_UDP, TCP4, TCP6, LONG_UDP, TCP6];
    const { messages, pauses } = setup.sendAll(burstWith(frames));
    assertGreater(pauses, 3);
    const datagrams = good.flatMap((frame) => wanted(frame, NARROW));
    assertFrames(framesOf(messages), datagrams);
    const { runt: runts, oversize: oversizes, malformed, ...counts } =
      setup.counts;
    assertEquals([runts, oversizes, malformed], [3, 2, 3]);
    assertEquals(counts.fragmented, 2);
    assertEquals(counts.flooded, datagrams.length);
    assertEquals(setup.box.options.sendCounters.dropped(), 8);
    const warnings = setup.box.options.lines
      .filter((line) => line.startsWith("warn: "));
    assertEquals(warnings.length, 1);

    // Another burst is counted for itself.
    setup.sendAll(burstWith([runt, SHORT]));
    assertEquals(setup.counts.runt, 4);
  },
);

ffiTest(
  "TunnelSender.send() takes everything of a burst that is all dropped, and of none",
  () => {
    using setup = new Setup(WIDE);
    const runt = { ...SHORT, bytes: makeFrame(13, 1) };
    const burst = burstWith([runt, runt]);
    assertEquals(setup.box.sender.send(burst, 0), 2);
    assertEquals(setup.box.sender.send(burst, 2), 0);
    assertEquals(setup.counts.runt, 2);
    assertEquals(setup.read(), []);
  },
);

ffiTest("TunnelSender.send() begins at the index it is given", () => {
  using setup = new Setup(WIDE);
  const burst = burstWith([TCP4, SHORT, LONG_TCP]);
  assertEquals(setup.box.sender.send(burst, 1), 2);
  assertFrames(
    framesOf(setup.read()),
    [SHORT, LONG_TCP].flatMap((frame) => wanted(frame, WIDE)),
  );
});

ffiTest("TunnelSender.send() follows a limit that changes", () => {
  using setup = new Setup(WIDE);
  for (const limit of [WIDE, NARROW, 9000]) {
    setup.outlet.most = limit;
    const { messages } = setup.sendAll(burstWith([TCP4, LONG_TCP, SHORT]));
    assertFrames(
      framesOf(messages),
      [TCP4, LONG_TCP, SHORT].flatMap((frame) => wanted(frame, limit)),
    );
  }
});

ffiTest(
  "TunnelSender.send() cuts more superframes than one batch holds",
  () => {
    using setup = new Setup(NARROW);
    const frames = Array.from(
      { length: 12 },
      (_, index) => index % 2 === 0 ? TCP4 : TCP6,
    );
    const { messages } = setup.sendAll(burstWith(frames));
    assertFrames(
      framesOf(messages),
      frames.flatMap((frame) => wanted(frame, NARROW)),
    );
    assertEquals(setup.box.options.sendCounters.dropped(), 0);
  },
);

ffiTest("TunnelSender.sendHeader() sends the header alone", () => {
  using setup = new Setup(WIDE);
  setup.box.sender.sendHeader(0);
  assertEquals(setup.read(), [HEADER]);
});

const bound = libc({
  setsockopt: {
    // fd, int level, int name, const void *value, socklen_t
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
});

/** Sets an option of a socket: `SO_NO_CHECK` makes the kernel refuse `UDP_SEGMENT`, which needs a checksum. */
function setOption(fd: number, name: number, value: number): void {
  const bytes = new Uint8Array(new Int32Array([value]).buffer);
  check(
    bound().setsockopt(fd, SOL_SOCKET, name, bytes, bytes.length),
    `set option ${name} of a socket`,
  );
}

for (const { host, skip } of LOOPBACKS) {
  for (const refused of host === "::1" ? [false] : [false, true]) {
    ffiTest(
      `TunnelSender.send() sends superframes over ${host}${
        refused ? " where the kernel refuses UDP_SEGMENT" : ""
      }`,
      async () => {
        using near = boundSocket(host);
        using far = boundSocket(host);
        far.setReceiveBuffer(4 << 20);
        near.connect(far.localAddress());
        if (refused) setOption(near.fd, SO_NO_CHECK, 1);
        const box = new Outbox(near.fd, new OneWay(WIDE));
        const frames = [SHORT, TCP4, LONG_UDP, TCP6, UDP];
        assertEquals(box.sender.send(burstWith(frames), 0), frames.length);
        const want = frames.flatMap((frame) => wanted(frame, WIDE));
        const got: Uint8Array[] = [];
        await until(() => {
          got.push(...readMessages(far.fd));
          return got.length >= want.length;
        });
        // Over UDP, a datagram is a message again.
        assertEquals(got.length, want.length);
        assertFrames(framesOf(got), want);
        assertEquals(box.options.sendCounters.dropped(), 0);
      },
      { skip },
    );
  }

  ffiTest(
    `TunnelSender.send() counts what nobody takes on ${host}, and does not give up`,
    async () => {
      using near = boundSocket(host);
      near.connect(closedAddress(host));
      const outlet = new OneWay(WIDE);
      const box = new Outbox(near.fd, outlet);
      const burst = burstWith([SHORT]);
      const told = await until(() => {
        assertEquals(box.sender.send(burst, 0), 1);
        return outlet.unreachable > 0;
      });
      assert(told);
      assertLess(box.options.sendCounters.dropped(), 2);
    },
    { skip },
  );
}
