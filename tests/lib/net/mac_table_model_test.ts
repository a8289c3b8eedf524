/** The MAC table against a model that is slow and obvious. */

import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../random.ts";
import { Subject } from "./mac_table_subject.ts";

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
