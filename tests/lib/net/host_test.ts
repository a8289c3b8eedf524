import { assert, assertEquals, assertLess } from "@std/assert";
import { Burst } from "../../../lib/net/burst.ts";
import { Answer, Host } from "../../../lib/net/host.ts";
import { linkLocalAddress } from "../../../lib/net/mac_address.ts";
import { seededRandom } from "../../random.ts";
import {
  ADVERTISED,
  ALL,
  ALL6,
  answersTo,
  ARP_REQUEST,
  changed,
  dirtyBurst,
  ECHO4,
  EXCHANGES,
  HOST,
  HOST4,
  HOST6,
  LOCAL6,
  makeHost,
  ND,
  NONE,
  PAYLOAD,
  PEER,
  reply,
  REPLY4,
  request,
  testIgnored,
  TO_ALL,
  TO_GROUP,
  TO_HOST,
  TO_PEER,
} from "./host_bench.ts";
import {
  advertisement,
  arpFrame,
  echo,
  ethernet,
  hex,
  icmpFrame,
  ip,
  join,
  mac,
  solicitation,
} from "./packets.ts";

const TAGS = [
  { name: "an 802.1Q tag", tags: "8100 0007" },
  { name: "a priority tag", tags: "8100 e000" },
  { name: "an 802.1ad tag", tags: "88a8 0fff" },
  { name: "stacked tags", tags: "88a8 2064 8100 a007" },
  {
    name: "five tags",
    tags: "8100 0001 8100 0002 8100 0003 8100 0004 88a8 0005",
  },
] as const;

for (const { name, tags } of TAGS) {
  Deno.test(`Host keeps ${name} on its answers`, () => {
    const tagged = { tags };
    assertEquals(
      answersTo(arpFrame({ ...TO_ALL, ...tagged }, request())),
      [arpFrame({ ...TO_PEER, ...tagged }, reply())],
    );
    assertEquals(
      answersTo(icmpFrame({ ...TO_HOST, ...tagged }, ECHO4, echo(8, PAYLOAD))),
      [icmpFrame({ ...TO_PEER, ...tagged }, REPLY4, echo(0, PAYLOAD))],
    );
    assertEquals(
      answersTo(
        icmpFrame({ ...TO_GROUP, ...tagged }, ND, solicitation(HOST6, PEER)),
      ),
      [
        icmpFrame(
          { ...TO_PEER, ...tagged },
          ADVERTISED,
          advertisement(0x60, HOST6, HOST),
        ),
      ],
    );
  });
}

testIgnored([
  {
    name: "its own frame, come back",
    frame: changed(ARP_REQUEST, 6, ...mac(HOST)),
  },
  {
    name: "a frame from a group",
    frame: changed(ARP_REQUEST, 6, ...mac(ALL6)),
  },
  { name: "a frame from nobody", frame: changed(ARP_REQUEST, 6, ...mac(NONE)) },
  { name: "an unknown type", frame: ethernet(TO_HOST, 0x88b5, PAYLOAD) },
  { name: "an 802.3 length", frame: ethernet(TO_HOST, 33, PAYLOAD) },
  {
    name: "a tag and nothing behind it",
    frame: join(mac(HOST), mac(PEER), hex("8100 0001")),
  },
  { name: "half a tag", frame: join(mac(HOST), mac(PEER), hex("8100 00")) },
]);

for (const { name, frame } of EXCHANGES) {
  Deno.test(`Host ignores ${name} cut off at any length`, () => {
    assertEquals(answersTo(frame).length, 1);
    // What is behind the end is there, but is not the frame's.
    const burst = dirtyBurst();
    for (let length = 0; length < frame.length; length++) {
      const code = makeHost().answer(frame, 0, length, burst);
      assertEquals([code, burst.count], [Answer.none, 0], `${length} bytes`);
    }
  });

  Deno.test(`Host says when there is no room for the answer to ${name}`, () => {
    const want = answersTo(frame)[0].length;
    const slot = Math.ceil(want / 64) * 64;
    for (
      const { burst, code } of [
        { burst: new Burst(0, slot), code: Answer.noRoom },
        { burst: new Burst(1, slot - 64), code: Answer.noRoom },
        { burst: new Burst(1, slot), code: Answer.written },
      ]
    ) {
      assertEquals(makeHost().answer(frame, 0, frame.length, burst), code);
      assertEquals(burst.count, code === Answer.written ? 1 : 0);
    }
  });
}

