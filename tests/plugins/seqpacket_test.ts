import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { pipe } from "../../ffi/fd.ts";
import { killProcess, spawnProgram, waitForExit } from "../../ffi/spawn.ts";
import {
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  UnixSocket,
} from "../../ffi/unix_socket.ts";
import { Burst } from "../../lib/net/burst.ts";
import { LinkEnd, PlugError } from "../../lib/plug/errors.ts";
import type { OpenOptions, Plug, Plugin } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { seqpacketPlugin } from "../../plugins/seqpacket.ts";
import { ffiTest } from "../ffi/case.ts";
import { readText, TestPipe } from "../ffi/pipes.ts";
import { peerAvailable, reasonToSkip, vdeplug } from "../lab/mod.ts";
import { pluginContract, type PlugPair } from "../plugin_contract.ts";
import { makeFrame, testOptions, until } from "../plugs.ts";

async function open(
  fd: number | string,
  options: OpenOptions = testOptions(),
): Promise<Plug> {
  const vnl = parseVnl(`seqpacket://${fd}`, seqpacketPlugin.syntax);
  return await seqpacketPlugin.open(vnl, options);
}

/** Opens a plug on each of two connected sockets. */
async function openPair(
  near: OpenOptions,
  far: OpenOptions,
): Promise<PlugPair> {
  const [one, other] = UnixSocket.pair(SOCK_SEQPACKET);
  return {
    near: await open(one.release(), near),
    far: await open(other.release(), far),
  };
}

/** Descriptor numbers of tests: nobody has as many open. */
const NOT_OPEN = 999_999;
const INHERITED = "seqpacket://999998";

/** The plugin, with a socket at hand where the contract's VNL is opened. */
const suppliedPlugin: Plugin = {
  ...seqpacketPlugin,
  open: async (vnl, options) => {
    if (vnl.text !== INHERITED) return await seqpacketPlugin.open(vnl, options);
    const [one, other] = UnixSocket.pair(SOCK_SEQPACKET);
    const plug = await open(one.release(), options);
    const dispose = plug[Symbol.dispose].bind(plug);
    const close = () => {
      dispose();
      other[Symbol.dispose]();
    };
    return Object.defineProperty(plug, Symbol.dispose, { value: close });
  },
};

pluginContract({
  plugin: suppliedPlugin,
  vnl: INHERITED,
  openPair,
  reliable: true,
  badVnls: [
    { vnl: "seqpacket://", includes: "needs an address" },
    { vnl: "seqpacket://x", includes: 'received "x"' },
    { vnl: "seqpacket://-1", includes: 'received "-1"' },
    { vnl: "seqpacket://3.5", includes: 'received "3.5"' },
    { vnl: "seqpacket://0x3", includes: 'received "0x3"' },
    { vnl: "seqpacket://2147483648", includes: "0 to 2147483647" },
    { vnl: "seqpacket://3[mode=0]", includes: 'no key "mode"' },
    { vnl: `seqpacket://${NOT_OPEN}`, includes: "is not open" },
  ],
});

const NOT_SUITABLE = [
  {
    name: "a pipe",
    make: (stack: DisposableStack) => {
      const fds = pipe();
      fds.forEach((fd) => stack.use(UnixSocket.own(fd)));
      return fds[0];
    },
    found: "is no socket",
  },
  {
    name: "a datagram socket",
    make: (stack: DisposableStack) => pairOf(stack, SOCK_DGRAM),
    found: "is a socket of another type",
  },
  {
    name: "a stream socket",
    make: (stack: DisposableStack) => pairOf(stack, SOCK_STREAM),
    found: "is a socket of another type",
  },
  {
    name: "a socket that is not connected",
    make: (stack: DisposableStack) =>
      stack.use(UnixSocket.make(SOCK_SEQPACKET)).fd,
    found: "has no peer",
  },
] as const;

function pairOf(stack: DisposableStack, type: number): number {
  const [one, other] = UnixSocket.pair(type);
  stack.use(other);
  return stack.use(one).fd;
}

for (const { name, make, found } of NOT_SUITABLE) {
  ffiTest(`seqpacket plugin refuses ${name}, and leaves it open`, async () => {
    using stack = new DisposableStack();
    const fd = make(stack);
    const error = await assertRejects(() => open(fd), PlugError);
    assertEquals(
      error.message,
      `Cannot open "seqpacket://${fd}" as it must be a connected ` +
        `SOCK_SEQPACKET socket: descriptor ${fd} ${found}`,
    );
    assert(Deno.lstatSync(`/proc/self/fd/${fd}`).isSymlink);
  });
}

