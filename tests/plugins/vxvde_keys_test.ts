import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { libc } from "../../ffi/libc.ts";
import { AF_INET } from "../../ffi/sockaddr.ts";
import { UdpSocket } from "../../ffi/socket.ts";
import { PlugError } from "../../lib/plug/errors.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { vxvdePlugin } from "../../plugins/vxvde.ts";
import { ffiTest } from "../ffi/case.ts";
import { noIpv6 } from "../ffi/sockets.ts";
import { LoopbackLan } from "../lib/vxlan/loopback_lan.ts";
import { testOptions } from "../plugs.ts";

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const IPPROTO_IP = 0;
const IP_TTL = 2;
const IP_MULTICAST_TTL = 33;

const bound = libc({
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
});

/** What a node says of itself when it is opened. */
async function describe(vnl: string): Promise<string> {
  const options = testOptions();
  using _node = await vxvdePlugin.open(
    parseVnl(vnl, vxvdePlugin.syntax),
    options,
  );
  return options.lines.join("\n");
}

/** An option of a node, that is of the socket from which it sends, or of another. */
function option(
  { writeFd = -1 }: Pick<Plug, "writeFd">,
  level: number,
  name: number,
): number {
  const value = new Int32Array(1);
  const length = Uint32Array.of(4);
  assertEquals(bound().getsockopt(writeFd, level, name, value, length), 0);
  return value[0];
}

/** Group 1 is in every system's database. */
const [, DAEMON] = (await Deno.readTextFile("/etc/group"))
  .match(/^([^:\n]+):[^:\n]*:1:/m) ?? [undefined, undefined];
const OWN_GID = Deno.gid() ?? 0;

// Never without the loopback interface: a node would speak on the LAN.
const NETWORKS = [
  { keys: "", group: "239.0.0.1:14789", vni: 1 },
  { keys: "/v4", group: "239.0.0.1:14789", vni: 1 },
  { keys: "/v6=0", group: "239.0.0.1:14789", vni: 1 },
  { keys: "/port=5001", group: "239.0.0.1:5001", vni: 1 },
  { keys: "/port=0x1389", group: "239.0.0.1:5001", vni: 1 },
  { keys: "/vni=0", group: "239.0.0.1:14789", vni: 0 },
  { keys: "/vni=77", group: "239.0.0.1:14789", vni: 77 },
  { keys: "/vni=0xABCDEF", group: "239.0.0.1:14789", vni: 0xabcdef },
  { keys: "/vni=16777215", group: "239.0.0.1:14789", vni: 16777215 },
  { keys: "/vni=010", group: "239.0.0.1:14789", vni: 10 },
  { keys: "/vni=", group: "239.0.0.1:14789", vni: OWN_GID & 0xffffff },
  { keys: "/vni", group: "239.0.0.1:14789", vni: OWN_GID & 0xffffff },
  { keys: "/vni=DAEMON", group: "239.0.0.1:14789", vni: 1 },
  { keys: "/grp=66051", group: "239.1.2.3:14789", vni: 66051 },
  { keys: "/grp=4294967295", group: "239.255.255.255:14789", vni: 0xffffff },
  { keys: "/grp=16909060", group: "239.2.3.4:14789", vni: 0x020304 },
  { keys: "/grp=DAEMON", group: "239.0.0.1:14789", vni: 1 },
  { keys: "/grp=66051/vni=7", group: "239.1.2.3:14789", vni: 7 },
  { keys: "/grp=66051/port=5001", group: "239.1.2.3:5001", vni: 66051 },
] as const;

for (const { keys, group, vni } of NETWORKS) {
  ffiTest(
    `vxvde plugin takes "${keys}" for ${group} and vni ${vni}`,
    async () => {
      const named = keys.replace("DAEMON", DAEMON ?? "1");
      const line = await describe(`vxvde://${named}/if=lo/bind=127.0.0.1`);
      assertMatch(
        line,
        /^debug: vxvde:\S+ sends from 127\.0\.0\.1:[1-9]\d* to /,
      );
      assert(line.endsWith(` to ${group}, vni ${vni}`), line);
    },
  );
}

