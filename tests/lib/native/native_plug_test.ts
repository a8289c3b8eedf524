import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { runLoop } from "../../../lib/cable/loop.ts";
import { makeNativeFinder } from "../../../lib/native/native_plugins.ts";
import { Burst } from "../../../lib/net/burst.ts";
import {
  Counter,
  type CounterName,
  Counters,
} from "../../../lib/plug/counters.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import type { Plug, Plugin } from "../../../lib/plug/plugin.ts";
import { parseVnl } from "../../../lib/plug/vnl.ts";
import { ffiTest } from "../../ffi/case.ts";
import {
  noCompiler,
  TEST_SCHEME,
  testLibraries,
} from "../../ffi/native_library.ts";
import { pluginContract } from "../../plugin_contract.ts";
import {
  burstOf,
  makeFrame,
  type TestOptions,
  testOptions,
} from "../../plugs.ts";
import { MemoryPlug, Stopper } from "../cable/memory_plug.ts";
import { libraryPlaces } from "./library_places.ts";

const skip = await noCompiler();

/** An error that passes may come so often in a row. */
const PATIENT_CALLS = 1000;
/** A cable that does not end by itself is stopped then. */
const STOP_MS = 60_000;
/** More than may come in a row. */
const MANY_ERRORS = 10_100;

async function testPlugin(): Promise<Plugin> {
  const { folder } = await testLibraries();
  const plugin = await makeNativeFinder(libraryPlaces(folder))
    .find(TEST_SCHEME);
  assert(plugin !== undefined);
  return plugin;
}

async function open(
  address: string,
  options: TestOptions = testOptions(),
): Promise<Plug> {
  const { syntax, open } = await testPlugin();
  return await open(parseVnl(`${TEST_SCHEME}://${address}`, syntax), options);
}

if (skip === undefined) {
  const plugin = await testPlugin();
  pluginContract({
    plugin,
    vnl: `${TEST_SCHEME}://script:1`,
    badVnls: [
      {
        vnl: `${TEST_SCHEME}://fail:13`,
        includes: "permission denied (EACCES)",
      },
      { vnl: `${TEST_SCHEME}://fail:0`, includes: "gives no reason" },
      { vnl: `${TEST_SCHEME}://a\0b`, includes: "a VNL has no NUL" },
    ],
    openPair: async (near, far) => ({
      near: await open("pair", near),
      far: await open("pair", far),
    }),
    reliable: true,
  });
} else {
  ffiTest("NativePlug keeps the plugin contract", () => {}, { skip });
}

ffiTest(
  "NativePlug fails to open with errno as its code, and names the library",
  async () => {
    const { plugin } = await testLibraries();
    const error = await open("fail:13").then(() => undefined, (error) => error);
    assertInstanceOf(error, PlugError);
    assertEquals(error.code, "EACCES");
    assertStringIncludes(
      error.message,
      `Cannot open "${TEST_SCHEME}://fail:13" with "${plugin}": `,
    );
  },
  { skip },
);

ffiTest(
  "NativePlug hands on who asks, and what was asked for beside the VNL",
  async () => {
    const access = { port: 3, group: "users", mode: 0o600 };
    using plug = await open("told", { ...testOptions(), access });
    const burst = new Burst(1);
    assertEquals(plug.receive(burst), 1);
    const text = new TextDecoder().decode(burst.frame(0));
    assertMatch(
      text,
      /descr=test user=\S+ pid=\d+ version=1 port=3 group=users/,
    );
    assertMatch(text, / mode=600 .*size=9234 flags=0/);
  },
  { skip },
);

interface Reception {
  readonly name: string;
  /** What the plugin's recv gives, in turn. */
  readonly steps: string;
  /** Lengths of the frames that come. */
  readonly want: readonly number[];
  readonly counts?: Partial<Record<CounterName, number>>;
}

