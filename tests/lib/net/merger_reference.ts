/**
 * A merger that is slow and obvious: it reads every frame into an object and
 * compares the objects. It tells which frames belong together, and writes no
 * headers.
 *
 * @module
 */

import { join, plainChecksum } from "./packets.ts";
import { u32 } from "./segments.ts";

const MAX_FRAMES = 64;
const MAX_PACKET_BYTES = 65_535;

/** What a frame says of its flow. */
interface Reading {
  /** Addresses, so that nothing else is equal to it. */
  readonly pair: string;
  /** Addresses, protocol and ports; undefined when the ports cannot be read. */
  readonly flow?: string;
  /** Of a segment that can be merged; else undefined. */
  readonly segment?: ReadSegment;
}

/** What counts of a segment. */
interface ReadSegment {
  /** All that must be the same in every segment. */
  readonly common: string;
  readonly payloadBytes: number;
  readonly headerBytes: number;
  readonly id: number;
  readonly dontFragment: boolean;
  /** -1 for UDP. */
  readonly sequence: number;
  readonly pushed: boolean;
}

interface Item {
  readonly members: number[];
  readonly pair: string;
  readonly segments: ReadSegment[];
  open: boolean;
}

/**
 * Groups frames as a {@linkcode Merger} does for a TAP that takes everything.
 *
 * @returns The frames' indexes, item by item.
 */
export function referenceItems(frames: readonly Uint8Array[]): number[][] {
  const items: Item[] = [];
  const newest = new Map<string, Item>();
  frames.forEach((frame, index) => {
    const reading = read(frame);
    const { pair = "", flow, segment } = reading ?? {};
    if (reading !== undefined && flow === undefined) {
      for (const item of items) if (item.pair === pair) item.open = false;
    }
    const item = newest.get(flow ?? "");
    if (item?.open && segment !== undefined && continues(item, segment)) {
      item.members.push(index);
      item.segments.push(segment);
      item.open = !ends(item, segment);
      return;
    }
    if (item !== undefined) item.open = false;
    const segments = segment === undefined ? [] : [segment];
    const open = segment !== undefined && !segment.pushed;
    const own = { members: [index], pair, segments, open };
    items.push(own);
    if (flow !== undefined) newest.set(flow, own);
  });
  return items.map(({ members }) => members);
}

function ends(item: Item, segment: ReadSegment): boolean {
  return segment.pushed || segment.payloadBytes < item.segments[0].payloadBytes;
}

function continues(item: Item, segment: ReadSegment): boolean {
  const { segments } = item;
  const [first] = segments;
  const payloadBytes = segments.reduce((sum, s) => sum + s.payloadBytes, 0);
  const packetBytes = first.headerBytes + payloadBytes + segment.payloadBytes;
  const ids = [...segments, segment].map(({ id }) => id);
  const growing = ids.every((id, i) => id === ((ids[0] + i) & 0xffff));
  const still = first.dontFragment && ids.every((id) => id === ids[0]);
  return segment.common === first.common &&
    segments.length < MAX_FRAMES &&
    packetBytes <= MAX_PACKET_BYTES &&
    segment.payloadBytes <= first.payloadBytes &&
    (growing || still) &&
    (first.sequence === -1 ||
      segment.sequence === (first.sequence + payloadBytes) % 2 ** 32);
}

function read(frame: Uint8Array): Reading | undefined {
  const view = new DataView(frame.slice().buffer);
  let ip = 14;
  while (ip <= frame.length) {
    if (![0x8100, 0x88a8].includes(view.getUint16(ip - 2))) break;
    ip += 4;
  }
  if (ip > frame.length) return undefined;
  const packet = frame.slice(ip);
  const type = view.getUint16(ip - 2);
  const ethernet = frame.slice(0, ip);
  if (type === 0x0800) return readIpv4(ethernet, packet);
  if (type === 0x86dd) return readIpv6(ethernet, packet);
  return undefined;
}