ffiTest("seqpacket plug ends in good order when its peer does", async () => {
  const [one, other] = UnixSocket.pair(SOCK_SEQPACKET);
  const fd = one.release();
  using plug = await open(fd);
  assertEquals(plug.receive(new Burst()), 0);
  other[Symbol.dispose]();
  const end = assertThrows(() => plug.receive(new Burst()));
  assertInstanceOf(end, LinkEnd);
  assertEquals(
    end.message,
    `the peer of descriptor ${fd} closed the connection`,
  );
});

/** Two links, and a program that joins them on its descriptors 3 and 4. */
class Joiner implements Disposable {
  readonly near: UnixSocket;
  readonly far: UnixSocket;
  readonly words = new TestPipe();
  readonly pid: number;

  constructor(argv: readonly string[], [one, other] = [3, 4]) {
    const [near, nearTheirs] = UnixSocket.pair(SOCK_SEQPACKET);
    const [far, farTheirs] = UnixSocket.pair(SOCK_SEQPACKET);
    [this.near, this.far] = [near, far];
    this.pid = spawnProgram(argv, [
      [nearTheirs.fd, one],
      [farTheirs.fd, other],
      [this.words.writeFd, 2],
    ]);
    nearTheirs[Symbol.dispose]();
    farTheirs[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.near[Symbol.dispose]();
    this.far[Symbol.dispose]();
    this.words[Symbol.dispose]();
  }
}

const VNLS = ["seqpacket://3", "seqpacket://4"] as const;
const START_MS = 20_000;

/** Sends frames of many lengths, each once the one before has come, and asserts that nothing else comes. */
async function assertEcho(from: UnixSocket, to: UnixSocket): Promise<void> {
  const buffer = new Uint8Array(10_000);
  for (const length of [14, 15, 60, 1514, 1518, 9018, 9234]) {
    const frame = makeFrame(length, length);
    assertEquals(from.send(frame), length);
    let received = 0;
    assert(
      await until(() => (received = to.receive(buffer)) >= 0, START_MS),
      `${length} bytes`,
    );
    assertEquals(buffer.subarray(0, received), frame);
  }
}

const noC = await reasonToSkip(peerAvailable("vde_plug"));

for (
  const { name, argv, skip } of [
    { name: "vdeplug", argv: vdeplug(...VNLS), skip: undefined },
    // The C tool as a peer that shows what the other end expects.
    { name: "vde_plug", argv: ["vde_plug", ...VNLS], skip: noC },
  ]
) {
  ffiTest(
    `${name} carries frames between inherited sockets`,
    async () => {
      using joiner = new Joiner(argv);
      const exit = waitForExit(joiner.pid);
      await assertEcho(joiner.near, joiner.far);
      await assertEcho(joiner.far, joiner.near);
      killProcess(joiner.pid, 15);
      await exit;
    },
    { skip },
  );
}

ffiTest(
  "vdeplug ends with a word when an inherited socket's peer does",
  async () => {
    using joiner = new Joiner(vdeplug(...VNLS));
    const exit = waitForExit(joiner.pid);
    await assertEcho(joiner.near, joiner.far);
    // The last frames still get there.
    const last = makeFrame(60, 77);
    assertEquals(joiner.near.send(last), last.length);
    joiner.near[Symbol.dispose]();
    assertEquals(await exit, { code: 0, signal: 0 });
    const buffer = new Uint8Array(100);
    assertEquals(joiner.far.receive(buffer), last.length);
    assertEquals(buffer.subarray(0, last.length), last);
    assertEquals(joiner.far.receive(buffer), 0);
    joiner.words.close(joiner.words.writeFd);
    const words = await readText(joiner.words.readFd);
    assertStringIncludes(
      words,
      "ended as the peer of descriptor 3 closed the connection",
    );
  },
);

ffiTest(
  "vdeplug carries frames of a socket that is its standard input",
  async () => {
    using joiner = new Joiner(vdeplug("seqpacket://0", "seqpacket://4"), [
      0,
      4,
    ]);
    const exit = waitForExit(joiner.pid);
    await assertEcho(joiner.near, joiner.far);
    await assertEcho(joiner.far, joiner.near);
    joiner.far[Symbol.dispose]();
    assertEquals((await exit).code, 0);
  },
);
