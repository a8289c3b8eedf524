import { assert, assertEquals, assertMatch } from "@std/assert";
import { EventFd } from "../../ffi/eventfd.ts";
import { waitReadable } from "../../ffi/poll.ts";
import { Burst } from "../../lib/net/burst.ts";
import { formatMac } from "../../lib/net/frame.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { probePlugin } from "../../plugins/probe.ts";
import {
  advertisement,
  arpFrame,
  echo,
  icmpFrame,
  ip,
  solicitation,
} from "../lib/net/packets.ts";
import { makeFrame, pluginContract } from "../plugin_contract.ts";
import { burstOf, type TestOptions, testOptions } from "../plugs.ts";

const PEER = "02:00:00:00:00:02";
const ALL = "ff:ff:ff:ff:ff:ff";
/** What 192.0.2.1 gives. */
const HOST = "02:04:c0:00:02:01";

// The C library stays open once it is: that is no test's leak.
new EventFd()[Symbol.dispose]();
await waitReadable([], 0);

// No pairs: a probe answers, it does not relay.
pluginContract({
  plugin: probePlugin,
  vnl: "probe://192.0.2.1,2001:db8::1",
  badVnls: [
    { vnl: "probe://", includes: "needs an address" },
    { vnl: "probe://host.example", includes: 'received "host.example"' },
    { vnl: "probe://192.0.2.1,", includes: 'received ""' },
    { vnl: "probe://192.0.2.1,192.0.2.300", includes: '"192.0.2.300"' },
    { vnl: "probe://192.0.2.1/24", includes: 'no key "24"' },
    { vnl: "probe://224.0.0.1", includes: 'multicast "224.0.0.1"' },
    { vnl: "probe://255.255.255.255", includes: "broadcast" },
    { vnl: "probe://0.0.0.0", includes: "unspecified" },
    { vnl: "probe://127.0.0.1", includes: "loopback" },
    { vnl: "probe://::", includes: "unspecified" },
    { vnl: "probe://192.0.2.1,ff02::1", includes: 'multicast "ff02::1"' },
    { vnl: "probe://::ffff:192.0.2.1", includes: "reserved" },
    { vnl: "probe://fe80::1%25eth0", includes: 'received "fe80::1%eth0"' },
    { vnl: "probe://2001:db8::1,2001:DB8:0::1", includes: "once" },
    { vnl: "probe://192.0.2.1/mac=", includes: "mac must be one station" },
    {
      vnl: "probe://192.0.2.1/mac=02:00:00:00:00",
      includes: '02:00:00:00:00"',
    },
    { vnl: "probe://192.0.2.1/mac=03:00:00:00:00:01", includes: "mac must" },
    { vnl: "probe://192.0.2.1/mac=00:00:00:00:00:00", includes: "mac must" },
    { vnl: "probe://192.0.2.1/vlan=1", includes: 'no key "vlan"' },
  ],
});

async function open(vnl: string, options: TestOptions): Promise<Plug> {
  return await probePlugin.open(parseVnl(vnl, probePlugin.syntax), options);
}

/** Opens a probe and takes what it announces. */
async function openQuiet(vnl: string, options = testOptions()): Promise<Plug> {
  const plug = await open(vnl, options);
  plug.receive(new Burst());
  return plug;
}

function received(plug: Plug, burst = new Burst()): Uint8Array[] {
  const before = burst.count;
  assertEquals(plug.receive(burst), burst.count - before);
  return Array.from(
    { length: burst.count - before },
    (_, index) => burst.frame(before + index),
  );
}

const isReadable = (plug: Plug) => waitReadable([plug.fd], 0);

function echoRequest(payloadBytes: number, sequence = 1): Uint8Array {
  return icmpFrame(
    { to: HOST, from: PEER },
    { source: "192.0.2.2", destination: "192.0.2.1" },
    echo(8, new Uint8Array(payloadBytes), 1, sequence),
  );
}

function echoReply(payloadBytes: number, sequence = 1): Uint8Array {
  return icmpFrame(
    { to: PEER, from: HOST },
    { source: "192.0.2.1", destination: "192.0.2.2" },
    echo(0, new Uint8Array(payloadBytes), 1, sequence),
  );
}

Deno.test("probe announces its addresses at open, the link-local one too", async () => {
  using plug = await open("probe://192.0.2.1,2001:db8::1", testOptions());
  assert(await isReadable(plug));
  const all6 = { to: "33:33:00:00:00:01", from: HOST };
  const announced = (address: string) =>
    icmpFrame(
      all6,
      { source: address, destination: "ff02::1", hopLimit: 255 },
      advertisement(0x20, address, HOST),
    );
  assertEquals(received(plug), [
    arpFrame({ to: ALL, from: HOST }, {
      operation: 1,
      senderMac: HOST,
      senderIp: "192.0.2.1",
      targetIp: "192.0.2.1",
    }),
    announced("2001:db8::1"),
    announced("fe80::4:c0ff:fe00:201"),
  ]);
  assert(!await isReadable(plug));
  assertEquals(received(plug), []);
});

Deno.test("probe announces a link-local address that is given as its own once", async () => {
  using plug = await open(
    "probe://192.0.2.1,fe80::4:c0ff:fe00:201",
    testOptions(),
  );
  assertEquals(received(plug).length, 2);
});

