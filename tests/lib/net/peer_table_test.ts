import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { PEER_SLOT_BYTES, PeerTable } from "../../../lib/net/peer_table.ts";
import { seededRandom } from "../../random.ts";

/** Addresses begin here in the arrays of these tests. */
const OFFSET = 32;

interface Address {
  readonly port: number;
  /** Last 4 bytes of 192.0.2.0-like or 2001:db8::-like addresses. */
  readonly host: number;
  /** IPv6 if given. */
  readonly scope?: number;
  readonly flow?: number;
  readonly padding?: number;
}

/** The address as the kernel writes it, between bytes that mean nothing. */
function sockaddr({ port, host, scope, flow, padding }: Address): Uint8Array {
  const bytes = new Uint8Array(OFFSET + 40).fill(0xa5);
  const view = new DataView(bytes.buffer, OFFSET);
  view.setUint16(0, scope === undefined ? 2 : 10, true);
  view.setUint16(2, port);
  if (scope === undefined) {
    view.setUint32(4, host);
    bytes.fill(padding ?? 0, OFFSET + 8, OFFSET + 16);
  } else {
    view.setUint32(4, flow ?? 0);
    view.setUint32(8, 0x2001_0db8);
    view.setUint32(12, 0);
    view.setUint32(16, 0);
    view.setUint32(20, host);
    view.setUint32(24, scope, true);
  }
  return bytes;
}

function lengthOf({ scope }: Address): number {
  return scope === undefined ? 16 : 28;
}

function add(table: PeerTable, address: Address): number {
  return table.add(sockaddr(address), OFFSET, lengthOf(address));
}

function find(table: PeerTable, address: Address): number {
  return table.find(sockaddr(address), OFFSET);
}

const V4: Address = { port: 14789, host: 0xc000_0201 };
const V6: Address = { port: 14789, host: 1, scope: 3 };

const KINDS = [
  { name: "struct sockaddr_in", address: V4, length: 16 },
  { name: "struct sockaddr_in6", address: V6, length: 28 },
];

for (const { name, address, length } of KINDS) {
  Deno.test(`PeerTable finds a ${name}, and keeps it as the kernel wants it back`, () => {
    const table = new PeerTable(4);
    assertEquals(find(table, address), -1);
    const slot = add(table, address);
    assertEquals(find(table, address), slot);
    assertEquals(table.lengthOf(slot), length);
    assertEquals(table.size, 1);
    const start = slot * PEER_SLOT_BYTES;
    assertEquals(
      table.bytes.slice(start, start + length),
      sockaddr(address).slice(OFFSET, OFFSET + length),
    );
  });

  Deno.test(`PeerTable gives a ${name} that it knows the same slot`, () => {
    const table = new PeerTable(2);
    const slot = add(table, address);
    assertEquals(add(table, address), slot);
    assertEquals(table.size, 1);
  });

  Deno.test(`PeerTable refuses a ${name} that is cut off`, () => {
    const table = new PeerTable(2);
    for (let short = 0; short < length; short++) {
      assertEquals(table.add(sockaddr(address), OFFSET, short), -1);
    }
    assertEquals(table.size, 0);
    assertEquals(table.bytes, new Uint8Array(2 * PEER_SLOT_BYTES));
  });

  Deno.test(`PeerTable tells one bit of a ${name} from another`, () => {
    const compared = length === 16 ? [2, 8] : [2, 4, 8, 28];
    for (let pair = 0; pair < compared.length; pair += 2) {
      for (let bit = 8 * compared[pair]; bit < 8 * compared[pair + 1]; bit++) {
        const table = new PeerTable(2);
        const slot = add(table, address);
        const other = sockaddr(address);
        other[OFFSET + (bit >> 3)] ^= 1 << (bit & 7);
        assertEquals(table.find(other, OFFSET), -1, `bit ${bit}`);
        assertEquals(table.add(other, OFFSET, length), 1 - slot, `bit ${bit}`);
      }
    }
  });
}

Deno.test("PeerTable ignores the flow information, and keeps none", () => {
  const table = new PeerTable(4);
  const slot = add(table, { ...V6, flow: 0x000f_ffff });
  assertEquals(find(table, { ...V6, flow: 0x1234 }), slot);
  assertEquals(add(table, V6), slot);
  const start = slot * PEER_SLOT_BYTES;
  assertEquals(table.bytes.slice(start + 4, start + 8), new Uint8Array(4));
});

Deno.test("PeerTable ignores the padding of struct sockaddr_in, and keeps none", () => {
  const table = new PeerTable(4);
  const slot = add(table, { ...V4, padding: 0xff });
  assertEquals(find(table, V4), slot);
  const start = slot * PEER_SLOT_BYTES;
  assertEquals(table.bytes.slice(start + 8, start + 32), new Uint8Array(24));
});

Deno.test("PeerTable does not take the same bytes of two families for one peer", () => {
  const table = new PeerTable(4);
  const bytes = new Uint8Array(28);
  bytes[0] = 2;
  const first = table.add(bytes, 0, 28);
  assertEquals(table.lengthOf(first), 16);
  bytes[0] = 10;
  assertEquals(table.find(bytes, 0), -1);
});