const RECEPTIONS: readonly Reception[] = [
  { name: "takes all that waits", steps: "60,14,9234", want: [60, 14, 9234] },
  { name: "skips what is not for us", steps: "1,60,1,60", want: [60, 60] },
  {
    name: "drops and counts runts",
    steps: "13,60,2",
    want: [60],
    counts: { runt: 2 },
  },
  {
    name: "drops what is longer than the room that there was",
    steps: "9235,60",
    want: [60],
    counts: { oversize: 1 },
  },
  // EAGAIN, EINTR, EIO, ENETDOWN, ECONNREFUSED, none
  {
    name: "goes on after errors that pass",
    steps: "-11,60,-4,60,-5,-100,-111,60,-999,60,0,60",
    want: [60, 60, 60, 60, 60],
  },
];

for (const { name, steps, want, counts = {} } of RECEPTIONS) {
  ffiTest(`NativePlug.receive() ${name}`, async () => {
    const options = testOptions();
    using plug = await open(`script:${steps}`, options);
    const burst = new Burst();
    for (const _step of steps.split(",")) plug.receive(burst);
    assertEquals([...burst.length.subarray(0, burst.count)], want);
    for (const [name, count] of Object.entries(counts)) {
      const cell = Counter[name as CounterName];
      assertEquals(options.receiveCounters.cells[cell], count, name);
    }
    const dropped = Object.values(counts).reduce((sum, n) => sum + n, 0);
    assertEquals(options.receiveCounters.dropped(), dropped);
  }, { skip });
}

ffiTest("NativePlug.receive() hands on what came before an error", async () => {
  using plug = await open("script:60,-13,60");
  const burst = new Burst();
  assertEquals(plug.receive(burst), 1);
  for (let call = 0; call < 2; call++) {
    assertThrows(() => plug.receive(burst), PlugError, "EACCES");
  }
}, { skip });

ffiTest(
  "NativePlug.receive() throws what does not pass, with its code",
  async () => {
    using plug = await open("script:-13,60");
    const error = assertThrows(() => plug.receive(new Burst()), PlugError);
    assertEquals(error.code, "EACCES");
    assertStringIncludes(
      error.message,
      `Cannot receive from "${TEST_SCHEME}://`,
    );
  },
  { skip },
);

ffiTest(
  "NativePlug.receive() gives up on a descriptor that is readable for nothing",
  async () => {
    using plug = await open("stuck:-5");
    const burst = new Burst(1);
    for (let call = 0; call < PATIENT_CALLS; call++) {
      assertEquals(plug.receive(burst), 0);
    }
    assertThrows(
      () => {
        for (let call = 0; call < PATIENT_CALLS * 100; call++) {
          plug.receive(burst);
        }
      },
      PlugError,
      "is readable, and nothing comes",
    );
  },
  { skip },
);

const ENDS = [
  { name: "a frame for others, at the end of a pipe", address: "over:1" },
  { name: "a runt, at the end of a pipe", address: "over:5" },
  { name: "an error that passes, at the end of a pipe", address: "over:-11" },
  { name: "a frame for others, at the end of a socket", address: "half:1" },
  { name: "a runt, at the end of a socket", address: "half:5" },
  { name: "nothing, at the end of a socket", address: "half:0" },
];

for (const { name, address } of ENDS) {
  ffiTest(
    `NativePlug.receive() tells the end of a plugin that gives ${name}`,
    async () => {
      using plug = await open(address);
      const burst = new Burst();
      assertThrows(
        () => {
          for (let call = 0; call < PATIENT_CALLS * 20; call++) {
            assertEquals(plug.receive(burst), 0);
          }
        },
        LinkEnd,
        "hung up",
      );
    },
    { skip },
  );
}

ffiTest(
  "NativePlug.receive() never minds how many frames are for others while the link is up",
  async () => {
    using plug = await open("stuck:1");
    const burst = new Burst();
    for (let call = 0; call < 30; call++) assertEquals(plug.receive(burst), 0);
  },
  { skip },
);

ffiTest(
  "NativePlug.receive() never minds how many errors pass one by one",
  async () => {
    // ECONNREFUSED
    using plug = await open("echo:-111");
    const frame = burstOf([makeFrame(60, 1)]);
    const burst = new Burst();
    for (let round = 0; round < MANY_ERRORS; round++) {
      assertEquals(plug.send(frame, 0), 1);
      assertEquals(plug.receive(burst), 0);
    }
  },
  { skip },
);

