import { assert, assertEquals } from "@std/assert";
import {
  AddressClaim,
  candidatesNear,
  CLAIM_PROBES,
  CLAIM_STEP_MS,
} from "../../../lib/net/address_claim.ts";
import { Burst } from "../../../lib/net/burst.ts";
import { formatIp, sameBytes } from "../../../lib/net/ip_address.ts";
import { seededRandom } from "../../random.ts";
import {
  advertisement,
  arpFrame,
  hex,
  icmpFrame,
  ip,
  mac,
  solicitation,
} from "./packets.ts";

const OWN = "02:00:00:00:00:01";
const PEER = "02:00:00:00:00:02";
const ALL = "ff:ff:ff:ff:ff:ff";
const TO_ALL = { to: ALL, from: PEER };
const FROM_OWN = { to: ALL, from: OWN };
const FIRST = "192.0.2.7";
const SECOND = "192.0.2.8";
const FIRST6 = "2001:db8::ff:fe00:7";
const GROUP6 = { to: "33:33:ff:00:00:07", from: OWN };

function claimOf(candidates: string[], vlan = 0): AddressClaim {
  return new AddressClaim({
    mac: mac(OWN),
    vlan,
    candidates: candidates.map(ip),
  });
}

/** Goes on to the next time at which there is something to do; returns what was sent. */
function step(claim: AddressClaim, nowMs = claim.dueMs): Uint8Array[] {
  const output = new Burst(4, 1024);
  output.bytes.fill(0xa5);
  claim.advance(nowMs, output);
  return Array.from(
    { length: output.count },
    (_, index) => output.frame(index),
  );
}

function hear(claim: AddressClaim, ...frames: Uint8Array[]): void {
  const input = new Burst(8, 4096);
  for (const frame of frames) input.push(frame);
  claim.take(input);
}

function probe(targetIp: string, senderMac = OWN) {
  return { operation: 1, senderMac, senderIp: "0.0.0.0", targetIp };
}

const QUIET = [
  {
    name: "IPv4 by ARP probes",
    candidate: FIRST,
    vlan: 0,
    want: arpFrame(FROM_OWN, probe(FIRST)),
  },
  {
    name: "IPv4 in a VLAN",
    candidate: FIRST,
    vlan: 7,
    want: arpFrame({ ...FROM_OWN, tags: "8100 0007" }, probe(FIRST)),
  },
  {
    name: "IPv6 by duplicate address detection",
    candidate: FIRST6,
    vlan: 0,
    want: icmpFrame(
      GROUP6,
      { source: "::", destination: "ff02::1:ff00:7", hopLimit: 255 },
      solicitation(FIRST6),
    ),
  },
] as const;

for (const { name, candidate, vlan, want } of QUIET) {
  Deno.test(`AddressClaim asks for ${name}, and takes an address that nobody has`, () => {
    const claim = claimOf([candidate, SECOND], vlan);
    for (let asked = 0; asked < CLAIM_PROBES; asked++) {
      assertEquals(step(claim, 1000 + asked * CLAIM_STEP_MS), [want]);
      assertEquals(claim.dueMs, 1000 + (asked + 1) * CLAIM_STEP_MS);
      assertEquals(step(claim, claim.dueMs - 1), []);
      assert(!claim.isDone);
    }
    assertEquals(step(claim), []);
    assertEquals(claim.address, ip(candidate));
    assert(claim.isDone);
    assertEquals(step(claim, 99_999), []);
  });
}

const TAKEN = [
  {
    name: "a reply from it",
    frame: arpFrame({ to: OWN, from: PEER }, {
      operation: 2,
      senderMac: PEER,
      senderIp: FIRST,
      targetMac: OWN,
      targetIp: "0.0.0.0",
    }),
  },
  {
    name: "a request from it",
    frame: arpFrame(TO_ALL, {
      operation: 1,
      senderMac: PEER,
      senderIp: FIRST,
      targetIp: "192.0.2.99",
    }),
  },
  {
    name: "another's probe for it",
    frame: arpFrame(TO_ALL, probe(FIRST, PEER)),
  },
] as const;

for (const { name, frame } of TAKEN) {
  Deno.test(`AddressClaim leaves an IPv4 address after ${name}`, () => {
    const claim = claimOf([FIRST, SECOND]);
    step(claim);
    hear(claim, frame);
    assertEquals(step(claim), [arpFrame(FROM_OWN, probe(SECOND))]);
  });
}

const TAKEN6 = [
  {
    name: "an advertisement of it",
    frame: icmpFrame(
      { to: "33:33:00:00:00:01", from: PEER },
      { source: FIRST6, destination: "ff02::1", hopLimit: 255 },
      advertisement(0x20, FIRST6, PEER),
    ),
  },
  {
    name: "another's question for it",
    frame: icmpFrame(
      { ...GROUP6, from: PEER },
      { source: "::", destination: "ff02::1:ff00:7", hopLimit: 255 },
      solicitation(FIRST6),
    ),
  },
] as const;

