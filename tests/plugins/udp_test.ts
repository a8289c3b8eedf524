import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { SocketAddress } from "../../ffi/sockaddr.ts";
import type { UdpSocket } from "../../ffi/socket.ts";
import { PlugError } from "../../lib/plug/errors.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { udpPlugin } from "../../plugins/udp.ts";
import { ffiTest } from "../ffi/case.ts";
import {
  boundSocket,
  closedAddress,
  nextDatagram,
  noIpv6,
  sendTo,
} from "../ffi/sockets.ts";
import { assertRefused } from "../lib/vxlan/vxvde_party.ts";
import {
  makeFrame,
  type OpenPair,
  plugContract,
  pluginContract,
} from "../plugin_contract.ts";
import {
  assertFrames,
  burstOf,
  receiveFrames,
  takeFrames,
  type TestOptions,
  testOptions,
  until,
} from "../plugs.ts";

async function open(
  vnl: string,
  options: TestOptions = testOptions(),
): Promise<Plug> {
  return await udpPlugin.open(parseVnl(vnl, udpPlugin.syntax), options);
}

/** Two addresses at which nobody listens any more: two, as none is free before both are known. */
function twoAddresses(host: string): [SocketAddress, SocketAddress] {
  using one = boundSocket(host);
  using other = boundSocket(host);
  return [one.localAddress(), other.localAddress()];
}

/** Two plugs, each other's remote address, by whatever name `host` is. */
function pairOn(host: string, address: string): OpenPair {
  return async (near, far) => {
    const [a, b] = twoAddresses(address).map(({ port }) => port);
    return {
      near: await open(`udp://${host}:${a}->${host}:${b}`, near),
      far: await open(`udp://${host}:${b}->${host}:${a}`, far),
    };
  };
}

pluginContract({
  plugin: udpPlugin,
  vnl: "udp://127.0.0.1:0->127.0.0.1:9",
  openPair: pairOn("127.0.0.1", "127.0.0.1"),
  badVnls: [
    { vnl: "udp://", includes: "needs an address" },
    { vnl: "udp://5000", includes: "[LOCAL:]PORT->REMOTE:PORT" },
    { vnl: "udp://5000->a:1->b:2", includes: "[LOCAL:]PORT->REMOTE:PORT" },
    { vnl: "udp://->127.0.0.1:5000", includes: 'received ""' },
    { vnl: "udp://5000->", includes: 'received ""' },
    { vnl: "udp://5000->5001", includes: 'REMOTE:PORT: received "5001"' },
    { vnl: "udp://5000->127.0.0.1", includes: 'received "127.0.0.1"' },
    { vnl: "udp://5000->127.0.0.1:0", includes: "REMOTE:PORT" },
    { vnl: "udp://5000->127.0.0.1:65536", includes: "received 65536" },
    { vnl: "udp://70000->127.0.0.1:5000", includes: "0 to 65535" },
    { vnl: "udp://0x10->127.0.0.1:5000", includes: 'received "0x10"' },
    { vnl: "udp://-1->127.0.0.1:5000", includes: 'received "-1"' },
    { vnl: "udp://127.0.0.1:5000->[::1]:5000", includes: "one address family" },
    { vnl: "udp://5000->no name:5000", includes: 'received "no name"' },
    { vnl: "udp://198.51.100.1:0->127.0.0.1:9", includes: "EADDRNOTAVAIL" },
    { vnl: "udp://5000->127.0.0.1:5000/ttl=1", includes: 'no key "ttl"' },
  ],
});

plugContract("udp over IPv6", {
  openPair: pairOn("[::1]", "::1"),
  ignore: noIpv6,
});
plugContract("udp by names", { openPair: pairOn("localhost", "127.0.0.1") });

/** A plug whose remote side is a plain socket. */
class Tunnel implements Disposable {
  private constructor(
    readonly plug: Plug,
    readonly options: TestOptions,
    readonly remote: UdpSocket,
    readonly address: SocketAddress,
  ) {}

  static async open(): Promise<Tunnel> {
    const options = testOptions();
    const remote = boundSocket("127.0.0.1");
    const own = closedAddress("127.0.0.1");
    const { port } = remote.localAddress();
    const plug = await open(`udp://${own}->127.0.0.1:${port}`, options);
    return new Tunnel(plug, options, remote, own);
  }

  /** Sends a datagram to the plug. */
  deliver(
    datagram: Uint8Array<ArrayBuffer>,
    from: UdpSocket = this.remote,
  ): void {
    sendTo(from, datagram, this.address);
  }

  /** Frames that the plug gives up to and with a last one, which is sent now. */
  async frames(): Promise<Uint8Array[]> {
    const last = makeFrame(60, 0xffff);
    this.deliver(last);
    const got: Uint8Array[] = [];
    assert(
      await until(() => {
        got.push(...takeFrames(this.plug));
        return got.at(-1)?.join() === last.join();
      }),
      "the last frame did not come",
    );
    return got.slice(0, -1);
  }

