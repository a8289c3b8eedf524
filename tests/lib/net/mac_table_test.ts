import { assert, assertEquals, assertThrows } from "@std/assert";
import { MacTable, type MacTableOptions } from "../../../lib/net/mac_table.ts";
import { seededRandom } from "../../random.ts";

const LENGTH = 64;
/** Frames begin here in the arrays of these tests. */
const OFFSET = 5;

/** A frame between two stations; the number is the last four bytes of 02:00:… */
function frameOf(destination: number, source: number, vlan = 0): Uint8Array {
  const bytes = new Uint8Array(OFFSET + LENGTH).fill(0xa5);
  const view = new DataView(bytes.buffer, OFFSET);
  view.setUint16(0, 0x0200);
  view.setUint32(2, destination);
  view.setUint16(6, 0x0200);
  view.setUint32(8, source);
  view.setUint32(12, vlan === 0 ? 0x0800_4500 : 0x8100_0000 | vlan);
  return bytes;
}

/** A table that is asked by station number. */
class Subject {
  readonly table: MacTable;
  now = 1000;

  constructor(options: Partial<MacTableOptions> = {}) {
    this.table = new MacTable({
      capacity: 8,
      owners: 4,
      maxAge: 100,
      seed: 1,
      ...options,
    });
  }

  learn(station: number, owner: number, vlan = 0): void {
    this.table.learn(
      frameOf(0, station, vlan),
      OFFSET,
      LENGTH,
      owner,
      this.now,
    );
  }

  find(station: number, vlan = 0): number {
    return this.table.find(frameOf(station, 0, vlan), OFFSET, LENGTH, this.now);
  }

  /** Which of the stations are found. */
  found(stations: readonly number[]): number[] {
    return stations.filter((station) => this.find(station) >= 0);
  }
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

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

// ---- What happens when the table is full ----

Deno.test("MacTable, full, gives up what has expired before anything else", () => {
  const subject = new Subject({ capacity: 4 });
  subject.learn(1, 0);
  subject.now += 101;
  for (const station of [2, 3, 4]) subject.learn(station, 1);
  subject.learn(5, 1);
  assertEquals(subject.found([1, 2, 3, 4, 5]), [2, 3, 4, 5]);
});

Deno.test("MacTable, full, makes a hog pay for its new stations itself", () => {
  const subject = new Subject({ capacity: 1000, owners: 10, maxAge: 1e9 });
  const good = range(1, 900); // nine owners of 100 stations: a fair share each
  for (const station of good) subject.learn(station, 1 + station % 9);
  for (const station of range(10_000, 100_000)) {
    subject.learn(station, 0);
    subject.now += 0.01;
  }
  assertEquals(subject.found(good), good);
  assertEquals(subject.table.ownerSize(0), 100);
  assertEquals(subject.found(range(109_900, 100)), range(109_900, 100));
});

Deno.test("MacTable that a hog has filled takes the stations of a newcomer", () => {
  const subject = new Subject({ capacity: 1000, owners: 3, maxAge: 1e9 });
  for (const station of range(10_000, 5000)) subject.learn(station, 0);
  assertEquals(subject.table.ownerSize(0), 1000);
  for (const station of range(1, 500)) {
    subject.learn(station, 1);
    for (const forged of range(20_000 + 10 * station, 10)) {
      subject.learn(forged, 0);
    }
  }
  assertEquals(subject.found(range(1, 500)), range(1, 500));
  assertEquals(subject.table.ownerSize(0), 500);
  // A third owner is due a third: from both, since both hold more than that.
  for (const station of range(5000, 333)) subject.learn(station, 2);
  const sizes = range(0, 3).map((owner) => subject.table.ownerSize(owner));
  assertEquals(sizes.toSorted(), [333, 333, 334]);
  assertEquals(subject.found(range(5000, 333)), range(5000, 333));
});

Deno.test("MacTable gives up the largest holder's oldest station, not its newest", () => {
  const subject = new Subject({ capacity: 6, owners: 3 });
  for (const station of [1, 2, 3, 4]) subject.learn(station, 0);
  subject.learn(5, 1);
  subject.learn(6, 1);
  subject.learn(1, 0); // heard again: 2 is the oldest now
  subject.learn(7, 2);
  assertEquals(subject.found(range(1, 7)), [1, 3, 4, 5, 6, 7]);
});

Deno.test("MacTable keeps the stations that are heard while senders are forged", () => {
  const OWNERS = 4096;
  const subject = new Subject({ capacity: 256, owners: OWNERS, maxAge: 1e9 });
  const random = seededRandom(11);
  const good = range(1, 40);
  for (const station of good) subject.learn(station, station);
  for (let round = 0; round < 100_000; round++) {
    subject.learn(1_000_000 + round, 100 + random.below(OWNERS - 100));
    if (round % 4 === 0) {
      subject.learn(good[round / 4 % 40], good[round / 4 % 40]);
    }
  }
  assertEquals(subject.found(good), good);
});

Deno.test("MacTable keeps its promise to each owner while all flood", () => {
  const subject = new Subject({ capacity: 64, owners: 8, maxAge: 1e9 });
  const random = seededRandom(12);
  for (let round = 0; round < 50_000; round++) {
    subject.learn(random.below(1e9), random.below(8));
  }
  const sizes = range(0, 8).map((owner) => subject.table.ownerSize(owner));
  assertEquals(sizes, range(0, 8).map(() => 8));
});

// ---- Against a model that is slow and obvious ----

interface ModelStation {
  owner: number;
  seen: number;
}

/** What the table promises, on a Map in the order in which stations were last seen. */
class Model {
  readonly stations = new Map<string, ModelStation>();

