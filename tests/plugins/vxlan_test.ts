import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { libc } from "../../ffi/libc.ts";
import { AF_INET, SocketAddress } from "../../ffi/sockaddr.ts";
import { UdpSocket } from "../../ffi/socket.ts";
import { PlugError } from "../../lib/plug/errors.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { parseVnl } from "../../lib/plug/vnl.ts";
import { vxlanPlugin } from "../../plugins/vxlan.ts";
import { ffiTest } from "../ffi/case.ts";
import { closedAddress, noIpv6 } from "../ffi/sockets.ts";
import { canMakeNamespaces, reasonToSkip } from "../lab/mod.ts";
import { testOptions } from "../plugs.ts";
import { testInNamespace } from "./in_namespace.ts";
import { BAD_VNLS } from "./vxlan_bad_vnls.ts";

const IPPROTO_IP = 0;
const IP_TTL = 2;
const IP_MULTICAST_TTL = 33;
const IP_MULTICAST_LOOP = 34;

const bound = libc({
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
});

function ipOption({ fd }: Plug, name: number): number {
  const value = new Int32Array(1);
  const length = Uint32Array.of(4);
  assertEquals(bound().getsockopt(fd, IPPROTO_IP, name, value, length), 0);
  return value[0];
}

const skip = await reasonToSkip(canMakeNamespaces());

testInNamespace({
  name: "vxlan plug keeps the contract",
  file: "tests/plugins/vxlan_contract.ts",
  skip,
});

/** Opens on the loopback interface, at a port that nobody has. */
async function open(
  address: string,
  keys: string,
  options = testOptions(),
): Promise<Plug> {
  const { port } = closedAddress("0.0.0.0");
  const vnl = `vxlan://${address}/if=lo/port=${port}${keys}`;
  return await vxlanPlugin.open(parseVnl(vnl, vxlanPlugin.syntax), options);
}

for (const { vnl, includes } of BAD_VNLS) {
  ffiTest(`vxlan plugin refuses ${vnl}`, async () => {
    await assertRejects(
      async () => {
        const parsed = parseVnl(vnl, vxlanPlugin.syntax);
        using _plug = await vxlanPlugin.open(parsed, testOptions());
      },
      Error,
      includes,
    );
  });
}

const NETWORKS = [
  { address: "", keys: "", group: "239.0.0.1", vni: 1 },
  { address: "", keys: "/v4", group: "239.0.0.1", vni: 1 },
  { address: "224.9.9.9", keys: "/vni=77", group: "224.9.9.9", vni: 77 },
  { address: "", keys: "/vni=0xABCDEF", group: "239.0.0.1", vni: 0xabcdef },
  { address: "", keys: "/vni=16777215", group: "239.0.0.1", vni: 16777215 },
  { address: "", keys: "/vni=0", group: "239.0.0.1", vni: 0 },
] as const;

for (const { address, keys, group, vni } of NETWORKS) {
  ffiTest(
    `vxlan plugin takes "${address}${keys}" for ${group} and vni ${vni}`,
    async () => {
      const options = testOptions();
      using _plug = await open(address, keys, options);
      const [line] = options.lines;
      const found = line.match(
        / sends from 0\.0\.0\.0:(\d+) to (.*), vni (.*)/,
      );
      assert(found, line);
      const [, port, ...rest] = found;
      assertEquals(rest, [`${group}:${port}`, `${vni}`]);
    },
  );
}

ffiTest("vxlan plugin takes /v6 for ff05:56de::1", async () => {
  const options = testOptions();
  using _plug = await open("", "/v6", options);
  assertMatch(
    options.lines[0],
    / sends from \[::\]:(\d+) to \[ff05:56de::1\]:\1, vni 1$/,
  );
}, { skip: noIpv6 });

ffiTest("vxlan plugin has port 4789 where none is given", () => {
  const vnl = parseVnl("vxlan://", vxlanPlugin.syntax);
  assertEquals(vnl.number("port"), 4789);
});

for (
  const { keys, ttl } of [{ keys: "", ttl: 1 }, { keys: "/ttl=7", ttl: 7 }]
) {
  ffiTest(
    `vxlan plugin sends with TTL ${ttl} for "${keys}", and not to this host`,
    async () => {
      using plug = await open("", keys);
      assertEquals(ipOption(plug, IP_MULTICAST_TTL), ttl);
      assertEquals(ipOption(plug, IP_TTL), ttl);
      assertEquals(ipOption(plug, IP_MULTICAST_LOOP), 0);
    },
  );
}

ffiTest("vxlan plugin says that a host has one node on a port", async () => {
  using other = new UdpSocket(AF_INET);
  other.reuseAddress();
  other.bind(SocketAddress.any(AF_INET, 0));
  const { port } = other.localAddress();
  const vnl = parseVnl(`vxlan:///if=lo/port=${port}`, vxlanPlugin.syntax);
  const error = await assertRejects(
    async () => {
      using _plug = await vxlanPlugin.open(vnl, testOptions());
    },
    PlugError,
    `bind a UDP socket to 0.0.0.0:${port}`,
  );
  assertEquals(error.code, "EADDRINUSE");
  assertMatch(error.hint, /has port \d+, and VXLAN allows one .*\/port=N$/);
});
