import { assert, assertEquals } from "@std/assert";
import { Burst } from "../../../lib/net/burst.ts";
import { Host } from "../../../lib/net/host.ts";
import {
  PING_PAYLOAD_BYTES,
  Pinger,
  type PingerOptions,
  type PingReply,
  QUESTION_STEP_MS,
} from "../../../lib/net/pinger.ts";
import {
  advertisement,
  arpFrame,
  echo,
  type EthernetFields,
  icmpFrame,
  ip,
  type IpFields,
  mac,
  solicitation,
} from "./packets.ts";

const OWN = "02:00:00:00:00:01";
const PEER = "02:00:00:00:00:02";
const OTHER = "02:00:00:00:00:03";
const ALL = "ff:ff:ff:ff:ff:ff";
const SOURCE = "192.0.2.1";
const TARGET = "192.0.2.2";
const SOURCE6 = "2001:db8::1";
const TARGET6 = "2001:db8::2";
const ID = 0xbeef;
const PAYLOAD = Uint8Array.from(
  { length: PING_PAYLOAD_BYTES },
  (_, index) => index,
);
const START_MS = 5000;

const QUESTION = arpFrame({ to: ALL, from: OWN }, {
  operation: 1,
  senderMac: OWN,
  senderIp: SOURCE,
  targetIp: TARGET,
});

function answer(senderMac = PEER): Uint8Array {
  return arpFrame({ to: OWN, from: senderMac }, {
    operation: 2,
    senderMac,
    senderIp: TARGET,
    targetMac: OWN,
    targetIp: SOURCE,
  });
}

function request(sequence: number, to = PEER): Uint8Array {
  return icmpFrame(
    { to, from: OWN },
    { source: SOURCE, destination: TARGET },
    echo(8, PAYLOAD, ID, sequence),
  );
}

function reply(
  sequence: number,
  fields: Partial<EthernetFields & IpFields> & {
    id?: number;
    payload?: Uint8Array;
    type?: number;
  } = {},
): Uint8Array {
  const { id = ID, payload = PAYLOAD, type = 0 } = fields;
  return icmpFrame(
    { to: OWN, from: PEER, ...fields },
    { source: TARGET, destination: SOURCE, hopLimit: 61, ...fields },
    echo(type, payload, id, sequence),
  );
}

/** A pinger with a clock of its own; what it tells is kept as text. */
class Bench {
  readonly told: string[] = [];
  readonly pinger: Pinger;
  nowMs = START_MS;

  constructor(options: Partial<PingerOptions> = {}) {
    const listener = {
      onReply: ({ sequence, roundTripMs, hopLimit, isRepeated }: PingReply) => {
        const again = isRepeated ? " again" : "";
        this.told.push(`${sequence}: ${roundTripMs} ms, ${hopLimit}${again}`);
      },
      onLoss: (sequence: number, isFound: boolean) => {
        this.told.push(`${sequence}: ${isFound ? "lost" : "nobody there"}`);
      },
    };
    this.pinger = new Pinger(
      {
        mac: mac(OWN),
        source: ip(SOURCE),
        target: ip(TARGET),
        vlan: 0,
        id: ID,
        count: 3,
        intervalMs: 1000,
        timeoutMs: 800,
        ...options,
      },
      listener,
      START_MS,
    );
  }

  /** Lets time pass; returns what is sent at the end of it. */
  after(ms: number, output = new Burst(4, 1024)): Uint8Array[] {
    this.nowMs += ms;
    output.bytes.fill(0xa5);
    this.pinger.advance(this.nowMs, output);
    return Array.from(
      { length: output.count },
      (_, index) => output.frame(index).slice(),
    );
  }

  /** Hands frames over; returns the answers. */
  hear(...frames: Uint8Array[]): Uint8Array[] {
    const input = new Burst(8, 4096);
    const output = new Burst(8, 4096);
    for (const frame of frames) assert(input.push(frame));
    this.pinger.take(input, this.nowMs, output);
    return Array.from(
      { length: output.count },
      (_, index) => output.frame(index),
    );
  }
}

