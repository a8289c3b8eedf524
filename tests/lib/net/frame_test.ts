import { assert, assertEquals } from "@std/assert";
import {
  EtherType,
  etherType,
  formatMac,
  isGroupAddressUnchecked,
  parseMac,
  payloadOffset,
  vlanId,
} from "../../../lib/net/frame.ts";
import { seededRandom } from "../../random.ts";

/** Frames begin here in the arrays of these tests. */
const OFFSET = 7;

/** A frame in the middle of an array: two addresses, then 16-bit words. */
function frameOf(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(OFFSET + 12 + 2 * words.length + 9).fill(0xa5);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => view.setUint16(OFFSET + 12 + 2 * index, word));
  return bytes;
}

/** The same bytes, which cannot be read outside of the frame. */
function fenced(bytes: Uint8Array, length: number): Uint8Array {
  return new Proxy(bytes, {
    get(target, key) {
      const at = Number(key);
      assert(at >= OFFSET && at < OFFSET + length, `read at ${String(key)}`);
      return target[at];
    },
  });
}

const { ipv4, arp, vlan, serviceVlan } = EtherType;

const FRAMES = [
  { name: "no tag", words: [ipv4], vlanId: 0, type: ipv4, header: 14 },
  {
    name: "a length in place of a type",
    words: [46, 0],
    vlanId: 0,
    type: 46,
    header: 14,
  },
  {
    name: "one tag",
    words: [vlan, 0x0123, arp],
    vlanId: 0x123,
    type: arp,
    header: 18,
  },
  {
    name: "a tag of all 12 bits",
    words: [vlan, 0x0fff, arp],
    vlanId: 0xfff,
    type: arp,
    header: 18,
  },
  {
    name: "priority and drop bits",
    words: [vlan, 0xf064, ipv4],
    vlanId: 100,
    type: ipv4,
    header: 18,
  },
  {
    name: "a priority tag",
    words: [vlan, 0xe000, ipv4],
    vlanId: 0,
    type: ipv4,
    header: 18,
  },
  {
    name: "a service tag",
    words: [serviceVlan, 7, ipv4],
    vlanId: 7,
    type: ipv4,
    header: 18,
  },
  {
    name: "two tags",
    words: [serviceVlan, 7, vlan, 9, ipv4],
    vlanId: 7,
    type: ipv4,
    header: 22,
  },
  {
    name: "three tags",
    words: [vlan, 0x2001, vlan, 2, serviceVlan, 3, arp],
    vlanId: 1,
    type: arp,
    header: 26,
  },
];

for (const { name, words, vlanId: vlanWanted, type, header } of FRAMES) {
  for (const payloadBytes of [0, 1, 2]) {
    const length = header + payloadBytes;
    const frame = fenced(frameOf(words), length);
    Deno.test(`frame with ${name} and ${payloadBytes} bytes behind it is read right`, () => {
      assertEquals(vlanId(frame, OFFSET, length), vlanWanted);
      assertEquals(etherType(frame, OFFSET, length), type);
      assertEquals(payloadOffset(frame, OFFSET, length), OFFSET + header);
    });
  }

  Deno.test(`frame with ${name}, cut off anywhere in its header, has no payload`, () => {
    for (let length = 0; length < header; length++) {
      const frame = fenced(frameOf(words), length);
      assertEquals(payloadOffset(frame, OFFSET, length), -1);
      assertEquals(etherType(frame, OFFSET, length), 0);
      assertEquals(vlanId(frame, OFFSET, length), length < 18 ? 0 : vlanWanted);
    }
  });
}

Deno.test("payloadOffset() ends at the end of a frame of tags alone", () => {
  for (let length = 0; length < 200; length++) {
    const words = Array.from({ length: 120 }, () => vlan);
    const frame = fenced(frameOf(words), length);
    assertEquals(payloadOffset(frame, OFFSET, length), -1);
  }
});

const DESTINATIONS = [
  { mac: "ff:ff:ff:ff:ff:ff", isGroup: true },
  { mac: "01:00:5e:00:00:fb", isGroup: true },
  { mac: "33:33:00:00:00:01", isGroup: true },
  { mac: "02:00:00:00:00:01", isGroup: false },
  { mac: "fe:ff:ff:ff:ff:ff", isGroup: false },
  { mac: "00:00:00:00:00:00", isGroup: false },
];

for (const { mac, isGroup } of DESTINATIONS) {
  Deno.test(`isGroupAddressUnchecked() is ${isGroup} for ${mac}`, () => {
    const bytes = frameOf([ipv4]);
    bytes.set(parseMac(mac)!, OFFSET); // the table holds addresses only
    assertEquals(isGroupAddressUnchecked(bytes, OFFSET), isGroup);
  });
}

const MACS = [
  { text: "02:00:00:00:0a:ff", want: [2, 0, 0, 0, 10, 255] },
  { text: "02-00-00-00-0A-FF", want: [2, 0, 0, 0, 10, 255] },
  { text: "", want: undefined },
  { text: "02:00:00:00:0a", want: undefined },
  { text: "02:00:00:00:0a:ff:", want: undefined },
  { text: "02:00:00:00:0a:ff:00", want: undefined },
  { text: "02:00:00-00:0a:ff", want: undefined },
  { text: "2:0:0:0:a:ff", want: undefined },
  { text: "0200.0000.0aff", want: undefined },
  { text: "02:00:00:00:0a:fg", want: undefined },
  { text: " 02:00:00:00:0a:ff", want: undefined },
  { text: "02:00:00:00:0a:ff\n", want: undefined },
];

for (const { text, want } of MACS) {
  const fact = want === undefined ? "refuses" : "reads";
  Deno.test(`parseMac() ${fact} ${JSON.stringify(text)}`, () => {
    assertEquals(parseMac(text), want && new Uint8Array(want));
  });
}

Deno.test("formatMac() writes what parseMac() reads, at any offset", () => {
  const bytes = seededRandom(1).bytes(100);
  for (let offset = 0; offset <= bytes.length - 6; offset++) {
    const text = formatMac(bytes, offset);
    assertEquals(parseMac(text), bytes.slice(offset, offset + 6));
  }
});

Deno.test("formatMac() writes lower case and both digits", () => {
  assertEquals(
    formatMac(Uint8Array.of(2, 0, 0xab, 0xcd, 9, 0x10)),
    "02:00:ab:cd:09:10",
  );
});
