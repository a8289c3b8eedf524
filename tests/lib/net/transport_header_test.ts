import { assertEquals } from "@std/assert";
import { PlainArena } from "../../../lib/net/arena.ts";
import { TransportHeader } from "../../../lib/net/transport_header.ts";
import { seededRandom } from "../../random.ts";
import { plainChecksum } from "./packets.ts";
import { type FrameFields, makeFrame } from "./superframes.ts";

const OFFSET = 9;
const payload = seededRandom(2).bytes(50);

/** Where the headers of each frame stand, from its first byte. */
const CASES: readonly {
  name: string;
  fields: Partial<FrameFields>;
  want: readonly [network: number, transport: number, payload: number];
}[] = [
  { name: "TCP over IPv4", fields: {}, want: [14, 34, 54] },
  { name: "UDP over IPv4", fields: { transport: "udp" }, want: [14, 34, 42] },
  { name: "TCP over IPv6", fields: { version: 6 }, want: [14, 54, 74] },
  {
    name: "UDP over IPv6",
    fields: { version: 6, transport: "udp" },
    want: [14, 54, 62],
  },
  {
    name: "tagged TCP with options",
    fields: { tags: "88a8 0001 8100 0002", tcpOptions: new Uint8Array(40) },
    want: [22, 42, 102],
  },
  {
    name: "TCP behind IPv4 options",
    fields: { ipOptions: new Uint8Array(40) },
    want: [14, 74, 94],
  },
  {
    name: "TCP behind hop-by-hop options",
    fields: { version: 6, ipOptions: new Uint8Array(14) },
    want: [14, 70, 90],
  },
];

function placed(fields: Partial<FrameFields>): Uint8Array {
  const frame = makeFrame({ payload, trailer: new Uint8Array(3), ...fields });
  const bytes = new Uint8Array(OFFSET + frame.length).fill(0xa5);
  bytes.set(frame, OFFSET);
  return bytes;
}

for (const { name, fields, want } of CASES) {
  Deno.test(`TransportHeader.read() finds the headers of ${name}`, () => {
    const bytes = placed(fields);
    const header = new TransportHeader();
    assertEquals(header.read(bytes, OFFSET, bytes.length - OFFSET), true);
    const got = [header.network, header.transport, header.payload];
    assertEquals(got.map((at) => at - OFFSET), [...want]);
    assertEquals(header.end, bytes.length - 3);
    assertEquals(header.end - header.payload, payload.length);
    assertEquals(header.version, fields.version ?? 4);
    assertEquals(header.protocol, fields.transport === "udp" ? 17 : 6);
  });

  Deno.test(`TransportHeader.read() refuses ${name} cut off at every length`, () => {
    const bytes = placed(fields);
    const header = new TransportHeader();
    for (let length = 0; length < bytes.length - OFFSET - 3; length++) {
      assertEquals(header.read(bytes, OFFSET, length), false, `${length}`);
    }
  });

  Deno.test(`TransportHeader.pseudoSum() completes the checksum of ${name}`, () => {
    const bytes = placed(fields);
    const arena = new PlainArena(bytes.length);
    arena.bytes.set(bytes);
    const header = new TransportHeader();
    header.read(arena.bytes, OFFSET, bytes.length - OFFSET);
    const length = header.end - header.transport;
    const sum = header.pseudoSum(arena) + length +
      (0xffff - plainChecksum(bytes.subarray(header.transport, header.end)));
    assertEquals(sum % 0xffff, 0);
  });
}

Deno.test("TransportHeader.readNetwork() takes any protocol, and read() only TCP and UDP", () => {
  const header = new TransportHeader();
  for (const version of [4, 6] as const) {
    const bytes = placed({ version });
    bytes[OFFSET + (version === 4 ? 23 : 20)] = 132;
    const length = bytes.length - OFFSET;
    assertEquals(header.readNetwork(bytes, OFFSET, length), true);
    assertEquals(header.protocol, 132);
    assertEquals(header.transport - OFFSET, version === 4 ? 34 : 54);
    assertEquals(header.read(bytes, OFFSET, length), false);
  }
});

const DAMAGES = [
  { name: "an IPv4 header of 16 bytes", at: 14, value: 0x44, version: 4 },
  { name: "version 5 as IPv4", at: 14, value: 0x55, version: 4 },
  { name: "version 4 as IPv6", at: 14, value: 0x40, version: 6 },
  { name: "a TCP header of 16 bytes", at: 46, value: 0x40, version: 4 },
  { name: "a TCP header beyond the packet", at: 46, value: 0xf0, version: 4 },
  { name: "a length above the frame's", at: 16, value: 0xff, version: 4 },
  { name: "an IPv6 length above the frame's", at: 18, value: 0xff, version: 6 },
  { name: "hop-by-hop options beyond", at: 20, value: 0, version: 6 },
] as const;

for (const { name, at, value, version } of DAMAGES) {
  Deno.test(`TransportHeader.read() refuses ${name}`, () => {
    const bytes = placed({ version, payload: new Uint8Array(8).fill(0xff) });
    const header = new TransportHeader();
    assertEquals(header.read(bytes, OFFSET, bytes.length - OFFSET), true);
    bytes[OFFSET + at] = value;
    // hop-by-hop options then begin with what were the ports
    if (at === 20) bytes[OFFSET + 55] = 0xff;
    assertEquals(header.read(bytes, OFFSET, bytes.length - OFFSET), false);
  });
}

const BEYOND = [
  { name: "IPv4 options beyond the packet", version: 4, at: 14, value: 0x4f },
  {
    name: "an IPv4 packet shorter than its header",
    version: 4,
    at: 17,
    value: 19,
  },
  {
    name: "hop-by-hop options beyond the packet",
    version: 6,
    at: 20,
    value: 0,
  },
] as const;

for (const { name, version, at, value } of BEYOND) {
  Deno.test(`TransportHeader.readNetwork() refuses ${name}`, () => {
    const transport = "udp";
    const empty = new Uint8Array(0);
    const bytes = placed({ version, transport, payload: empty });
    const length = bytes.length - OFFSET;
    const header = new TransportHeader();
    assertEquals(header.readNetwork(bytes, OFFSET, length), true);
    bytes[OFFSET + at] = value;
    assertEquals(header.readNetwork(bytes, OFFSET, length), false);
  });
}

Deno.test("TransportHeader.readNetwork() refuses hop-by-hop options without room for their length", () => {
  const empty = new Uint8Array(0);
  const bytes = placed({ version: 6, transport: "udp", payload: empty });
  bytes[OFFSET + 20] = 0;
  const header = new TransportHeader();
  for (let left = 0; left < 8; left++) {
    bytes.fill(0, OFFSET + 54);
    bytes[OFFSET + 19] = left;
    const length = 54 + left;
    assertEquals(header.readNetwork(bytes, OFFSET, length), false);
  }
});