Deno.test("Host.answer() adds behind the frames that a burst holds", () => {
  const host = makeHost();
  const burst = dirtyBurst();
  for (const { frame } of EXCHANGES) {
    host.answer(frame, 0, frame.length, burst);
  }
  assertEquals(burst.count, EXCHANGES.length);
  for (const [index, { want }] of EXCHANGES.entries()) {
    assertEquals(burst.frame(index), want);
  }
});

Deno.test("Host.announce() tells of every address", () => {
  const burst = dirtyBurst();
  makeHost().announce(burst);
  const own = (address: string) => ({
    operation: 1,
    senderMac: HOST,
    senderIp: address,
    targetIp: address,
  });
  const all = { source: HOST6, destination: "ff02::1", hopLimit: 255 };
  const want = [
    arpFrame({ to: ALL, from: HOST }, own(HOST4)),
    arpFrame({ to: ALL, from: HOST }, own("192.0.2.9")),
    icmpFrame({ to: ALL6, from: HOST }, all, advertisement(0x20, HOST6, HOST)),
    icmpFrame(
      { to: ALL6, from: HOST },
      { ...all, source: LOCAL6 },
      advertisement(0x20, LOCAL6, HOST),
    ),
  ];
  assertEquals(want.map((_, index) => burst.frame(index)), want);
  assertEquals(burst.count, want.length);
});

Deno.test("Host.announce() stops where a burst is full", () => {
  const burst = new Burst(2, 1024);
  makeHost().announce(burst);
  assertEquals(burst.count, 2);
});

Deno.test("Host has the link-local address of its MAC address in these tests", () => {
  assertEquals(linkLocalAddress(mac(HOST)), ip(LOCAL6));
});

Deno.test("Host answers none of its own answers and announcements", () => {
  const other = new Host(mac(PEER), [ip(HOST4), ip(HOST6)]);
  const burst = dirtyBurst();
  makeHost().announce(burst);
  for (const { frame } of EXCHANGES) {
    makeHost().answer(frame, 0, frame.length, burst);
  }
  for (let index = 0; index < burst.count; index++) {
    assertEquals(answersTo(burst.frame(index).slice()), []);
    // Nor does another with the same addresses: they would never end.
    assertEquals(answersTo(burst.frame(index).slice(), other), []);
  }
});

Deno.test("Host survives 200,000 random frames", () => {
  const seed = 826;
  const random = seededRandom(seed);
  const host = makeHost();
  const burst = dirtyBurst(1);
  const starts = EXCHANGES.map(({ frame }) => frame);
  let answered = 0;
  for (let round = 0; round < 200_000; round++) {
    const frame = round % 2 === 0
      ? random.bytes(random.below(120))
      : mutated(starts[random.below(starts.length)], random);
    burst.clear();
    const code = host.answer(frame, 0, frame.length, burst);
    const note = `round ${round}, seed ${seed}`;
    assertEquals(burst.count, code === Answer.written ? 1 : 0, note);
    if (code === Answer.none) continue;
    answered++;
    assertLess(burst.length[0], frame.length + 65, note);
  }
  // Most changes break a checksum, so that few remain; but some do.
  assert(answered > 1000, `only ${answered} were answered`);
});

/** A frame with one to three bytes changed and perhaps its end cut off. */
function mutated(
  frame: Uint8Array,
  random: ReturnType<typeof seededRandom>,
): Uint8Array {
  const copy = frame.slice();
  for (let left = 1 + random.below(3); left > 0; left--) {
    copy[random.below(copy.length)] = random.below(256);
  }
  return random.below(4) === 0
    ? copy.subarray(0, random.below(copy.length))
    : copy;
}