for (const family of [0, 1, 3, 11, 0x0200, 0x0202, 0x0a00, 0xffff]) {
  Deno.test(`PeerTable refuses address family ${family}`, () => {
    const table = new PeerTable(4);
    const bytes = sockaddr(V4);
    new DataView(bytes.buffer).setUint16(OFFSET, family, true);
    assertEquals(table.find(bytes, OFFSET), -1);
    assertEquals(table.add(bytes, OFFSET, 28), -1);
  });
}

Deno.test("PeerTable.add() is -1 when full, until a peer is removed", () => {
  const table = new PeerTable(3);
  const peers = [1, 2, 3, 4].map((host) => ({ port: 1, host }));
  const slots = peers.map((peer) => add(table, peer));
  assertEquals(slots, [0, 1, 2, -1]);
  assertEquals(add(table, peers[1]), 1);
  table.remove(1);
  assertEquals(table.size, 2);
  assertEquals(table.lengthOf(1), 0);
  assertEquals(find(table, peers[1]), -1);
  assertEquals(add(table, peers[3]), 1);
  assertEquals(peers.map((peer) => find(table, peer)), [0, -1, 2, 1]);
});

Deno.test("PeerTable.remove() leaves a slot alone that is not in use", () => {
  const table = new PeerTable(3);
  add(table, V4);
  table.remove(2);
  table.remove(0);
  table.remove(0);
  assertEquals(table.size, 0);
  const slots = [1, 2, 3].map((host) => add(table, { port: 1, host }));
  assertEquals(slots.toSorted(), [0, 1, 2]);
});

const SEED = 21;

for (const capacity of [1, 2, 13, 64]) {
  Deno.test(`PeerTable of ${capacity} does as a Map in 200,000 random steps (seed ${SEED})`, () => {
    const random = seededRandom(SEED + capacity);
    const table = new PeerTable(capacity, SEED);
    const { bytes } = table;
    const model = new Map<string, number>();
    for (let step = 0; step < 200_000; step++) {
      const address: Address = {
        port: random.below(8),
        host: random.below(6),
        scope: random.below(2) === 0 ? undefined : random.below(2),
        flow: random.next(),
        padding: random.below(256),
      };
      const key = `${address.port} ${address.host} ${address.scope}`;
      const known = model.get(key) ?? -1;
      assertEqual(find(table, address), known, step);
      if (random.below(2) === 0) {
        const slot = add(table, address);
        if (known !== -1 || model.size === capacity) {
          assertEqual(slot, known, step);
        } else {
          assert(
            slot >= 0 && slot < capacity && ![...model.values()].includes(slot),
          );
          assertEqual(table.lengthOf(slot), lengthOf(address), step);
          model.set(key, slot);
        }
      } else if (known !== -1) {
        table.remove(known);
        model.delete(key);
      }
      assertEqual(table.size, model.size, step);
    }
    assertStrictEquals(table.bytes, bytes);
  });
}

/** assertEquals() for numbers, without its cost. */
function assertEqual(actual: number, expected: number, step: number): void {
  if (actual !== expected) assertEquals(actual, expected, `step ${step}`);
}

Deno.test("PeerTable holds as many peers as the largest capacity", () => {
  const table = new PeerTable(0x1_0000);
  const source = sockaddr(V6);
  const view = new DataView(source.buffer, OFFSET);
  for (let host = 0; host < 0x1_0000; host++) {
    view.setUint32(20, host);
    table.add(source, OFFSET, 28);
  }
  assertEquals(table.size, 0x1_0000);
  for (let host = 0; host < 0x1_0000; host++) {
    view.setUint32(20, host);
    assertEqual(table.find(source, OFFSET), host, host);
  }
});

Deno.test("PeerTable allocates nothing in ten million steps", () => {
  const table = new PeerTable(256);
  const sources = Array.from(
    { length: 512 },
    (_, host) =>
      host % 2 === 0
        ? sockaddr({ port: 9, host })
        : sockaddr({ port: 9, host, scope: 1 }),
  );
  const run = () => {
    for (let step = 0; step < 50_000; step++) {
      const source = sources[step & 511];
      const slot = table.find(source, OFFSET);
      if (slot < 0) table.add(source, OFFSET, 28);
      else if ((step & 7) === 0) table.remove(slot);
    }
  };
  for (let warm = 0; warm < 10; warm++) run();
  const start = Deno.memoryUsage().heapUsed;
  const grown = Array.from({ length: 200 }, () => {
    const before = Deno.memoryUsage().heapUsed;
    run();
    return Deno.memoryUsage().heapUsed - before;
  });
  // The smallest object takes 12 bytes or more: one a step, 600 kB a run. The
  // median leaves out the runs in which the heap was collected.
  const median = grown.toSorted((a, b) => a - b)[100];
  assert(Math.abs(median) < 100_000, `${median} bytes in a run`);
  const total = Deno.memoryUsage().heapUsed - start;
  assert(total < 8e6, `${total} bytes in all`);
});

for (const capacity of [0, -1, 1.5, NaN, 0x1_0001]) {
  Deno.test(`PeerTable refuses a capacity of ${capacity}`, () => {
    assertThrows(
      () => new PeerTable(capacity),
      RangeError,
      "Cannot make a peer table as capacity must be 1 to 65536",
    );
  });
}