function readIpv4(
  ethernet: Uint8Array,
  packet: Uint8Array,
): Reading | undefined {
  if (packet.length < 20 || packet[0] >> 4 !== 4) return undefined;
  const headerBytes = (packet[0] & 15) * 4;
  const protocol = packet[9];
  if (headerBytes < 20 || ![6, 17].includes(protocol)) return undefined;
  const view = new DataView(packet.slice().buffer);
  const addresses = packet.slice(12, 20);
  const fragment = view.getUint16(6);
  const pair = `${addresses}`;
  if ((fragment & 0x3fff) !== 0) return { pair };
  const right = headerBytes === 20 && (fragment & 0x8000) === 0 &&
    view.getUint16(2) === packet.length &&
    plainChecksum(packet.slice(0, 20)) === 0;
  const common = `${ethernet} ${packet[1]} ${fragment} ${packet[8]}`;
  return readTransport(packet.slice(headerBytes), {
    addresses,
    protocol,
    common: right && ethernet.length <= 22 ? common : "",
    id: view.getUint16(4),
    dontFragment: fragment === 0x4000,
    headerBytes,
  });
}

function readIpv6(
  ethernet: Uint8Array,
  packet: Uint8Array,
): Reading | undefined {
  if (packet.length < 40 || packet[0] >> 4 !== 6) return undefined;
  const view = new DataView(packet.slice().buffer);
  const protocol = packet[6];
  const addresses = packet.slice(8, 40);
  if (protocol === 58) return undefined;
  if (![6, 17].includes(protocol)) return { pair: `${addresses}` };
  const right = view.getUint16(4) === packet.length - 40;
  const common = `${ethernet} ${packet.slice(0, 4)} ${packet[7]}`;
  return readTransport(packet.slice(40), {
    addresses,
    protocol,
    common: right && ethernet.length <= 22 ? common : "",
    id: 0,
    dontFragment: true,
    headerBytes: 40,
  });
}

/** What the headers before TCP or UDP say. */
interface Network {
  readonly addresses: Uint8Array;
  readonly protocol: number;
  /** Empty when they forbid to merge. */
  readonly common: string;
  readonly id: number;
  readonly dontFragment: boolean;
  readonly headerBytes: number;
}

function readTransport(bytes: Uint8Array, network: Network): Reading {
  const { addresses, protocol } = network;
  const pair = `${addresses}`;
  if (bytes.length < 4) return { pair };
  const flow = `${addresses} ${protocol} ${bytes.slice(0, 4)}`;
  const pseudo = join(addresses, u32(bytes.length), u32(protocol));
  const right = plainChecksum(join(pseudo, bytes)) === 0;
  if (network.common === "" || !right) return { pair, flow };
  const segment = protocol === 6
    ? readTcp(bytes, network)
    : readUdp(bytes, network);
  return segment === undefined ? { pair, flow } : { pair, flow, segment };
}

function readTcp(bytes: Uint8Array, network: Network): ReadSegment | undefined {
  if (bytes.length < 20) return undefined;
  const view = new DataView(bytes.slice().buffer);
  const headerBytes = (bytes[12] >> 4) * 4;
  const flags = view.getUint16(12) & 0xfff;
  if (flags !== 0x010 && flags !== 0x018) return undefined;
  if (headerBytes < 20 || headerBytes >= bytes.length) return undefined;
  const { common, id, dontFragment } = network;
  const window = bytes.slice(14, 16);
  const rest = bytes.slice(18, headerBytes);
  return {
    common: `${common} ${bytes.slice(8, 12)} ${window} ${rest}`,
    payloadBytes: bytes.length - headerBytes,
    headerBytes: network.headerBytes + headerBytes,
    id,
    dontFragment,
    sequence: view.getUint32(4),
    pushed: flags === 0x018,
  };
}

function readUdp(bytes: Uint8Array, network: Network): ReadSegment | undefined {
  const view = new DataView(bytes.slice().buffer);
  if (bytes.length <= 8 || view.getUint16(4) !== bytes.length) return undefined;
  if (view.getUint16(6) === 0) return undefined;
  const { common, id, dontFragment } = network;
  return {
    common,
    payloadBytes: bytes.length - 8,
    headerBytes: network.headerBytes + 8,
    id,
    dontFragment,
    sequence: -1,
    pushed: false,
  };
}