  [Symbol.dispose](): void {
    this.plug[Symbol.dispose]();
    this.remote[Symbol.dispose]();
  }
}

ffiTest("udp plug accepts frames from the remote address only", async () => {
  using tunnel = await Tunnel.open();
  using samePort = boundSocket("127.0.0.2", tunnel.remote.localAddress().port);
  using sameHost = boundSocket("127.0.0.1");
  for (const stranger of [samePort, sameHost]) {
    tunnel.deliver(makeFrame(60, 1), stranger);
  }
  const frame = makeFrame(100, 2);
  tunnel.deliver(frame);
  assertFrames(await tunnel.frames(), [frame]);
});

const DATAGRAMS = [
  { name: "ignores an empty datagram", bytes: 0, runt: 0, oversize: 0 },
  { name: "drops and counts one byte", bytes: 1, runt: 1, oversize: 0 },
  { name: "drops and counts 13 bytes", bytes: 13, runt: 1, oversize: 0 },
  { name: "drops and counts 9235 bytes", bytes: 9235, runt: 0, oversize: 1 },
  { name: "drops and counts 65507 bytes", bytes: 65507, runt: 0, oversize: 1 },
] as const;

for (const { name, bytes, runt, oversize } of DATAGRAMS) {
  ffiTest(`udp plug ${name}`, async () => {
    using tunnel = await Tunnel.open();
    tunnel.deliver(makeFrame(bytes, 1));
    assertFrames(await tunnel.frames(), []);
    const counted = tunnel.options.receiveCounters.snapshot();
    assertEquals([counted.runt, counted.oversize], [runt, oversize]);
    assertEquals(tunnel.options.receiveCounters.dropped(), runt + oversize);
  });
}

ffiTest(
  "udp plug adds nothing to a frame, and sends from its own port",
  async () => {
    using tunnel = await Tunnel.open();
    const frame = makeFrame(77, 1);
    tunnel.plug.send(burstOf([frame]), 0);
    const { bytes, from } = await nextDatagram(tunnel.remote);
    assertEquals(bytes, frame);
    assertEquals(`${from}`, `${tunnel.address}`);
  },
);

ffiTest(
  "udp plug goes on while nobody is there, and when somebody comes",
  async () => {
    const [own, remote] = twoAddresses("127.0.0.1");
    const options = testOptions();
    using plug = await open(`udp://${own}->${remote}`, options);
    const burst = burstOf([
      makeFrame(60, 1),
      makeFrame(60, 2),
      makeFrame(60, 3),
    ]);
    for (let round = 0; round < 100; round++) {
      assertEquals(plug.send(burst, 0), 3);
      assertEquals(takeFrames(plug), []);
    }
    using far = await open(`udp://${remote}->${own}`);
    const frame = makeFrame(60, 4);
    assertEquals(plug.send(burstOf([frame]), 0), 1);
    assertFrames(await receiveFrames(far, 1), [frame]);
    assertEquals(far.send(burstOf([frame]), 0), 1);
    assertFrames(await receiveFrames(plug, 1), [frame]);
  },
);

ffiTest(
  "udp plug loses no frame to what it is told about the one before",
  async () => {
    const [own, remote] = twoAddresses("127.0.0.1");
    const options = testOptions();
    using plug = await open(`udp://${own}->${remote}`, options);
    plug.send(burstOf([makeFrame(60, 1)]), 0);
    // The refusal of the first one waits at the socket.
    await assertRefused(plug);
    using far = await open(`udp://${remote}->${own}`);
    const frames = [2, 3, 4].map((seed) => makeFrame(60, seed));
    plug.send(burstOf(frames), 0);
    assertFrames(await receiveFrames(far, 3), frames);
    assertEquals(options.sendCounters.dropped(), 0);
  },
);

ffiTest("udp plugin names a port that another program has", async () => {
  using other = boundSocket("127.0.0.1");
  const { port } = other.localAddress();
  const error = await assertRejects(
    () => open(`udp://127.0.0.1:${port}->127.0.0.1:9`),
    PlugError,
    `127.0.0.1:${port}`,
  );
  assertEquals(error.code, "EADDRINUSE");
  assertMatch(error.hint, /another program has this port/);
});

ffiTest("udp plugin listens on any address where none is given", async () => {
  const { port } = closedAddress("0.0.0.0");
  const options = testOptions();
  using _plug = await open(`udp://${port}->127.0.0.1:9`, options);
  assertStringIncludes(
    options.lines.join(),
    `127.0.0.1:${port} and 127.0.0.1:9`,
  );
});

ffiTest("udp plugin takes any free port for 0", async () => {
  const options = testOptions();
  using _plug = await open("udp://127.0.0.1:0->127.0.0.1:9", options);
  assertMatch(options.lines.join(), /between 127\.0\.0\.1:[1-9]\d* and/);
});
