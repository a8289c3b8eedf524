/**
 * A segmenter that is slow and short enough to be seen to be right: copies
 * bytes, and sums every segment up from the beginning.
 *
 * @module
 */

import type { TestFrame } from "./superframes.ts";

const TCP = 6;
const UDP = 17;
const KINDS = [0, 1, 4, 5, 0x81, 0x84];

/** Where a frame's headers end, and what they are; undefined for what cannot be cut. */
function parse(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let network = 14;
  for (;; network += 4) {
    if (network > bytes.length) return undefined;
    const type = view.getUint16(network - 2);
    if (type !== 0x8100 && type !== 0x88a8) break;
  }
  const type = view.getUint16(network - 2);
  const rest = bytes.length - network;
  let transport = network;
  let end = network;
  let protocol = 0;
  if (type === 0x0800) {
    if (rest < 20 || bytes[network] < 0x45 || bytes[network] > 0x4f) return;
    if ((view.getUint16(network + 6) & 0x3fff) !== 0) return;
    protocol = bytes[network + 9];
    transport += (bytes[network] - 0x40) * 4;
    end += view.getUint16(network + 2);
  } else if (type === 0x86dd) {
    if (rest < 40 || bytes[network] >> 4 !== 6) return;
    protocol = bytes[network + 6];
    transport += 40;
    end += 40 + view.getUint16(network + 4);
    if (protocol === 0 && transport + 2 <= Math.min(end, bytes.length)) {
      protocol = bytes[transport];
      transport += 8 + 8 * bytes[transport + 1];
    }
  } else return;
  if (end > bytes.length) return;
  if (protocol !== TCP && protocol !== UDP) return;
  if (transport + (protocol === TCP ? 20 : 8) > end) return;
  const transportBytes = protocol === TCP ? bytes[transport + 12] >> 4 : 2;
  const payload = transport + transportBytes * 4;
  if (protocol === TCP && transportBytes < 5 || payload > end) return;
  return {
    isIpv4: type === 0x0800,
    network,
    transport,
    payload,
    end,
    protocol,
  };
}

function onesSum(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at++) {
    sum += (at - from) % 2 === 0 ? bytes[at] * 256 : bytes[at];
  }
  return sum % 0xffff || (sum === 0 ? 0 : 0xffff);
}

type Headers = NonNullable<ReturnType<typeof parse>>;

/** The transport checksum over a whole frame, as a sum: 0xffff when it is right. */
function transportSum(bytes: Uint8Array, headers: Headers): number {
  const { isIpv4, network, transport, protocol, end } = headers;
  const addresses = isIpv4
    ? onesSum(bytes, network + 12, network + 20)
    : onesSum(bytes, network + 8, network + 40);
  const sum = addresses + protocol + (end - transport) +
    onesSum(bytes, transport, end);
  return sum % 0xffff || 0xffff;
}

function mayCut(frame: TestFrame, headers: Headers): boolean {
  const { bytes, kind } = frame;
  const { isIpv4, network, transport, protocol } = headers;
  if (!KINDS.includes(kind)) return false;
  if ((kind === 5) !== (protocol === UDP)) return false;
  if (kind !== 0) {
    if (frame.segmentSize === 0) return false;
    return kind === 5 || (kind & 0x7f) === (isIpv4 ? 1 : 4);
  }
  if (isIpv4 && onesSum(bytes, network, transport) !== 0xffff) return false;
  if (frame.checksumStart !== 0) {
    return frame.checksumStart === transport && frame.checksumOffset === 16;
  }
  return transportSum(bytes, headers) === 0xffff;
}

/** The segment of a frame that carries its payload from one offset to another. */
function segment(
  bytes: Uint8Array,
  headers: Headers,
  piece: { index: number; from: number; to: number },
): Uint8Array {
  const { isIpv4, network, transport, payload, end, protocol } = headers;
  const result = new Uint8Array(payload + piece.to - piece.from);
  result.set(bytes.subarray(0, payload));
  result.set(bytes.subarray(piece.from, piece.to), payload);
  const view = new DataView(result.buffer);
  const packetBytes = result.length - network;
  if (isIpv4) {
    view.setUint16(network + 2, packetBytes);
    view.setUint16(network + 4, view.getUint16(network + 4) + piece.index);
    view.setUint16(network + 10, 0);
    view.setUint16(network + 10, 0xffff - onesSum(result, network, transport));
  } else view.setUint16(network + 4, packetBytes - 40);
  const before = piece.from - payload;
  if (protocol === TCP) {
    view.setUint32(transport + 4, view.getUint32(transport + 4) + before);
    let flags = bytes[transport + 13];
    if (piece.to !== end) flags &= ~0x09; // FIN, PSH
    if (piece.index > 0) flags &= ~0x80; // CWR
    const urgent = view.getUint16(transport + 18) - before;
    if ((flags & 0x20) !== 0 && piece.index > 0) {
      if (urgent <= 0) flags &= ~0x20;
      view.setUint16(transport + 18, Math.max(0, urgent));
    }
    result[transport + 13] = flags;
  } else view.setUint16(transport + 4, result.length - transport);
  const at = transport + (protocol === TCP ? 16 : 6);
  view.setUint16(at, 0);
  const sum = transportSum(result, { ...headers, end: result.length });
  view.setUint16(at, protocol === UDP && sum === 0xffff ? sum : 0xffff - sum);
  return result;
}

/**
 * Cuts a frame.
 *
 * @param slotBytes Longest header that there is room for.
 * @returns Its segments; none if it cannot be cut.
 */
export function referenceSegments(
  frame: TestFrame,
  maxFrameBytes: number,
  slotBytes: number,
): Uint8Array[] {
  const { bytes, kind, segmentSize } = frame;
  const headers = parse(bytes);
  if (headers === undefined || !mayCut(frame, headers)) return [];
  const { payload, end, protocol, transport } = headers;
  const payloadBytes = end - payload;
  const room = maxFrameBytes - payload;
  if (payload > slotBytes || room < 0) return [];
  let size = kind === 0 ? payloadBytes : segmentSize;
  if (kind === 5) {
    if (Math.min(size, payloadBytes) > room) return [];
  } else size = Math.min(size, room);
  if (payloadBytes === 0) size = 1;
  if (size === 0) return [];
  const isCut = payloadBytes > size;
  if (protocol === TCP && isCut && (bytes[transport + 13] & 0x06) !== 0) {
    return [];
  }
  const segments: Uint8Array[] = [];
  for (let from = payload; from < end || segments.length === 0; from += size) {
    const to = Math.min(from + size, end);
    segments.push(
      segment(bytes, headers, { index: segments.length, from, to }),
    );
  }
  return segments;
}
