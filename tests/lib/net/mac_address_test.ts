import { assert, assertEquals } from "@std/assert";
import { formatMac } from "../../../lib/net/frame.ts";
import { formatIp } from "../../../lib/net/ip_address.ts";
import {
  eui64Address,
  isStationMac,
  linkLocalAddress,
  macFromIp,
  randomMac,
} from "../../../lib/net/mac_address.ts";
import { seededRandom } from "../../random.ts";
import { ip, mac } from "./packets.ts";

const STATIONS = [
  { text: "02:00:00:00:00:01", want: true },
  { text: "00:00:00:00:00:01", want: true },
  { text: "fe:ff:ff:ff:ff:ff", want: true },
  { text: "00:00:00:00:00:00", want: false },
  { text: "01:00:00:00:00:00", want: false },
  { text: "03:00:00:00:00:01", want: false },
  { text: "33:33:00:00:00:01", want: false },
  { text: "ff:ff:ff:ff:ff:ff", want: false },
] as const;

for (const { text, want } of STATIONS) {
  Deno.test(`isStationMac() says ${want} of ${text}`, () => {
    assertEquals(isStationMac(mac(text)), want);
  });
}

const DERIVED = [
  { address: "192.0.2.1", want: "02:04:c0:00:02:01" },
  { address: "255.254.253.252", want: "02:04:ff:fe:fd:fc" },
] as const;

for (const { address, want } of DERIVED) {
  Deno.test(`macFromIp() makes ${want} of ${address}`, () => {
    assertEquals(formatMac(macFromIp(ip(address))), want);
  });
}

Deno.test("macFromIp() gives each of 4,000 IPv6 addresses one of its own, always the same", () => {
  const seen = new Set<string>();
  for (let index = 0; index < 4000; index++) {
    const address = ip(`2001:db8::${index.toString(16)}`);
    const derived = macFromIp(address);
    assert(isStationMac(derived));
    assertEquals(derived[0] & 3, 2, "not locally administered");
    assertEquals(derived, macFromIp(address.slice()));
    seen.add(formatMac(derived));
  }
  assertEquals(seen.size, 4000);
});

Deno.test("randomMac() gives addresses of stations, locally administered", () => {
  const random = seededRandom(1);
  const seen = new Set<string>();
  for (let round = 0; round < 1000; round++) {
    const made = randomMac(() => random.next() / 0x1_0000_0000);
    assert(isStationMac(made));
    assertEquals(made[0] & 3, 2);
    seen.add(formatMac(made));
  }
  assertEquals(seen.size, 1000);
});

const EUI64 = [
  { mac: "02:00:00:00:00:01", want: "2001:db8::ff:fe00:1" },
  { mac: "34:56:78:9a:bc:de", want: "2001:db8::3656:78ff:fe9a:bcde" },
] as const;

for (const { mac: text, want } of EUI64) {
  Deno.test(`eui64Address() makes ${want} of ${text}`, () => {
    const prefix = ip("2001:db8::1234:5678:9abc:def0");
    assertEquals(formatIp(eui64Address(prefix, mac(text))), want);
  });
}

Deno.test("linkLocalAddress() is in fe80::/64", () => {
  const address = linkLocalAddress(mac("34:56:78:9a:bc:de"));
  assertEquals(formatIp(address), "fe80::3656:78ff:fe9a:bcde");
});