ffiTest(
  "vxvde plugin keeps the group's first bytes when grp gives the last three",
  async () => {
    const line = await describe(
      "vxvde://224.9.9.9/grp=66051/if=lo/bind=127.0.0.1",
    );
    assert(line.endsWith(" to 224.1.2.3:14789, vni 66051"), line);
  },
);

const GROUPS6 = [
  { vnl: "vxvde:///v6/if=lo/bind=::1", group: "[ff05:56de::1]:14789", vni: 1 },
  {
    vnl: "vxvde://ff05::1:0/if=lo/bind=::1",
    group: "[ff05::1:0]:14789",
    vni: 1,
  },
  {
    vnl: "vxvde:///v6/grp=66051/if=lo/bind=::1",
    group: "[ff05:56de::1:203]:14789",
    vni: 66051,
  },
] as const;

for (const { vnl, group, vni } of GROUPS6) {
  ffiTest(`vxvde plugin takes ${vnl} for ${group} and vni ${vni}`, async () => {
    const line = await describe(vnl);
    assert(line.endsWith(` to ${group}, vni ${vni}`), line);
  }, { skip: noIpv6 });
}

const TTLS = [
  { keys: "", ttl: 1, unicast: 1 },
  { keys: "/ttl=3", ttl: 3, unicast: 3 },
  { keys: "/ttl=255", ttl: 255, unicast: 255 },
  { keys: "/ttl=0", ttl: 0, unicast: undefined },
] as const;

for (const { keys, ttl, unicast } of TTLS) {
  ffiTest(`vxvde plugin sends with TTL ${ttl} for "${keys}"`, async () => {
    using other = new UdpSocket(AF_INET);
    using node = await new LoopbackLan().open(keys);
    assertEquals(option(node, IPPROTO_IP, IP_MULTICAST_TTL), ttl);
    // No datagram to a peer can have TTL 0.
    const standard = option({ writeFd: other.fd }, IPPROTO_IP, IP_TTL);
    assertEquals(option(node, IPPROTO_IP, IP_TTL), unicast ?? standard);
  });
}

const BUFFERS = [
  { keys: "/rcvbuf=100000", bytes: 100_000 },
  { keys: "/rcvbuf=64k", bytes: 65_536 },
  { keys: "/rcvbuf=0x10000", bytes: 65_536 },
  { keys: "/rcvbuf=1M", bytes: 1 << 20 },
] as const;

for (const { keys, bytes } of BUFFERS) {
  ffiTest(`vxvde plugin asks for ${bytes} bytes for "${keys}"`, async () => {
    using node = await new LoopbackLan().open(keys);
    const most = await Deno.readTextFile("/proc/sys/net/core/rmem_max");
    // The kernel doubles it; without privilege, it goes as far as the system allows.
    const wanted = [2 * bytes, 2 * Math.min(bytes, Number(most))];
    const got = option(node, SOL_SOCKET, SO_RCVBUF);
    assert(wanted.includes(got), `${got}`);
  });
}

for (
  const keys of [
    "/expiretime=0",
    "/expiretime=-5",
    "/hashsize=32768",
    "/hashsize=1",
  ]
) {
  ffiTest(`vxvde plugin opens with "${keys}"`, async () => {
    using _node = await new LoopbackLan().open(keys);
  });
}

ffiTest(
  "vxvde plugin says that another program holds the group's port",
  async () => {
    const lan = new LoopbackLan();
    using other = new UdpSocket(AF_INET);
    other.bind(lan.group);
    const error = await assertRejects(
      () => lan.open(),
      PlugError,
      `${lan.group}`,
    );
    assertEquals(error.code, "EADDRINUSE");
    assertMatch(error.hint, /another program.*\/port=/);
  },
);

ffiTest("vxvde plugin says that bind is no address of this host", async () => {
  const vnl = "vxvde:///if=lo/bind=198.51.100.1";
  const error = await assertRejects(() => describe(vnl), PlugError);
  assertEquals(error.code, "EADDRNOTAVAIL");
  assertMatch(error.hint, /bind must be an address of this host/);
});

ffiTest(
  "vxvde plugin says how to find the interface that is missing",
  async () => {
    const vnl = "vxvde:///if=no-such-if";
    const error = await assertRejects(() => describe(vnl), PlugError);
    assertEquals([error.code, error.hint], [
      "ENODEV",
      "ip link lists the interfaces",
    ]);
  },
);
