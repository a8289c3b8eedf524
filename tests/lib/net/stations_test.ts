import { assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { MAX_STATIONS, Stations } from "../../../lib/net/stations.ts";
import { seededRandom } from "../../random.ts";

const STRIDE = 32;
const FRAME_BYTES = 14;

/** A `struct sockaddr_in` with room for the longer kind. */
function address(host: number, port = 5000): Uint8Array {
  const bytes = new Uint8Array(STRIDE);
  const view = new DataView(bytes.buffer);
  bytes[0] = 2;
  view.setUint16(2, port);
  view.setUint32(4, host);
  return bytes;
}

/** A frame of a header alone between stations of these numbers. */
function frame(from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [offset, number] of [[0, to], [6, from]]) {
    view.setUint16(offset, 0x0200);
    view.setUint32(offset + 2, number);
  }
  return bytes;
}

class Node {
  readonly stations: Stations;

  constructor(capacity: number, maxAgeMs = 1000) {
    this.stations = new Stations(capacity, maxAgeMs);
  }

  /** A frame of station `mac` came from `source`. */
  hear(source: Uint8Array, mac: number, nowMs = 0): void {
    const peer = this.stations.peerOf(source, 0, STRIDE);
    assertNotEquals(peer, -1);
    this.stations.learn(frame(mac, 0), 0, FRAME_BYTES, peer, nowMs);
  }

  /** Address of the peer behind which a station is; undefined for none. */
  whereIs(mac: number, nowMs = 0): Uint8Array | undefined {
    const peer = this.stations.find(frame(0, mac), 0, FRAME_BYTES, nowMs);
    if (peer < 0) return undefined;
    return this.stations.peers.bytes.slice(peer * STRIDE, (peer + 1) * STRIDE);
  }
}

Deno.test("Stations.find() gives the peer from which a station was heard last", () => {
  const node = new Node(8);
  node.hear(address(1), 100);
  node.hear(address(2), 200);
  assertEquals(node.whereIs(100), address(1));
  assertEquals(node.whereIs(200), address(2));
  assertEquals(node.whereIs(300), undefined);
  node.hear(address(2), 100);
  assertEquals(node.whereIs(100), address(2));
  assertEquals(node.stations.size, 2);
});

Deno.test("Stations.find() tells peers of one host by their ports", () => {
  const node = new Node(8);
  node.hear(address(1, 1), 100);
  node.hear(address(1, 2), 200);
  assertEquals(node.whereIs(100), address(1, 1));
  assertEquals(node.whereIs(200), address(1, 2));
});

Deno.test("Stations.find() forgets a station that is silent too long", () => {
  const node = new Node(8, 1000);
  node.hear(address(1), 100, 0);
  node.hear(address(1), 200, 600);
  assertEquals(node.whereIs(100, 1000), address(1));
  assertEquals(node.whereIs(100, 1001), undefined);
  assertEquals(node.whereIs(200, 1001), address(1));
});

Deno.test("Stations.forget() forgets one peer's stations, and no other's", () => {
  const node = new Node(8);
  node.hear(address(1), 100);
  node.hear(address(1), 101);
  node.hear(address(2), 200);
  assertEquals(node.stations.forget(address(3), 0), 0);
  assertEquals(node.stations.forget(address(1, 9), 0), 0);
  assertEquals(node.stations.forget(address(1), 0), 2);
  assertEquals([100, 101].map((mac) => node.whereIs(mac)), [
    undefined,
    undefined,
  ]);
  assertEquals(node.whereIs(200), address(2));
  node.hear(address(3), 100);
  assertEquals(node.whereIs(100), address(3));
});

Deno.test("Stations.forget() reads the address at the offset given", () => {
  const node = new Node(8);
  node.hear(address(1), 100);
  const table = new Uint8Array(3 * STRIDE);
  table.set(address(1), STRIDE);
  assertEquals(node.stations.forget(table, 0), 0);
  assertEquals(node.stations.forget(table, STRIDE), 1);
});

Deno.test("Stations.learn() notes no group address, and the peer costs nobody a place", () => {
  const node = new Node(2);
  const group = frame(0, 0);
  group[6] = 0x01;
  for (let host = 1; host <= 100; host++) {
    const peer = node.stations.peerOf(address(host), 0, STRIDE);
    node.stations.learn(group, 0, FRAME_BYTES, peer, 0);
  }
  assertEquals(node.stations.size, 0);
  node.hear(address(1000), 100);
  node.hear(address(1001), 101);
  assertEquals(node.whereIs(100), address(1000));
  assertEquals(node.whereIs(101), address(1001));
});

Deno.test("Stations hold as many as they were made for, each behind a peer of its own", () => {
  const capacity = 50;
  const node = new Node(capacity);
  for (let number = 0; number < capacity; number++) {
    node.hear(address(number), number);
  }
  for (let number = 0; number < capacity; number++) {
    assertEquals(node.whereIs(number), address(number));
  }
});

Deno.test("Stations leave a peer's entry alone while another one floods", () => {
  const node = new Node(64);
  node.hear(address(1), 1);
  for (let mac = 100; mac < 100_100; mac++) node.hear(address(2), mac);
  assertEquals(node.whereIs(1), address(1));
  assertEquals(node.stations.size, 64);
});

Deno.test("Stations stay fast while peers are invented, in whatever order they come again", () => {
  const random = seededRandom(1);
  const hearingMs = (peers: number) => {
    const node = new Node(MAX_STATIONS);
    const start = performance.now();
    for (let number = 0; number < 300_000; number++) {
      node.hear(address(random.below(peers)), number);
    }
    assertEquals(node.stations.size, MAX_STATIONS);
    return performance.now() - start;
  };
  // Half a second each; looking at all peers for each new one would take a minute.
  const usual = hearingMs(MAX_STATIONS / 2);
  assertLess(hearingMs(2 * MAX_STATIONS), 20 * usual + 1000);
});
