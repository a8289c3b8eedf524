import { assert, assertEquals } from "@std/assert";
import {
  formatIp,
  ipScope,
  isLinkLocal6,
  parseIp,
  parseIpv4,
  parseIpv6,
} from "../../../lib/net/ip_address.ts";
import { seededRandom } from "../../random.ts";
import { hex, ip } from "./packets.ts";

const GOOD = [
  { text: "0.0.0.0", bytes: "00000000" },
  { text: "192.0.2.1", bytes: "c0000201" },
  { text: "255.255.255.255", bytes: "ffffffff" },
  { text: "::", bytes: "0000 0000 0000 0000 0000 0000 0000 0000" },
  { text: "::1", bytes: "0000 0000 0000 0000 0000 0000 0000 0001" },
  { text: "1::", bytes: "0001 0000 0000 0000 0000 0000 0000 0000" },
  { text: "2001:db8::1", bytes: "2001 0db8 0000 0000 0000 0000 0000 0001" },
  { text: "2001:DB8::00aB", bytes: "2001 0db8 0000 0000 0000 0000 0000 00ab" },
  { text: "1:2:3:4:5:6:7:8", bytes: "0001 0002 0003 0004 0005 0006 0007 0008" },
  { text: "1:2:3:4:5:6:7::", bytes: "0001 0002 0003 0004 0005 0006 0007 0000" },
  { text: "::2:3:4:5:6:7:8", bytes: "0000 0002 0003 0004 0005 0006 0007 0008" },
  { text: "1:2:3::6:7:8", bytes: "0001 0002 0003 0000 0000 0006 0007 0008" },
  {
    text: "::ffff:192.0.2.1",
    bytes: "0000 0000 0000 0000 0000 ffff c000 0201",
  },
  {
    text: "64:ff9b::192.0.2.1",
    bytes: "0064 ff9b 0000 0000 0000 0000 c000 0201",
  },
  {
    text: "1:2:3:4:5:6:192.0.2.1",
    bytes: "0001 0002 0003 0004 0005 0006 c000 0201",
  },
] as const;

for (const { text, bytes } of GOOD) {
  Deno.test(`parseIp() reads ${text}`, () => {
    assertEquals(parseIp(text), hex(bytes));
  });
}

const BAD = [
  "",
  " ",
  "192.0.2",
  "192.0.2.1.5",
  "192.0.2.",
  ".192.0.2",
  "192.0..1",
  "192.0.2.256",
  "192.0.2.1000",
  "192.0.2.01",
  "192.0.2.0x1",
  "192.0.2.-1",
  "192.0.2.+1",
  "192.0.2.1 ",
  " 192.0.2.1",
  "192.0.2.1/24",
  "3221225985",
  "１92.0.2.1",
  "localhost",
  ":",
  ":::",
  "::::",
  "1",
  "1:2",
  ":1::2",
  "1::2:",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:",
  ":2:3:4:5:6:7:8",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4::5:6:7:8",
  "::1:2:3:4:5:6:7:8",
  "12345::",
  "g::",
  "0x1::",
  "-1::",
  "fe80::1%eth0",
  "[::1]",
  "::1/64",
  "::192.0.2",
  "::192.0.2.1.1",
  "::192.0.2.256",
  "::192.0.2.1:1",
  "192.0.2.1::",
  "1:192.0.2.1::",
  "1:2:3:4:5:6:7:192.0.2.1",
  "0000:0000:0000:0000:0000:0000:192.168.100.1000",
] as const;

for (const text of BAD) {
  Deno.test(`parseIp() refuses "${text}"`, () => {
    assertEquals(parseIp(text), undefined);
  });
}

Deno.test("parseIpv4() and parseIpv6() keep to their own version", () => {
  assertEquals(parseIpv4("::1"), undefined);
  assertEquals(parseIpv6("192.0.2.1"), undefined);
});

Deno.test("parseIp() ends quickly on a long text", () => {
  assertEquals(parseIp("1:".repeat(1_000_000)), undefined);
  assertEquals(parseIp("1.".repeat(1_000_000)), undefined);
});

