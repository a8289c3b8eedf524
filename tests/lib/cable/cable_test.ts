import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { setNonBlocking } from "../../../ffi/fd.ts";
import {
  Cable,
  type CableEndpoint,
  type CableOptions,
} from "../../../lib/cable/cable.ts";
import type { Counters } from "../../../lib/plug/counters.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";
import {
  joinBytes,
  readAll,
  readOnce,
  TestPipe,
  writeOnce,
} from "../../ffi/pipes.ts";
import {
  assertFrames,
  makeFrame,
  openDescriptors,
  until,
} from "../../plugs.ts";
import { encode, ReferenceDecoder } from "../plug/stream_reference.ts";

const PLUGINS = import.meta.resolve("./test_plugins.ts");
const WHO = `the plugin of ${new URL(PLUGINS).pathname}`;

function cableTest(name: string, fn: () => Promise<void>): void {
  ffiTest(name, fn, { threads: true });
}

function open(
  near: string | CableEndpoint,
  far: string | CableEndpoint,
  options: Partial<CableOptions> = {},
): Promise<Cable> {
  const end = (end: string | CableEndpoint) =>
    typeof end === "string" ? { vnl: end } : end;
  return Cable.open([end(near), end(far)], {
    pluginModules: [PLUGINS],
    ...options,
  });
}

/** A stream end whose other side is the test's. */
class Stream implements Disposable {
  readonly input = new TestPipe();
  readonly output = new TestPipe();
  readonly end: CableEndpoint = {
    stream: {
      readFd: this.input.give(this.input.readFd),
      writeFd: this.output.give(this.output.writeFd),
      peer: "the test",
    },
  };

  [Symbol.dispose](): void {
    this.input[Symbol.dispose]();
    this.output[Symbol.dispose]();
  }
}

function framesOf(counters: Counters): number {
  return counters.snapshot().frames;
}

/** A message that tells where, without the line and the column. */
function withoutLine(message: string): string {
  return message.replace(/:\d+:\d+\)$/, ":LINE)");
}

const REFUSALS = [
  {
    vnl: "refuses://type",
    errorClass: TypeError,
    message: "Cannot open it as a type is wrong: received x",
  },
  {
    vnl: "refuses://range",
    errorClass: RangeError,
    message: "Cannot open it as a range is wrong: received 1",
  },
  {
    vnl: "refuses://syntax",
    errorClass: SyntaxError,
    message: 'Cannot open it as it ends with "{": ""',
  },
  {
    vnl: "refuses://plug",
    errorClass: PlugError,
    message: "Cannot open it: operation not permitted (EPERM)",
    code: "EPERM",
    hint: "run as root",
  },
  {
    vnl: "refuses://system",
    errorClass: PlugError,
    message: "Cannot open it: device or resource busy (EBUSY)",
    code: "EBUSY",
    hint: "",
  },
  {
    vnl: "refuses://error",
    errorClass: PlugError,
    message: `Cannot open "refuses://error": the plugin of ${
      new URL(PLUGINS).pathname
    } threw Error: something else (${PLUGINS}:LINE)`,
  },
  {
    vnl: "refuses://text",
    errorClass: PlugError,
    message: `Cannot open "refuses://text": the plugin of ${
      new URL(PLUGINS).pathname
    } threw no error, but "no error at all"`,
  },
] as const;

for (const { vnl, errorClass, message, ...details } of REFUSALS) {
  for (const side of ["first", "second"] as const) {
    cableTest(
      `Cable.open() throws what the ${side} side throws: ${vnl}`,
      async () => {
        const [near, far] = side === "first"
          ? [vnl, "gives://0"]
          : ["gives://0", vnl];
        const error = await assertRejects(
          () => open(near, far),
          errorClass,
        );
        assertEquals(withoutLine(error.message), message);
        if (error instanceof PlugError && "code" in details) {
          assertEquals({ code: error.code, hint: error.hint }, details);
        }
      },
    );
  }
}

for (const side of ["first", "second"] as const) {
  cableTest(
    `Cable.open() closes the stream it was given when the other side, the ${side}, cannot be opened`,
    async () => {
      const stream = new Stream();
      const vnl = "refuses://plug";
      await assertRejects(
        () => side === "first" ? open(vnl, stream.end) : open(stream.end, vnl),
        PlugError,
      );
      assertEquals(await readAll(stream.output.readFd), new Uint8Array(0));
      stream[Symbol.dispose]();
    },
  );
}

