/**
 * Sends many datagrams, fast:
 * `deno run -A datagram_storm.ts KIND COUNT RATE PID,PID… ADDRESS:PORT…`. They
 * go to the addresses in turn, RATE a second, but no faster than the processes
 * take them. Prints `sending` once it begins, and a line of JSON at the end.
 *
 * - `mix`: what a broken or hostile sender may send to network 1. Random
 *   bytes, the header before cut frames of every length, headers with one bit
 *   wrong, pieces of a header, datagrams longer than any frame. Goodbyes are
 *   among them: the header before a frame of no bytes.
 * - `stations`: broadcast frames in good order, each from a station of its own.
 *
 * @module
 */

import { DatagramSender } from "../../ffi/datagram_sender.ts";
import { EAGAIN, ENOBUFS, errnoName } from "../../ffi/errno.ts";
import { ABSOLUTE, addressOf } from "../../ffi/memory.ts";
import { resolve } from "../../ffi/sockaddr.ts";
import { UdpSocket } from "../../ffi/socket.ts";
import {
  makeVxlanHeader,
  VXLAN_HEADER_BYTES,
} from "../../lib/net/vxlan_header.ts";
import { makeFrame } from "../plugs.ts";
import { type SeededRandom, seededRandom } from "../random.ts";

const SEED = 14789;
const VNI = 1;
const BATCH = 64;

/** How often it looks at the receivers' queues, and what may wait there: far less than they have room for. */
const BATCHES_A_LOOK = 4;
const MAX_WAITING_BYTES = 256 * 1024;
const SLOT_BYTES = 65536;

/** Random bytes to cut datagrams from. */
const POOL_BYTES = 1 << 20;
const MAX_RANDOM_BYTES = 200;

/** Of a cut frame: past an Ethernet header, its payload's header and a full payload. */
const MAX_CUT_BYTES = 1600;

/** Longer than any frame, and as long as a datagram may be. */
const MIN_HUGE_BYTES = 9300;
const MAX_HUGE_BYTES = 65_507;

/** One datagram in so many is huge: each is cut into dozens of packets. */
const HUGE_EVERY = 1000;

/** Far from the addresses of those who are there: 02:00:01:00:00:00 and following. */
const FIRST_STATION = 0x0100_0000;

/** What is needed to lay out datagrams. */
interface Maker {
  readonly random: SeededRandom;
  readonly pool: Uint8Array<ArrayBuffer>;
  readonly header: Uint8Array<ArrayBuffer>;
}

/** Lays a datagram out from the first byte of `slot` on; returns its length. */
type Make = (slot: Uint8Array, number: number, maker: Maker) => number;

const FORMS: readonly Make[] = [
  function randomBytes(slot, _number, maker) {
    return fill(slot, maker.random.below(MAX_RANDOM_BYTES), maker);
  },
  function cutFrame(slot, number, maker) {
    const cut = Math.floor(number / FORMS.length) % MAX_CUT_BYTES;
    return headed(slot, VXLAN_HEADER_BYTES + cut, maker);
  },
  function wrongBit(slot, _number, maker) {
    const length = headed(slot, MAX_RANDOM_BYTES, maker);
    const bit = maker.random.below(8 * VXLAN_HEADER_BYTES);
    slot[bit >> 3] ^= 1 << (bit & 7);
    return length;
  },
  function cutHeader(slot, _number, maker) {
    headed(slot, VXLAN_HEADER_BYTES, maker);
    return maker.random.below(VXLAN_HEADER_BYTES);
  },
];

const KINDS: Readonly<Record<string, Make>> = {
  mix(slot, number, maker) {
    if (number % HUGE_EVERY === 0) {
      const span = MAX_HUGE_BYTES - MIN_HUGE_BYTES + 1;
      return headed(slot, MIN_HUGE_BYTES + maker.random.below(span), maker);
    }
    return FORMS[number % FORMS.length](slot, number, maker);
  },
  stations(slot, number, { header }) {
    const frame = makeFrame(64, FIRST_STATION + number);
    slot.set(header);
    slot.set(frame, VXLAN_HEADER_BYTES);
    return VXLAN_HEADER_BYTES + frame.length;
  },
};

/** Fills a slot with random bytes; returns how many. */
function fill(slot: Uint8Array, length: number, maker: Maker): number {
  const from = maker.random.below(POOL_BYTES - length);
  slot.set(maker.pool.subarray(from, from + length));
  return length;
}

function headed(slot: Uint8Array, length: number, maker: Maker): number {
  fill(slot, length, maker);
  slot.set(maker.header);
  return length;
}

const [kind, count, rate, pids, ...destinations] = Deno.args;
const wanted = Number(count);
const receivers = pids.split(",").flatMap((pid) =>
  ["udp", "udp6"].map((name) => `/proc/${pid}/net/${name}`)
);
const random = seededRandom(SEED);
const maker: Maker = {
  random,
  pool: random.bytes(POOL_BYTES),
  header: makeVxlanHeader(VNI),
};
const addresses = destinations.map((text) => {
  const [, host, port] = text.match(/^\[?(.*?)\]?:(\d+)$/) ?? [];
  return resolve(host, { port: Number(port) })[0];
});

using socket = new UdpSocket(addresses[0].family);
socket.setSendBuffer(4 << 20);
const arena = new Uint8Array(BATCH * SLOT_BYTES);
const base = addressOf(arena);
const slots = Array.from(
  { length: BATCH },
  (_, index) => arena.subarray(index * SLOT_BYTES, (index + 1) * SLOT_BYTES),
);
const targets = addresses.map(({ bytes }) => addressOf(bytes));
const sender = new DatagramSender(BATCH, BATCH);

console.log("sending");
const startMs = performance.now();
for (let number = 0; number < wanted;) {
  const batch = Math.min(BATCH, wanted - number);
  sender.clear();
  for (let entry = 0; entry < batch; entry++, number++) {
    const length = KINDS[kind](slots[entry], number, maker);
    const target = Math.floor(number / FORMS.length) % targets.length;
    // A limit of 0: each goes alone.
    sender.add(ABSOLUTE, targets[target], addresses[target].bytes.length, 0);
    if (length > 0) {
      sender.addPiece(ABSOLUTE, base + entry * SLOT_BYTES, length);
    }
  }
  for (let sent = 0; sent < batch;) {
    const result = sender.send(socket.fd, sent);
    if (result > 0) sent += result;
    else if (result === -EAGAIN || result === -ENOBUFS) await pause(1);
    else throw new TypeError(`Cannot send: ${errnoName(-result)}`);
  }
  if (number % (BATCH * BATCHES_A_LOOK) === 0) {
    while (receivers.some(isBusy)) await pause(1);
  }
  const dueMs = startMs + number * 1000 / Number(rate);
  const aheadMs = dueMs - performance.now();
  if (aheadMs > 1) await pause(aheadMs);
}
const seconds = (performance.now() - startMs) / 1000;
console.log(JSON.stringify({ datagrams: wanted, seconds }));

/** Whether a lot waits for a socket of a list: `00000000:00001234 00:` tells how many bytes leave and came. */
function isBusy(file: string): boolean {
  const queues = Deno.readTextFileSync(file)
    .matchAll(/ [0-9A-F]{8}:([0-9A-F]{8}) \d{2}:/g);
  for (const [, came] of queues) {
    if (parseInt(came, 16) > MAX_WAITING_BYTES) return true;
  }
  return false;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