Deno.test("Pinger asks for the target, then sends pings in their time", () => {
  const bench = new Bench();
  assertEquals(bench.after(0), [QUESTION]);
  bench.nowMs += 3;
  assertEquals(bench.hear(answer()), []);
  assertEquals(bench.pinger.targetMac, mac(PEER));
  assertEquals(bench.after(0), [request(1)]);
  bench.nowMs += 2;
  bench.hear(reply(1));
  assertEquals(bench.after(994), []);
  assertEquals(bench.pinger.dueMs, START_MS + 1000);
  assertEquals(bench.after(1), [request(2)]);
  bench.hear(reply(2));
  assertEquals(bench.after(1000), [request(3)]);
  assert(!bench.pinger.isDone);
  bench.hear(reply(3));
  assert(bench.pinger.isDone);
  assertEquals(bench.pinger.dueMs, Infinity);
  assertEquals(bench.after(10_000), []);
  assertEquals(bench.told, ["1: 2 ms, 61", "2: 0 ms, 61", "3: 0 ms, 61"]);
  assertEquals([bench.pinger.begun, bench.pinger.answered], [3, 3]);
});

Deno.test("Pinger asks again until it is answered", () => {
  const bench = new Bench();
  assertEquals(bench.after(0), [QUESTION]);
  assertEquals(bench.pinger.dueMs, START_MS + QUESTION_STEP_MS);
  assertEquals(bench.after(QUESTION_STEP_MS - 1), []);
  assertEquals(bench.after(1), [QUESTION]);
  bench.hear(answer());
  assertEquals(bench.pinger.dueMs, 0);
  assertEquals(bench.after(0), [request(1)]);
});

Deno.test("Pinger gives up a ping whose target is not found, and goes on", () => {
  const bench = new Bench({ count: 2 });
  for (let ms = 0; ms < 800; ms += QUESTION_STEP_MS) {
    assertEquals(bench.after(ms === 0 ? 0 : QUESTION_STEP_MS), [QUESTION]);
  }
  assertEquals(bench.pinger.dueMs, START_MS + 800);
  assertEquals(bench.after(50), []);
  assertEquals(bench.told, ["1: nobody there"]);
  assertEquals(bench.pinger.dueMs, START_MS + 1000);
  assertEquals(bench.after(200), [QUESTION]);
  bench.hear(answer());
  assertEquals(bench.after(0), [request(2)]);
  bench.hear(reply(2));
  assert(bench.pinger.isDone);
  assertEquals([bench.pinger.begun, bench.pinger.answered], [2, 1]);
});

Deno.test("Pinger tells of a lost ping, and asks whether the target has moved", () => {
  const bench = new Bench();
  bench.after(0);
  bench.hear(answer());
  bench.after(0);
  assertEquals(bench.pinger.dueMs, START_MS + 800);
  assertEquals(bench.after(800), [QUESTION]);
  assertEquals(bench.told, ["1: lost"]);
  bench.hear(answer(OTHER));
  assertEquals(bench.after(200), [request(2, OTHER)]);
});

Deno.test("Pinger is done once its last ping is lost", () => {
  const bench = new Bench({ count: 1 });
  bench.after(0);
  bench.hear(answer());
  bench.after(0);
  assertEquals(bench.after(799), []);
  assert(!bench.pinger.isDone);
  bench.after(1);
  assert(bench.pinger.isDone);
  assertEquals(bench.pinger.answered, 0);
});

Deno.test("Pinger takes a reply that comes in time although the next ping is out", () => {
  const bench = new Bench({ intervalMs: 10 });
  bench.after(0);
  bench.hear(answer());
  bench.after(0);
  bench.after(10);
  bench.after(10);
  bench.nowMs += 5;
  bench.hear(reply(3), reply(1), reply(2));
  assertEquals(bench.told, ["3: 5 ms, 61", "1: 25 ms, 61", "2: 15 ms, 61"]);
  assert(bench.pinger.isDone);
});

Deno.test("Pinger counts a repeated reply once, and a late one not at all", () => {
  const bench = new Bench();
  bench.after(0);
  bench.hear(answer());
  bench.after(0);
  bench.hear(reply(1), reply(1));
  assertEquals(bench.told, ["1: 0 ms, 61", "1: 0 ms, 61 again"]);
  assertEquals(bench.pinger.answered, 1);
  bench.after(800);
  bench.hear(reply(1));
  assertEquals(bench.told.length, 2);
});