cableTest(
  "Cable.open() names the schemes there are when one is unknown",
  async () => {
    const error = await assertRejects(
      () => open("gives://0", "gave://0"),
      TypeError,
    );
    for (
      const part of ['"gave"', '"gives"', "refuses", new URL(PLUGINS).pathname]
    ) {
      assertStringIncludes(error.message, part);
    }
  },
);

cableTest("Cable.open() throws what a plugin module throws", async () => {
  const url = "data:text/javascript,throw new TypeError('no library')";
  await assertRejects(
    () => open("gives://0", "gives://0", { pluginModules: [url] }),
    PlugError,
    "no library",
  );
});

cableTest(
  "Cable.open() closes a stream when a plugin module cannot be loaded",
  async () => {
    using stream = new Stream();
    const pluginModules = ["file:///no/such/module.ts"];
    await assertRejects(
      () => open(stream.end, "gives://0", { pluginModules }),
      PlugError,
      "/no/such/module.ts",
    );
    assertEquals(await readAll(stream.output.readFd), new Uint8Array(0));
  },
);

cableTest(
  "Cable.open() survives a plugin that throws where nobody catches it",
  async () => {
    const error = await assertRejects(() => open("crashes://", "gives://0"));
    assertStringIncludes((error as Error).message, "out of reach");
  },
);

cableTest("Cable.stop() ends it, and gives everything back", async () => {
  const cable = await open("gives://10", "gives://0");
  cable.stop();
  assertEquals(await cable.ended, { reason: "stopped" });
  // It is over: telling it again does nothing.
  cable.stop();
});

cableTest(
  "Cable carries frames both ways, and its counters are live",
  async () => {
    const cable = await open("gives://1000", "gives://300");
    const [there, back] = cable.counters;
    assert(
      await until(() => framesOf(there) === 1000 && framesOf(back) === 300),
    );
    assertEquals([there.snapshot().bytes, back.snapshot().bytes], [
      60_000,
      18_000,
    ]);
    cable.stop();
    await cable.ended;
  },
);

cableTest(
  "Cable hands the description on, and brings log lines back",
  async () => {
    const lines: string[] = [];
    const log = {
      warn: (line: string) => void lines.push(`warn: ${line}`),
      debug: (line: string) => void lines.push(`debug: ${line}`),
    };
    const cable = await open("gives://1", "gives://2", {
      log,
      description: "me",
    });
    assertEquals(lines, [
      "warn: warning of gives://1",
      "debug: described as me",
      "warn: warning of gives://2",
      "debug: described as me",
    ]);
    cable.stop();
    await cable.ended;
  },
);

cableTest("Cable describes itself where nothing better is said", async () => {
  const lines: string[] = [];
  const log = {
    warn: () => {},
    debug: (line: string) => void lines.push(line),
  };
  const cable = await open("gives://1", "gives://1", { log });
  assertEquals(lines[0], "described as vdeplug:");
  cable.stop();
  await cable.ended;
});

const BREAKAGES = [
  {
    vnl: "breaks://plug",
    reason: "failed",
    errorClass: PlugError,
    message: "Cannot read from it: input/output error (EIO)",
    code: "EIO",
  },
  {
    vnl: "breaks://type",
    reason: "failed",
    errorClass: PlugError,
    message:
      `Cannot receive from "breaks://type": ${WHO} threw TypeError: x is not a function (${PLUGINS}:LINE)`,
  },
  {
    vnl: "breaks://end",
    reason: "closed",
    errorClass: LinkEnd,
    message: "it is over",
  },
  {
    vnl: "breaks://text",
    reason: "failed",
    errorClass: PlugError,
    message:
      `Cannot receive from "breaks://text": ${WHO} threw no error, but "no error at all"`,
  },
] as const;

for (const { vnl, reason, errorClass, message, ...details } of BREAKAGES) {
  cableTest(
    `Cable.ended tells that ${vnl} has ${reason}, and no other cable ends with it`,
    async () => {
      using stream = new Stream();
      const other = await open(stream.end, "gives://0");
      const cable = await open("gives://0", vnl);
      const end = await cable.ended;
      assertEquals(end.reason, reason);
      assertInstanceOf(end.error, errorClass);
      assertEquals(withoutLine(end.error.message), message);
      if (end.error instanceof PlugError && "code" in details) {
        assertEquals(end.error.code, details.code);
      }
      assertEquals(framesOf(cable.counters[1]), 3);
      // The other one still carries.
      writeOnce(stream.input.writeFd, encode(makeFrame(60, 1)));
      assert(await until(() => framesOf(other.counters[0]) === 1));
      other.stop();
      assertEquals(await other.ended, { reason: "stopped" });
    },
  );
}