/** RFC 5952 sections 4 and 5. */
const FORMATS = [
  { text: "2001:0db8:0000:0000:0000:0000:0000:0001", want: "2001:db8::1" },
  { text: "2001:DB8::A", want: "2001:db8::a" },
  { text: "2001:db8:0:1:1:1:1:1", want: "2001:db8:0:1:1:1:1:1" },
  { text: "2001:0:0:1:0:0:0:1", want: "2001:0:0:1::1" },
  { text: "2001:db8:0:0:1:0:0:1", want: "2001:db8::1:0:0:1" },
  { text: "0:0:0:0:0:0:0:0", want: "::" },
  { text: "0:0:0:0:0:0:0:1", want: "::1" },
  { text: "1:0:0:0:0:0:0:0", want: "1::" },
  { text: "0:0:1:1:1:1:0:0", want: "::1:1:1:1:0:0" },
  { text: "1:2:3:4:5:6:0:0", want: "1:2:3:4:5:6::" },
  { text: "::ffff:192.0.2.1", want: "::ffff:192.0.2.1" },
  { text: "::fffe:192.0.2.1", want: "::fffe:c000:201" },
  { text: "192.0.2.1", want: "192.0.2.1" },
] as const;

for (const { text, want } of FORMATS) {
  Deno.test(`formatIp() writes ${text} as ${want}`, () => {
    assertEquals(formatIp(ip(text)), want);
  });
}

Deno.test("formatIp() and parseIp() undo each other", () => {
  const seed = 20260801;
  const random = seededRandom(seed);
  for (let round = 0; round < 20_000; round++) {
    const bytes = random.bytes(round % 2 === 0 ? 4 : 16);
    // Zero groups are what the short form is about.
    for (let at = 0; at < bytes.length; at += 2) {
      if (random.below(2) === 0) bytes.fill(0, at, at + 2);
    }
    assertEquals(parseIp(formatIp(bytes)), bytes, `seed ${seed}`);
  }
});

Deno.test("parseIp() agrees with the URL parser about random texts", () => {
  const seed = 5952;
  const random = seededRandom(seed);
  let valid = 0;
  for (let round = 0; round < 50_000; round++) {
    const text = Array.from(
      { length: 2 + random.below(16) },
      () => "::::10af.g"[random.below(10)],
    ).join("");
    const want = URL.canParse(`http://[${text}]/`);
    assertEquals(
      parseIpv6(text) !== undefined,
      want,
      `"${text}", seed ${seed}`,
    );
    if (want) valid++;
  }
  assert(valid > 500, `only ${valid} texts were addresses`);
});

const SCOPES = [
  { text: "0.0.0.0", want: "unspecified" },
  { text: "0.0.0.1", want: "reserved" },
  { text: "127.0.0.1", want: "loopback" },
  { text: "10.0.0.0", want: "unicast" },
  { text: "169.254.1.1", want: "unicast" },
  { text: "223.255.255.255", want: "unicast" },
  { text: "224.0.0.1", want: "multicast" },
  { text: "239.255.255.255", want: "multicast" },
  { text: "240.0.0.1", want: "reserved" },
  { text: "255.255.255.255", want: "broadcast" },
  { text: "::", want: "unspecified" },
  { text: "::1", want: "loopback" },
  { text: "::2", want: "unicast" },
  { text: "fe80::1", want: "unicast" },
  { text: "2001:db8::1", want: "unicast" },
  { text: "ff02::1", want: "multicast" },
  { text: "::ffff:192.0.2.1", want: "reserved" },
] as const;

for (const { text, want } of SCOPES) {
  Deno.test(`ipScope() calls ${text} ${want}`, () => {
    assertEquals(ipScope(ip(text)), want);
  });
}

Deno.test("isLinkLocal6() knows fe80::/10 and nothing else", () => {
  assert(isLinkLocal6(ip("fe80::1")));
  assert(isLinkLocal6(ip("febf:ffff::1")));
  assert(!isLinkLocal6(ip("fec0::1")));
  assert(!isLinkLocal6(ip("fe7f::1")));
  assert(!isLinkLocal6(Uint8Array.of(0xfe, 0x80, 0, 1)));
});