Deno.test("Pinger does not make up for lost time with a burst", () => {
  const bench = new Bench({ count: Infinity, intervalMs: 10 });
  bench.after(0);
  bench.hear(answer());
  assertEquals(bench.after(0).length, 1);
  const sent = [bench.after(500), bench.after(1), bench.after(1)].flat();
  assertEquals(sent, [request(2), request(3)]);
});

Deno.test("Pinger keeps a ping for which there was no room", () => {
  const bench = new Bench();
  bench.after(0);
  bench.hear(answer());
  assertEquals(bench.after(0, new Burst(0, 0)), []);
  assertEquals(bench.after(7), [request(1)]);
  bench.hear(reply(1));
  assertEquals(bench.told, ["1: 0 ms, 61"]);
});

Deno.test("Pinger goes on when the sequence number begins anew", () => {
  const bench = new Bench({ count: 65_537, intervalMs: 1, timeoutMs: 5 });
  bench.after(0);
  bench.hear(answer());
  const output = new Burst(4, 1024);
  while (bench.pinger.begun < 65_535) {
    output.clear();
    bench.pinger.advance(bench.nowMs++, output);
  }
  for (const [index, sequence] of [0, 1].entries()) {
    const frames = bench.after(index);
    assertEquals(frames.at(-1), request(sequence));
    bench.hear(reply(sequence));
  }
  const replies = bench.told.filter((line) => line.includes("ms"));
  assertEquals(replies, ["65536: 0 ms, 61", "65537: 0 ms, 61"]);
  assertEquals([bench.pinger.begun, bench.pinger.answered], [65_537, 2]);
});

const FOREIGN = [
  { name: "with another identifier", frame: reply(1, { id: 1 }) },
  { name: "with a sequence number that was not sent", frame: reply(2) },
  { name: "from another address", frame: reply(1, { source: "192.0.2.3" }) },
  { name: "to another address", frame: reply(1, { destination: "192.0.2.3" }) },
  { name: "in a frame to another", frame: reply(1, { to: OTHER }) },
  {
    name: "with another payload",
    frame: reply(1, { payload: PAYLOAD.map((byte) => byte ^ 1) }),
  },
  {
    name: "with a shorter payload",
    frame: reply(1, { payload: PAYLOAD.subarray(1) }),
  },
  { name: "that is a request", frame: reply(1, { type: 8 }) },
  { name: "in a VLAN", frame: reply(1, { tags: "8100 0007" }) },
  {
    name: "in another VLAN behind a priority tag",
    frame: reply(1, { tags: "8100 0000 8100 0007" }),
  },
  { name: "with a wrong checksum", frame: reply(1).with(40, 0xee) },
  { name: "that is cut off", frame: reply(1).subarray(0, 60) },
] as const;

for (const { name, frame } of FOREIGN) {
  Deno.test(`Pinger takes no reply ${name}`, () => {
    const bench = new Bench();
    bench.after(0);
    bench.hear(answer());
    bench.after(0);
    bench.hear(frame);
    assertEquals(bench.told, []);
    bench.hear(reply(1, { tags: "8100 e000" }));
    assertEquals(bench.told, ["1: 0 ms, 61"]);
  });
}

Deno.test("Pinger believes no answer that names a group as the target's MAC address", () => {
  const bench = new Bench();
  bench.after(0);
  const other = { senderMac: ALL, senderIp: TARGET, targetIp: SOURCE };
  bench.hear(
    arpFrame({ to: OWN, from: PEER }, { operation: 2, ...other }),
    arpFrame({ to: OWN, from: PEER }, {
      operation: 2,
      ...other,
      senderMac: "00:00:00:00:00:00",
    }),
  );
  assertEquals(bench.pinger.targetMac, undefined);
});

Deno.test("Pinger learns where the target is from its announcement too", () => {
  const bench = new Bench();
  bench.after(0);
  bench.hear(arpFrame({ to: ALL, from: PEER }, {
    operation: 1,
    senderMac: PEER,
    senderIp: TARGET,
    targetIp: TARGET,
  }));
  assertEquals(bench.after(0), [request(1)]);
});