Deno.test("probe answers for its addresses, and its descriptor tells of it", async () => {
  using plug = await openQuiet("probe://192.0.2.1");
  assertEquals(plug.send(burstOf([makeFrame(60, 1)]), 0), 1);
  assert(!await isReadable(plug));
  const local = "fe80::4:c0ff:fe00:201";
  const asked = icmpFrame(
    { to: "33:33:ff:00:02:01", from: PEER },
    { source: "fe80::2", destination: "ff02::1:ff00:201", hopLimit: 255 },
    solicitation(local, PEER),
  );
  const burst = burstOf([makeFrame(60, 1), echoRequest(56), asked]);
  assertEquals(plug.send(burst, 0), 3);
  assert(await isReadable(plug));
  assertEquals(received(plug), [
    echoReply(56),
    icmpFrame(
      { to: PEER, from: HOST },
      { source: local, destination: "fe80::2", hopLimit: 255 },
      advertisement(0x60, local, HOST),
    ),
  ]);
  assert(!await isReadable(plug));
});

Deno.test("probe echoes 9,188 bytes, the payload of the largest MTU", async () => {
  using plug = await openQuiet("probe://192.0.2.1");
  plug.send(burstOf([echoRequest(9188)]), 0);
  assertEquals(received(plug), [echoReply(9188)]);
});

Deno.test("probe answers only the frames from the given index on", async () => {
  using plug = await openQuiet("probe://192.0.2.1");
  const burst = burstOf([1, 2, 3].map((sequence) => echoRequest(9, sequence)));
  assertEquals(plug.send(burst, 1), 2);
  assertEquals(received(plug), [echoReply(9, 2), echoReply(9, 3)]);
});

Deno.test("probe keeps answers for which a burst has no room, in order", async () => {
  using plug = await openQuiet("probe://192.0.2.1");
  plug.send(burstOf([1, 2, 3].map((sequence) => echoRequest(9, sequence))), 0);
  const small = new Burst(2);
  small.push(makeFrame(60, 1));
  assertEquals(received(plug, small), [echoReply(9, 1)]);
  assertEquals(small.frame(0), makeFrame(60, 1));
  assertEquals(received(plug, small), []);
  assert(await isReadable(plug));
  plug.send(burstOf([echoRequest(9, 4)]), 0);
  assertEquals(received(plug), [2, 3, 4].map((n) => echoReply(9, n)));
  assert(!await isReadable(plug));
});

Deno.test("probe drops and counts answers when too many wait", async () => {
  const options = testOptions();
  using plug = await openQuiet("probe://192.0.2.1", options);
  const burst = burstOf([1, 2, 3].map((n) => echoRequest(9000, n)));
  for (let round = 0; round < 100; round++) {
    assertEquals(plug.send(burst, 0), 3);
  }
  const frames = received(plug);
  frames.push(...received(plug));
  const { full } = options.receiveCounters.snapshot();
  assertEquals(frames.length + full, 300);
  assert(frames.length >= 64, `only ${frames.length} wait`);
  assertEquals(options.sendCounters.dropped(), 0);
  assertEquals(frames[0], echoReply(9000, 1));
  plug.send(burst, 2);
  assertEquals(received(plug), [echoReply(9000, 3)]);
});

Deno.test("probe drops and counts runts and oversize frames", async () => {
  const options = testOptions();
  using plug = await openQuiet("probe://192.0.2.1", options);
  const burst = new Burst(4);
  for (const length of [0, 13, 14, 9235]) burst.push(makeFrame(length, 1));
  assertEquals(plug.send(burst, 0), 4);
  const { runt, oversize } = options.sendCounters.snapshot();
  assertEquals([runt, oversize], [2, 1]);
  assertEquals(received(plug), []);
});

const MACS = [
  { vnl: "probe://192.0.2.1", want: "02:04:c0:00:02:01" },
  { vnl: "probe://192.0.2.2,192.0.2.1", want: "02:04:c0:00:02:02" },
  { vnl: "probe://192.0.2.1/mac=02:00:00:00:00:AB", want: "02:00:00:00:00:ab" },
  { vnl: "probe://192.0.2.1/mac=0e-00-00-00-00-01", want: "0e:00:00:00:00:01" },
] as const;

for (const { vnl, want } of MACS) {
  Deno.test(`probe has the MAC address ${want} for ${vnl}, and says so`, async () => {
    const options = testOptions();
    using plug = await open(vnl, options);
    assertEquals(formatMac(received(plug)[0], 6), want);
    assertMatch(options.lines.join("\n"), new RegExp(`^debug: .* at ${want}$`));
  });
}

Deno.test("probes of different IPv6 addresses have different MAC addresses, always the same", async () => {
  const macs: string[] = [];
  for (const last of ["1", "2", "1"]) {
    using plug = await open(`probe://2001:db8::${last}`, testOptions());
    const [announced] = received(plug);
    assertEquals(announced.slice(22, 38), ip(`2001:db8::${last}`));
    macs.push(formatMac(announced, 6));
  }
  assertEquals(macs[0], macs[2]);
  assert(macs[0] !== macs[1]);
});