cableTest(
  "Cable.ended settles although a plug throws when it is closed",
  async () => {
    const cable = await open("gives://0", "sulks://");
    cable.stop();
    const end = await cable.ended;
    assertEquals(end.reason, "failed");
    assertInstanceOf(end.error, PlugError);
    assertEquals(end.error.message, "Cannot close it: still in use");
  },
);

cableTest(
  "Cable of two streams carries all there is, then tells who closed",
  async () => {
    using near = new Stream();
    using far = new Stream();
    const cable = await open(near.end, far.end);
    const frames = Array.from(
      { length: 500 },
      (_, seed) => makeFrame(100, seed),
    );
    writeOnce(near.input.writeFd, joinBytes(frames.map(encode)));
    near.input.close(near.input.writeFd);
    const bytes = await readAll(far.output.readFd);
    assertFrames(new ReferenceDecoder().read(bytes, Infinity), frames);
    const end = await cable.ended;
    assertEquals(end.reason, "closed");
    assertMatch(end.error?.message ?? "", /^the test closed the stream$/);
  },
);

cableTest(
  "Cable.stop() leaves no half frame behind in a slow reader's pipe",
  async () => {
    using near = new Stream();
    using far = new Stream();
    const cable = await open(near.end, far.end);
    const frames = Array.from(
      { length: 12 },
      (_, seed) => makeFrame(9000, seed),
    );
    const bytes = joinBytes(frames.map(encode));
    setNonBlocking(near.input.writeFd, true);
    for (let at = 0; at < bytes.length;) {
      const n = writeOnce(near.input.writeFd, bytes.slice(at));
      if (n > 0) {
        at += n;
      } else await until(() => true);
    }
    // More than the far pipe holds: it is full in the middle of a frame.
    assert(await until(() => framesOf(cable.counters[0]) > 7));
    cable.stop();
    const reader = new ReferenceDecoder();
    const got: Uint8Array[] = [];
    setNonBlocking(far.output.readFd, true);
    let left = 0;
    await until(() => {
      const part = readOnce(far.output.readFd, 3000);
      if (typeof part === "number") return false;
      left += part.length;
      got.push(...reader.read(part, Infinity));
      return part.length === 0;
    });
    assertEquals(await cable.ended, { reason: "stopped" });
    assertFrames(got, frames.slice(0, got.length));
    assertEquals(left, got.length * 9002, "whole frames, and nothing else");
  },
);

cableTest(
  "Cable.status() tells what the plugs tell, each time anew, and the last of it in the end",
  async () => {
    const cable = await open("tells://a", "tells://b");
    const ask = async () =>
      (await cable.status()).map(({ vnl, ports }) => `${vnl} ${ports[0].port}`);
    assertEquals(await ask(), ["tells://a 1", "tells://b 1"]);
    assertEquals(await ask(), ["tells://a 2", "tells://b 2"]);
    cable.stop();
    await cable.ended;
    assertEquals(await ask(), ["tells://a 3", "tells://b 3"]);
  },
);

cableTest("Cable.status() answers everybody who asks at a time", async () => {
  const cable = await open("tells://a", "gives://1");
  const answers = await Promise.all([1, 2, 3].map(() => cable.status()));
  for (const plugs of answers) assertEquals(plugs[0].vnl, "tells://a");
  cable.stop();
  await cable.ended;
});

cableTest(
  "Cable.status() is empty of plugs that have nothing to tell",
  async () => {
    const cable = await open("gives://1", "gives://1");
    assertEquals(await cable.status(), []);
    cable.stop();
    await cable.ended;
    assertEquals(await cable.status(), []);
  },
);

cableTest("Cables that come and go leave nothing", async () => {
  const cycle = async () => {
    const cable = await open("gives://1", "gives://1");
    cable.stop();
    await cable.ended;
    await assertRejects(() => open("gives://1", "refuses://plug"), PlugError);
  };
  await cycle();
  const before = openDescriptors().length;
  for (let cycles = 0; cycles < 12; cycles++) await cycle();
  // Of 24 threads, those that ended last may still have theirs.
  const most = before + 8;
  assert(await until(() => openDescriptors().length < most), `${before}`);
});