Deno.test("Pinger answers for its own address", () => {
  const bench = new Bench();
  const asked = arpFrame({ to: ALL, from: PEER }, {
    operation: 1,
    senderMac: PEER,
    senderIp: TARGET,
    targetIp: SOURCE,
  });
  const answers = bench.hear(asked);
  assertEquals(answers, [
    arpFrame({ to: PEER, from: OWN }, {
      operation: 2,
      senderMac: OWN,
      senderIp: SOURCE,
      targetMac: PEER,
      targetIp: TARGET,
    }),
  ]);
});

Deno.test("Pinger with a VLAN tags what it sends, and hears nothing else", () => {
  const bench = new Bench({ vlan: 7 });
  const tags = "8100 0007";
  const [question] = bench.after(0);
  assertEquals(question.subarray(12, 18), Uint8Array.of(0x81, 0, 0, 7, 8, 6));
  bench.hear(answer());
  assertEquals(bench.pinger.targetMac, undefined);
  bench.hear(
    arpFrame({ to: OWN, from: PEER, tags }, {
      operation: 2,
      senderMac: PEER,
      senderIp: TARGET,
      targetIp: SOURCE,
    }),
  );
  const [ping] = bench.after(0);
  assertEquals(ping.subarray(12, 18), Uint8Array.of(0x81, 0, 0, 7, 8, 0));
  bench.hear(reply(1), reply(1, { tags: "8100 0008" }));
  assertEquals(bench.told, []);
  bench.hear(reply(1, { tags }));
  assertEquals(bench.told, ["1: 0 ms, 61"]);
});

Deno.test("Pinger pings over IPv6", () => {
  const bench = new Bench({ source: ip(SOURCE6), target: ip(TARGET6) });
  const group = "ff02::1:ff00:2";
  assertEquals(bench.after(0), [
    icmpFrame(
      { to: "33:33:ff:00:00:02", from: OWN },
      { source: SOURCE6, destination: group, hopLimit: 255 },
      solicitation(TARGET6, OWN),
    ),
  ]);
  const answered = (flags: number, option?: string, hopLimit = 255) =>
    icmpFrame(
      { to: OWN, from: OTHER },
      { source: TARGET6, destination: SOURCE6, hopLimit },
      advertisement(flags, TARGET6, option),
    );
  bench.hear(answered(0x60, PEER, 254));
  assertEquals(bench.pinger.targetMac, undefined);
  bench.hear(answered(0x60, PEER));
  assertEquals(bench.pinger.targetMac, mac(PEER));
  bench.hear(answered(0x40));
  assertEquals(bench.pinger.targetMac, mac(OTHER));
  assertEquals(bench.after(0), [
    icmpFrame(
      { to: OTHER, from: OWN },
      { source: SOURCE6, destination: TARGET6 },
      echo(128, PAYLOAD, ID, 1),
    ),
  ]);
  bench.hear(icmpFrame(
    { to: OWN, from: OTHER },
    { source: TARGET6, destination: SOURCE6, hopLimit: 33 },
    echo(129, PAYLOAD, ID, 1),
  ));
  assertEquals(bench.told, ["1: 0 ms, 33"]);
});

for (const [source, target] of [[SOURCE, TARGET], [SOURCE6, TARGET6]]) {
  Deno.test(`Pinger and Host understand each other: ${target}`, () => {
    const bench = new Bench({
      source: ip(source),
      target: ip(target),
      vlan: 9,
    });
    const host = new Host(mac(PEER), [ip(target)]);
    for (let turn = 0; turn < 10 && !bench.pinger.isDone; turn++) {
      const sent = bench.after(
        turn === 0 ? 0 : bench.pinger.dueMs === 0 ? 1 : 1000,
      );
      const answers = new Burst(4, 1024);
      for (const frame of sent) host.answer(frame, 0, frame.length, answers);
      bench.hear(
        ...Array.from({ length: answers.count }, (_, at) => answers.frame(at)),
      );
    }
    assertEquals(bench.told, ["1: 0 ms, 64", "2: 0 ms, 64", "3: 0 ms, 64"]);
  });
}
