import { assertEquals, assertThrows } from "@std/assert";
import { MacTable } from "../../../lib/net/mac_table.ts";
import {
  frameOf,
  LENGTH,
  OFFSET,
  range,
  Subject,
} from "./mac_table_subject.ts";

Deno.test("MacTable.find() knows what was learned, and nothing else", () => {
  const subject = new Subject();
  assertEquals(subject.find(1), -1);
  subject.learn(1, 3);
  subject.learn(2, 0);
  assertEquals([subject.find(1), subject.find(2), subject.find(3)], [3, 0, -1]);
  assertEquals(subject.table.size, 2);
});

Deno.test("MacTable keeps a station's VLANs apart", () => {
  const subject = new Subject();
  subject.learn(1, 0);
  subject.learn(1, 1, 5);
  subject.learn(1, 2, 0xfff);
  assertEquals([subject.find(1), subject.find(1, 5), subject.find(1, 0xfff)], [
    0,
    1,
    2,
  ]);
  assertEquals(subject.find(1, 6), -1);
  assertEquals(subject.table.size, 3);
});

Deno.test("MacTable.learn() moves a station that comes from another owner", () => {
  const subject = new Subject();
  subject.learn(1, 0);
  subject.learn(1, 2);
  assertEquals(subject.find(1), 2);
  assertEquals(subject.table.size, 1);
  assertEquals([subject.table.ownerSize(0), subject.table.ownerSize(2)], [
    0,
    1,
  ]);
});

const NO_STATIONS = [
  { name: "a group address", mac: [0x03, 0, 0, 0, 0, 1] },
  { name: "the broadcast address", mac: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] },
  { name: "zeros", mac: [0, 0, 0, 0, 0, 0] },
];

for (const { name, mac } of NO_STATIONS) {
  Deno.test(`MacTable neither learns nor finds ${name}`, () => {
    const { table } = new Subject();
    const frame = frameOf(1, 1);
    frame.set(mac, OFFSET);
    frame.set(mac, OFFSET + 6);
    table.learn(frame, OFFSET, LENGTH, 0, 0);
    assertEquals(table.size, 0);
    assertEquals(table.find(frame, OFFSET, LENGTH, 0), -1);
  });
}

Deno.test("MacTable takes addresses apart that differ in one bit", () => {
  const subject = new Subject({ capacity: 64, owners: 64 });
  const frame = frameOf(0, 0);
  const macs = range(0, 48).filter((bit) => bit !== 0).map((bit) => {
    const mac = Uint8Array.of(2, 0x55, 0x55, 0x55, 0x55, 0x55);
    mac[bit >> 3] ^= 1 << (bit & 7);
    return mac;
  });
  macs.forEach((mac, owner) => {
    frame.set(mac, OFFSET + 6);
    subject.table.learn(frame, OFFSET, LENGTH, owner, 0);
  });
  macs.forEach((mac, owner) => {
    frame.set(mac, OFFSET);
    assertEquals(subject.table.find(frame, OFFSET, LENGTH, 0), owner);
  });
});

Deno.test("MacTable ignores a frame shorter than its header", () => {
  const subject = new Subject();
  const frame = frameOf(1, 1);
  for (let length = 0; length < 14; length++) {
    subject.table.learn(frame, OFFSET, length, 0, subject.now);
    assertEquals(subject.table.size, 0);
  }
  subject.table.learn(frame, OFFSET, 14, 0, subject.now);
  assertEquals(subject.table.size, 1);
  assertEquals(subject.table.find(frame, OFFSET, 13, subject.now), -1);
  assertEquals(subject.table.find(frame, OFFSET, 14, subject.now), 0);
});

Deno.test("MacTable.find() forgets a station past the greatest age, not at it", () => {
  const subject = new Subject();
  subject.learn(1, 3);
  subject.now += 100;
  assertEquals(subject.find(1), 3);
  subject.now += 0.5;
  assertEquals(subject.table.size, 1);
  assertEquals(subject.find(1), -1);
  assertEquals(subject.table.size, 0);
  assertEquals(subject.table.ownerSize(3), 0);
});

Deno.test("MacTable.learn() makes a station young again", () => {
  const subject = new Subject();
  for (let round = 0; round < 5; round++) {
    subject.learn(1, 0);
    subject.now += 90;
    assertEquals(subject.find(1), 0);
  }
});

Deno.test("MacTable.expire() removes what is past the greatest age", () => {
  const subject = new Subject();
  for (const station of range(1, 6)) {
    subject.learn(station, station % 2);
    subject.now += 30;
  }
  subject.learn(1, 0);
  assertEquals(subject.table.expire(subject.now), 2);
  assertEquals(subject.found(range(1, 6)), [1, 4, 5, 6]);
  assertEquals(subject.table.expire(subject.now), 0);
  assertEquals(subject.table.expire(Infinity), 4);
  assertEquals(subject.table.size, 0);
});

Deno.test("MacTable.forgetOwner() removes one owner's stations alone", () => {
  const subject = new Subject();
  for (const station of range(1, 8)) subject.learn(station, station % 3);
  assertEquals(subject.table.forgetOwner(0), 2);
  assertEquals(subject.table.forgetOwner(0), 0);
  assertEquals(subject.table.ownerSize(0), 0);
  assertEquals(subject.found(range(1, 8)), [1, 2, 4, 5, 7, 8]);
});

Deno.test("MacTable.clear() leaves room for everything", () => {
  const subject = new Subject();
  for (const station of range(1, 20)) subject.learn(station, station % 4);
  subject.table.clear();
  assertEquals(subject.table.size, 0);
  assertEquals(range(0, 4).map((owner) => subject.table.ownerSize(owner)), [
    0,
    0,
    0,
    0,
  ]);
  for (const station of range(1, 8)) subject.learn(station, 0);
  assertEquals(subject.found(range(1, 8)), range(1, 8));
});

Deno.test("MacTable.entries() lists what has not expired, the last seen first", () => {
  const subject = new Subject();
  subject.learn(9, 1);
  subject.now += 60;
  subject.learn(0xfedc_ba98, 2, 0xfff);
  subject.now += 10;
  subject.learn(0x0102_0304, 0);
  subject.now += 35;
  assertEquals(subject.table.entries(subject.now), [
    { mac: "02:00:01:02:03:04", vlan: 0, owner: 0, age: 35 },
    { mac: "02:00:fe:dc:ba:98", vlan: 0xfff, owner: 2, age: 45 },
  ]);
});

// ---- Wrong use ----

const WRONG = [
  { name: "capacity", options: { capacity: 0 } },
  { name: "capacity", options: { capacity: 1.5 } },
  { name: "capacity", options: { capacity: 0x10_0001 } },
  { name: "owners", options: { owners: 0 } },
  { name: "owners", options: { owners: NaN } },
  { name: "maxAge", options: { maxAge: -1 } },
  { name: "maxAge", options: { maxAge: NaN } },
];

for (const { name, options } of WRONG) {
  Deno.test(`MacTable refuses ${Deno.inspect(options)}`, () => {
    assertThrows(
      () => new MacTable({ capacity: 8, owners: 4, maxAge: 100, ...options }),
      RangeError,
      `Cannot make a MAC table as ${name} must be`,
    );
  });
}