for (const { name, frame } of TAKEN6) {
  Deno.test(`AddressClaim leaves an IPv6 address after ${name}`, () => {
    const claim = claimOf([FIRST6]);
    step(claim);
    hear(claim, frame);
    assert(claim.isDone);
    assertEquals(claim.address, undefined);
  });
}

const UNMOVED = [
  { name: "its own probe, come back", frame: arpFrame(FROM_OWN, probe(FIRST)) },
  {
    name: "a question for it from a station that has an address",
    frame: arpFrame(TO_ALL, { ...probe(FIRST, PEER), senderIp: "192.0.2.3" }),
  },
  {
    name: "a probe for another",
    frame: arpFrame(TO_ALL, probe(SECOND, PEER)),
  },
  {
    name: "a reply in another VLAN",
    frame: arpFrame({ ...TO_ALL, tags: "8100 0007" }, {
      ...probe(SECOND, PEER),
      senderIp: FIRST,
    }),
  },
  { name: "an unknown frame", frame: hex("ffffffffffff 020000000002 88b5 00") },
  { name: "a runt", frame: hex("ffff") },
] as const;

for (const { name, frame } of UNMOVED) {
  Deno.test(`AddressClaim is not moved by ${name}`, () => {
    const claim = claimOf([FIRST, SECOND]);
    step(claim);
    hear(claim, frame);
    assertEquals(step(claim), [arpFrame(FROM_OWN, probe(FIRST))]);
  });
}

Deno.test("AddressClaim tries each candidate anew, and ends without an address", () => {
  const claim = claimOf([FIRST, SECOND]);
  for (const candidate of [FIRST, SECOND]) {
    for (let asked = 0; asked < CLAIM_PROBES; asked++) {
      assertEquals(step(claim), [arpFrame(FROM_OWN, probe(candidate))]);
    }
    hear(claim, arpFrame(TO_ALL, probe(candidate, PEER)));
  }
  assert(claim.isDone);
  assertEquals(claim.address, undefined);
  assertEquals(step(claim), []);
});

Deno.test("AddressClaim leaves one candidate for the frames of one burst, not two", () => {
  const claim = claimOf([FIRST, SECOND]);
  step(claim);
  const heard = arpFrame(TO_ALL, probe(FIRST, PEER));
  hear(claim, heard, heard);
  assertEquals(step(claim), [arpFrame(FROM_OWN, probe(SECOND))]);
});

Deno.test("AddressClaim asks again when there was no room for the question", () => {
  const claim = claimOf([FIRST]);
  for (let round = 0; round < 10; round++) {
    claim.advance(claim.dueMs, new Burst(0, 0));
  }
  assert(!claim.isDone);
  assertEquals(step(claim), [arpFrame(FROM_OWN, probe(FIRST))]);
});

Deno.test("candidatesNear() gives distinct stations of the target's /24", () => {
  const random = seededRandom(5227);
  for (let last = 0; last < 256; last++) {
    const target = Uint8Array.of(192, 0, 2, last);
    const found = candidatesNear(
      target,
      mac(OWN),
      () => random.next() / 0x1_0000_0000,
    );
    assertEquals(new Set(found.map(formatIp)).size, 8);
    for (const address of found) {
      assertEquals(address.subarray(0, 3), target.subarray(0, 3));
      assert(address[3] !== 0 && address[3] !== 255 && address[3] !== last);
    }
  }
});

Deno.test("candidatesNear() can give every station of a /24", () => {
  const seen = new Set<number>();
  for (let index = 0; index < 254; index++) {
    const [first] = candidatesNear(
      ip("192.0.2.0"),
      mac(OWN),
      () => index / 254,
    );
    seen.add(first[3]);
  }
  assertEquals(seen.size, 254);
});

Deno.test("candidatesNear() gives IPv6 addresses of the target's /64, the first after the MAC", () => {
  const random = seededRandom(4291);
  for (const target of ["2001:db8:1:2:3:4:5:6", "fe80::1"]) {
    const found = candidatesNear(
      ip(target),
      mac(OWN),
      () => random.next() / 0x1_0000_0000,
    );
    assertEquals(new Set(found.map(formatIp)).size, 8);
    for (const address of found) {
      assert(sameBytes(address.subarray(0, 8), ip(target).subarray(0, 8)));
    }
    assertEquals(found[0].subarray(8), hex("0000 00ff fe00 0001"));
  }
});

Deno.test("candidatesNear() never gives the target itself", () => {
  const target = "2001:db8::ff:fe00:1";
  const found = candidatesNear(ip(target), mac(OWN), () => 0.5);
  assert(!found.some((address) => formatIp(address) === target));
});