ffiTest(
  "NativePlug ends its cable with what came before an error of which no descriptor tells",
  async () => {
    using source = await open("script:60,-13");
    using sink = new MemoryPlug();
    using stopper = new Stopper(STOP_MS);
    const counters = [new Counters(), new Counters()] as const;
    const cable = {
      plugs: [source, sink],
      counters,
      stopFd: stopper.fd,
    } as const;
    assertThrows(() => runLoop(cable), PlugError, "EACCES");
    assertEquals(sink.taken.map(({ length }) => length), [60]);
  },
  { skip },
);

ffiTest("NativePlug is of no use once it is disposed of", async () => {
  const plug = await open("sent:60");
  plug[Symbol.dispose]();
  assertThrows(() => plug.receive(new Burst()), PlugError);
  const burst = burstOf([makeFrame(60, 1)]);
  assertThrows(() => plug.send(burst, 0), PlugError, "EBADF");
}, { skip });

ffiTest(
  "NativePlug tells the end once the other side is closed and all frames are out",
  async () => {
    const near = await open("pair");
    using far = await open("pair");
    const frames = [makeFrame(60, 1), makeFrame(60, 2)];
    assertEquals(near.send(burstOf(frames), 0), 2);
    near[Symbol.dispose]();
    const burst = new Burst();
    assertEquals(far.receive(burst), 2);
    assertThrows(() => far.receive(burst), LinkEnd, "hung up");
    assertThrows(() => far.send(burstOf(frames), 0), LinkEnd, "hung up");
  },
  { skip },
);

interface Sending {
  readonly name: string;
  /** What the plugin's send gives, in turn. */
  readonly address: string;
  /** Of three frames. */
  readonly counts?: Partial<Record<CounterName, number>>;
}

const SENDINGS: readonly Sending[] = [
  { name: "takes any answer but an error for sent", address: "sent:60,0,1" },
  { name: "tries again after EAGAIN and EINTR", address: "sent:-11,60,-4,60" },
  {
    name: "drops what is full when the descriptor tells of room",
    address: "sent:-11,-11,60",
    counts: { full: 1 },
  },
  {
    name: "drops what is full when the descriptor tells nothing",
    address: "deaf:-11,60,60",
    counts: { full: 1 },
  },
  // ENOBUFS, ENETDOWN, EMSGSIZE
  {
    name: "drops and counts by the error",
    address: "sent:-105,-100,-90",
    counts: { full: 1, down: 1, oversize: 1 },
  },
  // EIO, ECONNREFUSED, none
  {
    name: "drops and counts by the error that passes",
    address: "sent:-5,-111,-999",
    counts: { down: 1, unreachable: 2 },
  },
];

for (const { name, address, counts = {} } of SENDINGS) {
  ffiTest(`NativePlug.send() ${name}`, async () => {
    const options = testOptions();
    using plug = await open(address, options);
    const frames = [1, 2, 3].map((seed) => makeFrame(60, seed));
    assertEquals(plug.send(burstOf(frames), 0), 3);
    for (const [name, count] of Object.entries(counts)) {
      const cell = Counter[name as CounterName];
      assertEquals(options.sendCounters.cells[cell], count, name);
    }
    const dropped = Object.values(counts).reduce((sum, n) => sum + n, 0);
    assertEquals(options.sendCounters.dropped(), dropped);
  }, { skip });
}

ffiTest(
  "NativePlug.send() throws what does not pass, with its code",
  async () => {
    using plug = await open("sent:-13");
    const burst = burstOf([makeFrame(60, 1)]);
    const error = assertThrows(() => plug.send(burst, 0), PlugError);
    assertEquals(error.code, "EACCES");
    assertStringIncludes(error.message, `Cannot send to "${TEST_SCHEME}://`);
  },
  { skip },
);

ffiTest(
  "NativePlug has a writeFd only where its descriptor tells of room",
  async () => {
    using one = await open("sent:60");
    assertEquals(one.writeFd, one.fd);
    assertEquals(one.controlFd, undefined);
    using other = await open("deaf:60");
    assertEquals(other.writeFd, undefined);
    assert((other.controlFd ?? -1) > 2);
  },
  { skip },
);
