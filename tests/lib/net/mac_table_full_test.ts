/** What happens when the table is full. */

import { assertEquals } from "@std/assert";
import { seededRandom } from "../../random.ts";
import { range, Subject } from "./mac_table_subject.ts";

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
