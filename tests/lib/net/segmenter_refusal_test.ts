import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../random.ts";
import { arena, assertCut, FILL, makeSegmenter } from "./segmenter_check.ts";
import {
  burstIn,
  Flag,
  type FrameFields,
  makePlainFrame,
  makeSuperframe,
  place,
  type TestFrame,
} from "./superframes.ts";

const three = seededRandom(9).bytes(2500);
const ACK = Flag.ack;

/** What `cut` does with a plain frame of 2500 bytes of payload at a limit of 1514. */
const PLAIN_FRAMES: readonly {
  name: string;
  fields?: Partial<FrameFields>;
  change?: (bytes: Uint8Array) => void;
  says?: Partial<TestFrame>;
  want: number;
}[] = [
  { name: "cuts one with right checksums", want: 2 },
  { name: "cuts one over IPv6", fields: { version: 6 }, want: 2 },
  {
    name: "cuts one whose checksum is wanted",
    fields: { complete: false },
    want: 2,
  },
  {
    name: "leaves out what is behind the IP packet",
    fields: { trailer: new Uint8Array(9).fill(1) },
    want: 2,
  },
  {
    name: "refuses one with a bad payload",
    change: (bytes) => bytes[2000] ^= 1,
    want: 0,
  },
  {
    name: "refuses one with a bad TCP checksum",
    change: (bytes) => bytes[50] ^= 0x80,
    want: 0,
  },
  {
    name: "refuses one with a bad address",
    change: (bytes) => bytes[30] ^= 1,
    want: 0,
  },
  {
    name: "refuses one with a bad IPv4 header, even if its checksum is wanted",
    fields: { complete: false },
    change: (bytes) => bytes[22] ^= 1,
    want: 0,
  },
  {
    name: "refuses one that wants a checksum elsewhere",
    fields: { complete: false },
    says: { checksumStart: 30 },
    want: 0,
  },
  {
    name: "refuses one that wants UDP's checksum",
    fields: { complete: false },
    says: { checksumOffset: 6 },
    want: 0,
  },
  { name: "refuses UDP", fields: { transport: "udp" }, want: 0 },
  { name: "refuses to repeat SYN", fields: { flags: ACK | Flag.syn }, want: 0 },
  { name: "refuses to repeat RST", fields: { flags: ACK | Flag.rst }, want: 0 },
  {
    name: "refuses an IPv4 fragment, the first",
    change: (bytes) => mendIpv4(bytes, 20, 0x20),
    want: 0,
  },
  {
    name: "refuses an IPv4 fragment, a later one",
    change: (bytes) => mendIpv4(bytes, 21, 0x01),
    want: 0,
  },
  {
    name: "cuts one that may be fragmented",
    change: (bytes) => mendIpv4(bytes, 20, 0),
    want: 2,
  },
  {
    name: "refuses another protocol",
    change: (bytes) => mendIpv4(bytes, 23, 132),
    want: 0,
  },
  {
    name: "refuses IPv6 destination options",
    fields: { version: 6, ipOptions: new Uint8Array(6) },
    change: (bytes) => bytes[20] = 60,
    want: 0,
  },
  {
    name: "refuses an IPv6 fragment",
    fields: { version: 6, ipOptions: new Uint8Array(6) },
    change: (bytes) => bytes[20] = 44,
    want: 0,
  },
  {
    name: "refuses ARP",
    change: (bytes) => bytes[13] = 6,
    want: 0,
  },
  { name: "refuses a superframe without a size", says: { kind: 1 }, want: 0 },
  {
    name: "refuses TCP over IPv4 called IPv6",
    says: { kind: 4, segmentSize: 1000 },
    want: 0,
  },
  {
    name: "refuses TCP over IPv6 called IPv4",
    fields: { version: 6 },
    says: { kind: 1, segmentSize: 1000 },
    want: 0,
  },
  {
    name: "refuses TCP called UDP",
    says: { kind: 5, segmentSize: 1000 },
    want: 0,
  },
  {
    name: "refuses UDP called TCP",
    fields: { transport: "udp" },
    says: { kind: 1, segmentSize: 1000 },
    want: 0,
  },
  {
    name: "refuses a kind that does not exist",
    says: { kind: 3, segmentSize: 1000 },
    want: 0,
  },
  {
    name: "refuses ECN of a plain frame",
    says: { kind: 0x80, segmentSize: 1000 },
    want: 0,
  },
];

/** Sets a byte of an IPv4 header and makes its checksum right again. */
function mendIpv4(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes.fill(0, 24, 26);
  let sum = 0;
  for (let byte = 14; byte < 34; byte += 2) {
    sum += bytes[byte] * 256 + bytes[byte + 1];
  }
  const checksum = 0xffff - sum % 0xffff;
  bytes.set([checksum >> 8, checksum & 0xff], 24);
}

for (const { name, fields, change, says, want } of PLAIN_FRAMES) {
  Deno.test(`Segmenter.cut() of a plain frame ${name}`, () => {
    const segmenter = makeSegmenter();
    const burst = burstIn(arena);
    const frame = { ...makePlainFrame({ ...fields, payload: three }), ...says };
    change?.(frame.bytes);
    const options = { offset: 33, maxFrameBytes: 1514, what: name };
    assertEquals(assertCut(segmenter, burst, frame, options), want);
  });
}

for (const version of [4, 6] as const) {
  for (const transport of ["tcp", "udp"] as const) {
    for (const form of ["superframe", "plain frame"]) {
      Deno.test(`Segmenter.cut() refuses a ${transport} ${form} over IPv${version} that is cut off, at every length`, () => {
        const payload = three.subarray(0, 300);
        const fields = { version, transport, payload, tags: "8100 0001" };
        const frame = form === "superframe"
          ? makeSuperframe(fields, 100)
          : makePlainFrame(fields);
        const segmenter = makeSegmenter(100);
        const burst = burstIn(arena);
        const index = place(burst, frame, 40);
        for (let length = 0; length < frame.bytes.length; length++) {
          burst.length[index] = length;
          assertEquals(segmenter.cut(burst, index, 200), 0, `${length}`);
        }
        assertEquals(segmenter.count, 0);
        assert(segmenter.headers.every((byte) => byte === FILL));
      });
    }
  }
}
