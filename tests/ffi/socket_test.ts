import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { libc, SystemError } from "../../ffi/libc.ts";
import { interfaceIndex } from "../../ffi/netif.ts";
import { AF_INET, AF_INET6, resolve } from "../../ffi/sockaddr.ts";
import { routeMtu, UdpSocket } from "../../ffi/socket.ts";
import { openDescriptors } from "../plugs.ts";
import { ffiTest } from "./case.ts";
import { boundSocket, LOOPBACKS, noIpv6 } from "./sockets.ts";

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_SNDBUF = 7;
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;

const calls = libc({
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
});

/** An option's value, as the kernel tells it. */
function option(socket: UdpSocket, level: number, name: number): number {
  const value = new Int32Array(1);
  const length = new Uint32Array([4]);
  assertEquals(calls().getsockopt(socket.fd, level, name, value, length), 0);
  return value[0];
}

for (const { host, skip } of LOOPBACKS) {
  ffiTest(`UdpSocket on ${host} tells the port that it got`, () => {
    using socket = boundSocket(host);
    const address = socket.localAddress();
    assertNotEquals(address.port, 0);
    assertEquals(address.withPort(0), resolve(host)[0]);
    assertEquals(address.family, socket.family);
  }, { skip });

  ffiTest(`UdpSocket on ${host} says that a port is taken`, () => {
    using socket = boundSocket(host);
    const { port } = socket.localAddress();
    const error = assertThrows(() => boundSocket(host, port), SystemError);
    assertEquals(error.code, "EADDRINUSE");
    assert(error.message.includes(`:${port}: `), error.message);
  }, { skip });
}

