import { assertEquals } from "@std/assert";
import type { FrameSource } from "../../../lib/cable/messages.ts";
import {
  MAX_SOURCES,
  MAX_SOURCES_PER_SECOND,
  SourceLog,
} from "../../../lib/cable/source_log.ts";
import { parseIp } from "../../../lib/net/ip_address.ts";
import { burstOf } from "../../plugs.ts";
import { seededRandom } from "../../random.ts";

const HEADER_BYTES = 14;
const SERVICE_TAG = 0x88a8;
const TAG = 0x8100;

/** How a frame is built. */
interface FrameFields {
  /** Type and 16 bits of each tag, the outermost first. */
  readonly tags?: readonly (readonly [type: number, control: number])[];
  /** In place of the one that goes with the address. */
  readonly type?: number;
}

/** A frame from an address: an IP header alone. */
function frameFrom(
  address: string | Uint8Array,
  { tags = [], type }: FrameFields = {},
): Uint8Array {
  const source = typeof address === "string" ? parseIp(address)! : address;
  const isV4 = source.length === 4;
  const packet = new Uint8Array(isV4 ? 20 : 40);
  packet[0] = isV4 ? 0x45 : 0x60;
  packet.set(source, isV4 ? 12 : 8);
  const words = [...tags.flat(), type ?? (isV4 ? 0x0800 : 0x86dd)];
  return Uint8Array.from([
    ...[2, 0, 0, 0, 0, 1],
    ...[2, 0, 0, 0, 0, 2],
    ...words.flatMap((word) => [word >> 8, word & 0xff]),
    ...packet,
  ]);
}

/** What is told of frames, each in a burst of its own. */
function toldOf(frames: readonly Uint8Array[]): string[] {
  const told: FrameSource[] = [];
  const log = new SourceLog((source) => told.push(source), () => 0);
  for (const frame of frames) log.see(burstOf([frame]));
  return told.map(({ address, vlan }) => `${address} ${vlan}`);
}

const CASES: readonly {
  readonly name: string;
  readonly frames: readonly Uint8Array[];
  readonly want: readonly string[];
}[] = [
  {
    name: "tells of an address once",
    frames: ["192.0.2.1", "192.0.2.1", "2001:db8::1", "2001:db8::1"].map((a) =>
      frameFrom(a)
    ),
    want: ["192.0.2.1 0", "2001:db8::1 0"],
  },
  {
    name: "tells of an address once for each VLAN",
    frames: [1, 5, 5, 0xf005, 4095, 0].map((control) =>
      frameFrom("192.0.2.1", { tags: [[TAG, control]] })
    ),
    want: ["192.0.2.1 1", "192.0.2.1 5", "192.0.2.1 4095", "192.0.2.1 0"],
  },
  {
    name: "takes the outermost tag's VLAN",
    frames: [
      frameFrom("192.0.2.1", { tags: [[SERVICE_TAG, 7], [TAG, 8]] }),
      frameFrom("2001:db8::1", { tags: [[TAG, 9], [TAG, 8]] }),
    ],
    want: ["192.0.2.1 7", "2001:db8::1 9"],
  },
  {
    name: "tells families apart",
    frames: [
      frameFrom("0.0.0.0"),
      frameFrom("::"),
      frameFrom("::ffff:0.0.0.0"),
    ],
    want: ["0.0.0.0 0", ":: 0", "::ffff:0.0.0.0 0"],
  },
  {
    name: "tells addresses apart that differ in one bit",
    frames: ["2001:db8::1", "2001:db8::2", "a001:db8::1"].map((a) =>
      frameFrom(a)
    ),
    want: ["2001:db8::1 0", "2001:db8::2 0", "a001:db8::1 0"],
  },
  {
    name: "passes over what is no IP",
    frames: [
      frameFrom("192.0.2.1", { type: 0x0806 }),
      frameFrom("192.0.2.1", { type: 0x86dd }),
      frameFrom("2001:db8::1", { type: 0x0800 }),
    ],
    want: [],
  },
];

for (const { name, frames, want } of CASES) {
  Deno.test(`SourceLog ${name}`, () => assertEquals(toldOf(frames), want));
}

Deno.test("SourceLog tells of nothing in frames that are cut off", () => {
  const whole = [
    frameFrom("192.0.2.1"),
    frameFrom("2001:db8::1", { tags: [[TAG, 5]] }),
  ];
  for (const frame of whole) {
    for (let length = HEADER_BYTES; length < frame.length; length++) {
      assertEquals(toldOf([frame.subarray(0, length)]), [], `${length} bytes`);
    }
    assertEquals(toldOf([frame]).length, 1);
  }
});

Deno.test("SourceLog sees every frame of a burst", () => {
  const told: FrameSource[] = [];
  const frames = Array.from(
    { length: 60 },
    (_, n) => frameFrom(`192.0.2.${n % 20}`),
  );
  new SourceLog((source) => told.push(source), () => 0).see(burstOf(frames));
  assertEquals(
    told.map(({ address }) => address),
    Array.from({ length: 20 }, (_, n) => `192.0.2.${n}`),
  );
});

Deno.test("SourceLog tells of as many in a second as it says, and of the others later", () => {
  const told = new Set<string>();
  let now = 0;
  const log = new SourceLog(({ address }) => told.add(address), () => now);
  const frames = Array.from(
    { length: MAX_SOURCES_PER_SECOND + 10 },
    (_, n) => frameFrom(`198.18.${n >> 8}.${n & 255}`),
  );
  const seeAll = () => frames.forEach((frame) => log.see(burstOf([frame])));
  seeAll();
  now = 999;
  seeAll();
  assertEquals(told.size, MAX_SOURCES_PER_SECOND);
  now = 1000;
  seeAll();
  assertEquals(told.size, frames.length);
});

Deno.test("SourceLog goes on when it is full, and forgets", () => {
  const random = seededRandom(1);
  const counts = new Map<string, number>();
  let now = 0;
  const log = new SourceLog(
    ({ address }) => counts.set(address, (counts.get(address) ?? 0) + 1),
    () => now += 1000,
  );
  const first = frameFrom("192.0.2.1");
  log.see(burstOf([first]));
  for (let n = 1; n < MAX_SOURCES; n++) {
    log.see(burstOf([frameFrom(random.bytes(16))]));
  }
  log.see(burstOf([first]));
  assertEquals([counts.get("192.0.2.1"), counts.size], [1, MAX_SOURCES]);
  log.see(burstOf([frameFrom("192.0.2.2")]));
  log.see(burstOf([first]));
  assertEquals([counts.get("192.0.2.1"), counts.get("192.0.2.2")], [2, 1]);
});