  constructor(readonly capacity: number, readonly maxAge: number) {}

  learn(key: string, owner: number, now: number): void {
    const isNew = !this.stations.has(key);
    if (isNew && this.stations.size === this.capacity) {
      this.stations.delete(this.#victim(owner, now));
    }
    this.stations.delete(key);
    this.stations.set(key, { owner, seen: now });
  }

  find(key: string, now: number): number {
    const station = this.stations.get(key);
    if (station === undefined) return -1;
    if (now - station.seen <= this.maxAge) return station.owner;
    this.stations.delete(key);
    return -1;
  }

  removeIf(condition: (station: ModelStation) => boolean): number {
    const keys = [...this.stations].filter(([, station]) => condition(station));
    for (const [key] of keys) this.stations.delete(key);
    return keys.length;
  }

  ownerSize(owner: number): number {
    return [...this.stations.values()].filter((station) =>
      station.owner === owner
    ).length;
  }

  /** Map entries are in the order of their age, so the first that fits is the oldest. */
  #victim(owner: number, now: number): string {
    const entries = [...this.stations];
    const [oldest, station] = entries[0];
    if (now - station.seen > this.maxAge) return oldest;
    const sizes = new Map<number, number>();
    for (const [, { owner }] of entries) {
      sizes.set(owner, (sizes.get(owner) ?? 0) + 1);
    }
    const most = Math.max(...sizes.values());
    const hasFairShare = (sizes.get(owner) ?? 0) >= this.capacity / sizes.size;
    const payer = entries.find(([, station]) =>
      hasFairShare ? station.owner === owner : sizes.get(station.owner) === most
    );
    assert(payer !== undefined);
    return payer[0];
  }
}

interface Mix {
  readonly name: string;
  readonly capacity: number;
  readonly owners: number;
  readonly stations: number;
  readonly maxAge: number;
}

const MIXES: readonly Mix[] = [
  { name: "one slot", capacity: 1, owners: 3, stations: 5, maxAge: 40 },
  { name: "one owner", capacity: 7, owners: 1, stations: 20, maxAge: 60 },
  {
    name: "few owners, much too small",
    capacity: 16,
    owners: 4,
    stations: 100,
    maxAge: 1e9,
  },
  {
    name: "few owners, ageing",
    capacity: 24,
    owners: 5,
    stations: 60,
    maxAge: 50,
  },
  {
    name: "owners enough for a station each",
    capacity: 20,
    owners: 60,
    stations: 90,
    maxAge: 1e9,
  },
  {
    name: "many owners, ageing",
    capacity: 32,
    owners: 40,
    stations: 70,
    maxAge: 120,
  },
  { name: "room for all", capacity: 64, owners: 6, stations: 50, maxAge: 90 },
];

const SEED = 13;

for (const mix of MIXES) {
  Deno.test(`MacTable does as the model in 200,000 random steps: ${mix.name} (seed ${SEED})`, () => {
    compare(mix, 200_000);
  });
}

function compare(mix: Mix, steps: number): void {
  const { capacity, owners, stations, maxAge } = mix;
  const random = seededRandom(SEED);
  const subject = new Subject({ capacity, owners, maxAge, seed: SEED });
  const { table } = subject;
  const model = new Model(capacity, maxAge);
  for (let step = 0; step < steps; step++) {
    const at = `step ${step}`;
    if (random.below(3) === 0) subject.now += random.below(4);
    const station = 1 + random.below(stations);
    const vlan = random.below(3);
    const key = `${station}/${vlan}`;
    // Low numbers learn more often than high ones: hogs and quiet owners.
    const owner = Math.min(random.below(owners), random.below(owners));
    const choice = random.below(1000);
    if (choice < 600) {
      subject.learn(station, owner, vlan);
      model.learn(key, owner, subject.now);
    } else if (choice < 990) {
      same(subject.find(station, vlan), model.find(key, subject.now), at);
    } else if (choice < 995) {
      const { now } = subject;
      const expired = model.removeIf((station) => now - station.seen > maxAge);
      same(table.expire(now), expired, at);
    } else if (choice < 999) {
      const forgotten = model.removeIf((station) => station.owner === owner);
      same(table.forgetOwner(owner), forgotten, at);
    } else {
      table.clear();
      model.stations.clear();
    }
    same(table.size, model.stations.size, at);
    if (step % 16 === 0) {
      same(table.ownerSize(owner), model.ownerSize(owner), at);
    }
    if (step % 1024 === 0) {
      assertEquals(listing(subject), modelListing(model, subject.now), at);
    }
  }
}

/** assertEquals() for numbers, without its cost. */
function same(actual: number, expected: number, message: string): void {
  if (actual !== expected) assertEquals(actual, expected, message);
}

function listing({ table, now }: Subject): string[] {
  return table.entries(now).map(({ mac, vlan, owner, age }) => {
    const station = parseInt(mac.replaceAll(":", ""), 16) % 2 ** 32;
    return `${station}/${vlan} ${owner} ${age}`;
  });
}

function modelListing({ stations, maxAge }: Model, now: number): string[] {
  return [...stations].reverse()
    .filter(([, { seen }]) => now - seen <= maxAge)
    .map(([key, { owner, seen }]) => `${key} ${owner} ${now - seen}`);
}

// ---- Hash and memory ----

/** Milliseconds to find each station of a table 20 times over. */
function findingMs(table: MacTable, frames: readonly Uint8Array[]): number {
  const start = performance.now();
  for (let round = 0; round < 20; round++) {
    for (const frame of frames) table.find(frame, OFFSET, LENGTH, 0);
  }
  return performance.now() - start;
}

Deno.test("MacTable spreads addresses that stride, under any seed", () => {
  // A hash that put such addresses into one chain would take a thousand times
  // as long as it takes for random ones; ten times is far from both.
  const random = seededRandom(14);
  const COUNT = 16_384;
  const macs = (stride: number) =>
    range(0, COUNT).map((index) => frameOf(index * stride, index * stride));
  const strangers = range(0, COUNT).map(() => {
    const station = random.next();
    return frameOf(station, station);
  });
  for (const seed of [0, 1, random.next()]) {
    const filled = (frames: readonly Uint8Array[]) => {
      const table = new MacTable({
        capacity: COUNT,
        owners: 1,
        maxAge: 1,
        seed,
      });
      for (const frame of frames) table.learn(frame, OFFSET, LENGTH, 0, 0);
      return table;
    };
    const usual = findingMs(filled(strangers), strangers);
    for (const stride of [1, 0x100, 0x1_0000, 0x10001]) {
      const frames = macs(stride);
      const took = findingMs(filled(frames), frames);
      assert(
        took < 10 * usual + 20,
        `stride ${stride}, seed ${seed}: ${took} ms`,
      );
    }
  }
});

Deno.test("MacTable allocates nothing in ten million steps", () => {
  const BURST = 64;
  const BURSTS = 1563; // about 100,000 steps
  const frames = range(0, 4096).map((station) =>
    frameOf(station * 7 % 4096, station)
  );
  const table = new MacTable({ capacity: 1000, owners: 16, maxAge: 50 });
  let now = 0;
  const run = () => {
    for (let burst = 0; burst < BURSTS; burst++) {
      now += 0.37; // a fraction, as clocks give them, is no small integer
      for (let index = 0; index < BURST; index += 2) {
        const at = (burst * BURST + index) & 4095;
        table.learn(frames[at], OFFSET, LENGTH, index & 15, now);
        table.find(frames[at + 1], OFFSET, LENGTH, now);
      }
    }
  };
  for (let warm = 0; warm < 10; warm++) run();
  const start = Deno.memoryUsage().heapUsed;
  const grown = range(0, 100).map(() => {
    const before = Deno.memoryUsage().heapUsed;
    run();
    return Deno.memoryUsage().heapUsed - before;
  });
  // The smallest object takes 12 bytes or more: one a step, 1.2 MB a run. The
  // median leaves out the runs in which the heap was collected.
  const median = grown.toSorted((a, b) => a - b)[50];
  assert(Math.abs(median) < 200_000, `${median} bytes in a run`);
  const total = Deno.memoryUsage().heapUsed - start;
  assert(total < 8e6, `${total} bytes in all`);
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