ffiTest("UdpSocket is non-blocking, and closed in other programs", () => {
  using socket = new UdpSocket(AF_INET);
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${socket.fd}`);
  assert(/^flags:\s*02004002$/m.test(info), info);
});

ffiTest("UdpSocket names the address that is not this host's", () => {
  using socket = new UdpSocket(AF_INET);
  assertThrows(
    () => socket.bind(resolve("198.51.100.1")[0]),
    SystemError,
    "Cannot bind a UDP socket to 198.51.100.1:0: " +
      "cannot assign requested address (EADDRNOTAVAIL)",
  );
});

ffiTest("UdpSocket refuses a family that is none", () => {
  const before = openDescriptors();
  assertThrows(() => new UdpSocket(255), SystemError, "make a UDP socket");
  assertEquals(openDescriptors(), before);
});

ffiTest("UdpSocket of IPv6 leaves IPv4's port to others", () => {
  using v6 = boundSocket("::");
  using v4 = boundSocket("0.0.0.0", v6.localAddress().port);
  assertEquals(v4.localAddress().port, v6.localAddress().port);
}, { skip: noIpv6 });

ffiTest("UdpSocket.reuseAddress() lets two share a port", () => {
  const [address] = resolve("127.0.0.1");
  using one = new UdpSocket(AF_INET);
  using other = new UdpSocket(AF_INET);
  for (const socket of [one, other]) socket.reuseAddress();
  one.bind(address);
  other.bind(one.localAddress());
  assertEquals(other.localAddress(), one.localAddress());
});

ffiTest("UdpSocket sizes its buffers, and takes what it can get", () => {
  using socket = new UdpSocket(AF_INET);
  socket.setReceiveBuffer(100_000);
  socket.setSendBuffer(50_000);
  // The kernel doubles them for its bookkeeping.
  assertEquals(option(socket, SOL_SOCKET, SO_RCVBUF), 200_000);
  assertEquals(option(socket, SOL_SOCKET, SO_SNDBUF), 100_000);
  socket.setReceiveBuffer(1);
  assert(option(socket, SOL_SOCKET, SO_RCVBUF) > 1);
});

/** Groups of this process alone, and as /proc/net/igmp and igmp6 write them. */
const OWN_BYTES = [Deno.pid >> 8 & 0xff, Deno.pid & 0xff];
const [HIGH, LOW] = OWN_BYTES.map((byte) => byte.toString(16).padStart(2, "0"));
const IGMP_LINE = new RegExp(`${LOW}${HIGH}FFEF\\s`, "i");
const IGMP6_LINE = new RegExp(`\\slo\\s+ff0556de0{20}${HIGH}${LOW}\\s`);

/** What the two families call the same things. */
const V4 = {
  name: "IPv4",
  family: AF_INET,
  skip: undefined,
  level: IPPROTO_IP,
  multicastTtl: 33,
  unicastTtl: 2,
  group: `239.255.${OWN_BYTES.join(".")}`,
  joined: { file: "/proc/net/igmp", line: IGMP_LINE },
} as const;
const V6 = {
  name: "IPv6",
  family: AF_INET6,
  skip: noIpv6,
  level: IPPROTO_IPV6,
  multicastTtl: 18,
  unicastTtl: 16,
  group: `ff05:56de::${HIGH}${LOW}`,
  joined: {
    file: "/proc/net/igmp6",
    line: IGMP6_LINE,
  },
} as const;

/** `unicast`: what unicasts get; undefined: what the system gives them anyway. */
const TTLS = [
  { of: V4, ttl: 7, unicast: 7 },
  { of: V4, ttl: 255, unicast: 255 },
  { of: V4, ttl: 0, unicast: undefined },
  { of: V6, ttl: 7, unicast: undefined },
  { of: V6, ttl: 0, unicast: undefined },
] as const;

for (const { of, ttl, unicast } of TTLS) {
  const { name, family, level, multicastTtl, unicastTtl, skip } = of;
  ffiTest(`UdpSocket.setTtl(${ttl}) on ${name} sets what it should`, () => {
    using socket = new UdpSocket(family);
    const standard = option(socket, level, unicastTtl);
    socket.setTtl(ttl);
    assertEquals(option(socket, level, multicastTtl), ttl);
    assertEquals(option(socket, level, unicastTtl), unicast ?? standard);
  }, { skip });
}

for (const { name, family, skip, group, joined } of [V4, V6]) {
  const listed = async () =>
    joined.line.test(await Deno.readTextFile(joined.file));

  ffiTest(
    `UdpSocket.joinGroup() on ${name} joins on the given interface`,
    async () => {
      const [address] = resolve(group);
      const lo = interfaceIndex("lo");
      assertEquals(await listed(), false);
      {
        using socket = new UdpSocket(family);
        socket.joinGroup(address, lo);
        socket.setMulticastInterface(lo);
        assertEquals(await listed(), true);
        assertThrows(
          () => socket.joinGroup(address, lo),
          SystemError,
          `Cannot join group ${address}`,
        );
      }
      assertEquals(await listed(), false);
    },
    { skip },
  );

  ffiTest(
    `UdpSocket.joinGroup() on ${name} refuses an interface that is none`,
    () => {
      const [address] = resolve(group);
      using socket = new UdpSocket(family);
      const error = assertThrows(
        () => socket.joinGroup(address, 0x7fff_fff0),
        SystemError,
      );
      assertEquals(error.code, "ENODEV");
    },
    { skip },
  );
}

ffiTest("UdpSocket may be closed twice", () => {
  const socket = new UdpSocket(AF_INET);
  socket[Symbol.dispose]();
  using other = new UdpSocket(AF_INET);
  assertEquals(other.fd, socket.fd, "the number is taken again");
  socket[Symbol.dispose]();
  assertEquals(other.localAddress().family, AF_INET);
});

/** The loopback interface's MTU; a packet of IPv4 is never longer than 65535. */
const LOOPBACK_MTUS = [
  Number(await Deno.readTextFile("/sys/class/net/lo/mtu")),
  65535,
];

for (const { host, skip } of LOOPBACKS) {
  ffiTest(
    `UdpSocket.pathMtu() of a socket connected to ${host} is the interface's`,
    () => {
      using socket = boundSocket(host);
      using peer = boundSocket(host);
      socket.connect(peer.localAddress());
      const mtu = socket.pathMtu() ?? 0;
      assert(LOOPBACK_MTUS.includes(mtu), `${mtu}`);
    },
    { skip },
  );

  ffiTest(
    `routeMtu() to ${host} is the interface's, and leaves no socket`,
    () => {
      const mtu = routeMtu(resolve(host, { port: 9 })[0], 0) ?? 0;
      assert(LOOPBACK_MTUS.includes(mtu), `${mtu}`);
    },
    { skip },
  );
}

ffiTest("UdpSocket.pathMtu() of a socket without a peer is not known", () => {
  using socket = boundSocket("127.0.0.1");
  assertEquals(socket.pathMtu(), undefined);
});

ffiTest("routeMtu() to a group goes by the interface that is named", () => {
  const [group] = resolve("239.255.77.66", { port: 9 });
  const mtu = routeMtu(group, interfaceIndex("lo")) ?? 0;
  assert(LOOPBACK_MTUS.includes(mtu), `${mtu}`);
});

ffiTest("routeMtu() is not known where no such interface is", () => {
  const [group] = resolve("239.255.77.66", { port: 9 });
  assertEquals(routeMtu(group, 0x7fff_fff0), undefined);
});
