import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  AF_INET,
  AF_INET6,
  formatIp,
  readSockaddr,
  resolve,
  SOCKADDR_IN6_BYTES,
  SOCKADDR_IN_BYTES,
  SocketAddress,
} from "../../ffi/sockaddr.ts";
import { ffiTest } from "./case.ts";

const FORMATS = [
  { host: [192, 0, 2, 1], text: "192.0.2.1" },
  { host: [0, 0, 0, 0], text: "0.0.0.0" },
  { host: [255, 255, 255, 255], text: "255.255.255.255" },
  { host: new Array(16).fill(0), text: "::" },
  {
    host: [0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), 1],
    text: "2001:db8::1",
  },
  {
    host: new Array(16).fill(0xff),
    text: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  },
] as const;

for (const { host, text } of FORMATS) {
  ffiTest(`formatIp() writes ${text}`, () => {
    assertEquals(formatIp(Uint8Array.from(host)), text);
  });
}

ffiTest("SocketAddress lays IPv4 out as struct sockaddr_in", () => {
  const [address] = resolve("192.0.2.1", { port: 0x1234 });
  assertEquals(
    [...address.bytes],
    [2, 0, 0x12, 0x34, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  );
  assertEquals(address.family, AF_INET);
  assertEquals(address.port, 0x1234);
  assertEquals([...address.host], [192, 0, 2, 1]);
  assertEquals(address.scope, 0);
  assertEquals(`${address}`, "192.0.2.1:4660");
});

ffiTest("SocketAddress lays IPv6 out as struct sockaddr_in6", () => {
  const [address] = resolve("fe80::5%lo", { port: 7 });
  const want = new Uint8Array(SOCKADDR_IN6_BYTES);
  want.set([10, 0, 0, 7]);
  want.set([0xfe, 0x80], 8);
  want[23] = 5;
  want[24] = 1;
  assertEquals(address.bytes, want);
  assertEquals(address.family, AF_INET6);
  assertEquals([address.port, address.scope], [7, 1]);
  assertEquals(address.host, want.subarray(8, 24));
  assertEquals(`${address}`, "[fe80::5]:7");
});

ffiTest(
  "SocketAddress.withPort() and withScope() leave the original alone",
  () => {
    const [address] = resolve("ff02::1", { port: 5 });
    const other = address.withPort(65535).withScope(3);
    assertEquals([address.port, address.scope], [5, 0]);
    assertEquals([other.port, other.scope], [65535, 3]);
    assertEquals(other.withScope(4).scope, 3, "one that is named stays");
    const [v4] = resolve("192.0.2.1");
    assertEquals(v4.withScope(3), v4, "IPv4 has none");
  },
);

ffiTest("SocketAddress copies the bytes that it is made from", () => {
  const bytes = new Uint8Array(SOCKADDR_IN_BYTES);
  bytes[0] = AF_INET;
  const address = new SocketAddress(bytes);
  bytes[4] = 9;
  assertEquals(`${address}`, "0.0.0.0:0");
});

const GROUPS = [
  { host: "223.255.255.255", multicast: false },
  { host: "224.0.0.1", multicast: true },
  { host: "239.255.255.255", multicast: true },
  { host: "240.0.0.1", multicast: false },
  { host: "ff05:56de::1", multicast: true },
  { host: "fe80::1", multicast: false },
  { host: "::ffff:224.0.0.1", multicast: false },
] as const;

for (const { host, multicast } of GROUPS) {
  ffiTest(`SocketAddress.isMulticast is ${multicast} for ${host}`, () => {
    assertEquals(resolve(host)[0].isMulticast, multicast);
  });
}

const NAMES = [
  { host: "localhost", family: AF_INET, want: "127.0.0.1:1" },
  { host: "::1", family: AF_INET6, want: "[::1]:1" },
  { host: "::1", family: undefined, want: "[::1]:1" },
  { host: "", family: AF_INET, want: "0.0.0.0:1" },
  { host: "", family: AF_INET6, want: "[::]:1" },
  { host: "", family: undefined, want: "0.0.0.0:1" },
] as const;

for (const { host, family, want } of NAMES) {
  ffiTest(
    `resolve() of "${host}" for family ${family} begins with ${want}`,
    () => {
      const addresses = resolve(host, { family, port: 1 });
      assertEquals(`${addresses[0]}`, want);
      for (const address of addresses) {
        assert(family === undefined || address.family === family);
        assertEquals(address.port, 1);
      }
    },
  );
}

ffiTest(
  "resolve() of no name without a family gives one address of each",
  () => {
    assertEquals(resolve("").map(String), ["0.0.0.0:0", "[::]:0"]);
  },
);

const NOWHERE = [
  { host: "no name", family: undefined },
  { host: "2001:db8::1", family: AF_INET },
  { host: "192.0.2.1", family: AF_INET6 },
  { host: "[::1]", family: undefined },
  { host: "127.0.0.1\0.example", family: undefined },
] as const;

for (const { host, family } of NOWHERE) {
  ffiTest(
    `resolve() of ${JSON.stringify(host)} for family ${family} says why not`,
    () => {
      assertThrows(() => resolve(host, { family }), TypeError, "Cannot ");
    },
  );
}

ffiTest("readSockaddr() passes over NULL and other families", () => {
  assertEquals(readSockaddr(null), undefined);
  const unix = Uint8Array.of(1, 0, 47, 0);
  assertEquals(readSockaddr(Deno.UnsafePointer.of(unix)), undefined);
});
