/**
 * `struct virtio_net_hdr` (linux/virtio_net.h), which goes before each frame
 * that is written to a TAP interface with `IFF_VNET_HDR`. Host byte order:
 * little-endian, as are x86-64 and arm64 Linux.
 *
 * | offset | field | |
 * |---|---|---|
 * | 0 | u8 flags | 1: a checksum is still to be computed |
 * | 1 | u8 gso_type | 0, or a superframe's kind |
 * | 2 | u16 hdr_len | length of all headers of a superframe |
 * | 4 | u16 gso_size | payload of each of its segments |
 * | 6 | u16 csum_start | where that checksum begins |
 * | 8 | u16 csum_offset | where it stands, from there |
 *
 * @module
 */

import type { Burst } from "./burst.ts";
import { MAX_FRAME_BYTES } from "./frame.ts";
import { FrameKind, KIND_ECN, MAX_SUPERFRAME_BYTES } from "./offload.ts";

/** `sizeof(struct virtio_net_hdr)`. */
export const VIRTIO_HEADER_BYTES = 10;

const TYPE_OFFSET = 1;
const HEADER_LENGTH_OFFSET = 2;
const SEGMENT_SIZE_OFFSET = 4;
const CHECKSUM_START_OFFSET = 6;
const CHECKSUM_OFFSET_OFFSET = 8;

const NEEDS_CHECKSUM = 1;
const CHECKSUM_BYTES = 2;
const ETHERNET_HEADER_BYTES = 14;

// Not imported: V8 folds only a module's own constants.
const MAX_FRAME = MAX_FRAME_BYTES;
const MAX_SUPERFRAME = MAX_SUPERFRAME_BYTES;
const TCP4: number = FrameKind.tcp4;
const TCP6: number = FrameKind.tcp6;
const UDP: number = FrameKind.udp;

const TCP_DATA_OFFSET = 12;
const UDP_HEADER_BYTES = 8;

/**
 * Writes the header of a plain frame whose checksums are complete: zeros.
 *
 * @param out Written to.
 * @param at Where, in bytes.
 */
export function writePlainHeader(out: DataView, at: number): void {
  out.setInt32(at, 0);
  out.setInt32(at + 4, 0);
  out.setInt16(at + 8, 0);
}

/**
 * Writes the header of a superframe whose checksum is still to be computed,
 * but for its segment size and header length.
 *
 * @param out Written to.
 * @param at Where, in bytes.
 * @param kind `gso_type`.
 * @param checksumStart In bytes from the frame's start.
 * @param checksumOffset In bytes from there.
 */
export function writePartialHeader(
  out: DataView,
  at: number,
  kind: number,
  checksumStart: number,
  checksumOffset: number,
): void {
  out.setUint8(at, NEEDS_CHECKSUM);
  out.setUint8(at + TYPE_OFFSET, kind);
  out.setUint16(at + CHECKSUM_START_OFFSET, checksumStart, true);
  out.setUint16(at + CHECKSUM_OFFSET_OFFSET, checksumOffset, true);
}

/**
 * Writes the two lengths of a superframe's header.
 *
 * @param out Written to.
 * @param at Where the header begins, in bytes.
 * @param headerLength Length of all of the frame's own headers.
 * @param segmentSize Payload of each segment.
 */
export function writeLengths(
  out: DataView,
  at: number,
  headerLength: number,
  segmentSize: number,
): void {
  out.setUint16(at + HEADER_LENGTH_OFFSET, headerLength, true);
  out.setUint16(at + SEGMENT_SIZE_OFFSET, segmentSize, true);
}

/**
 * Writes the header of a frame as the burst's columns tell it.
 *
 * @param out Written to.
 * @param at Where, in bytes.
 * @param burst Holds the frame.
 * @param frame Its index.
 */
export function writeOwnHeader(
  out: DataView,
  at: number,
  burst: Burst,
  frame: number,
): void {
  const kind = burst.kind[frame];
  const checksumStart = burst.checksumStart[frame];
  if (checksumStart === 0) {
    writePlainHeader(out, at);
    out.setUint8(at + TYPE_OFFSET, kind);
  } else {
    const offset = burst.checksumOffset[frame];
    writePartialHeader(out, at, kind, checksumStart, offset);
  }
  if (kind === 0) writeLengths(out, at, 0, 0);
  else writeLengths(out, at, headersOf(burst, frame), burst.segmentSize[frame]);
}

/**
 * Reads a header that a stranger wrote into the columns of a frame.
 *
 * @param at Where the header begins in the burst's arena.
 * @param burst Its frame at `frame` has start and length already.
 * @returns Whether it can be true of this frame; what only its contents show
 * is not looked at.
 */
export function readHeader(burst: Burst, at: number, frame: number): boolean {
  const { bytes } = burst;
  const length = burst.length[frame];
  const kind = bytes[at + TYPE_OFFSET];
  if ((bytes[at] & NEEDS_CHECKSUM) === 0) {
    return kind === 0 && length <= MAX_FRAME;
  }
  const checksumStart = readUint16(bytes, at + CHECKSUM_START_OFFSET);
  const checksumOffset = readUint16(bytes, at + CHECKSUM_OFFSET_OFFSET);
  const segmentSize = readUint16(bytes, at + SEGMENT_SIZE_OFFSET);
  if (checksumStart < ETHERNET_HEADER_BYTES) return false;
  if (checksumStart + checksumOffset + CHECKSUM_BYTES > length) return false;
  const isKnown = kind === 0
    ? length <= MAX_FRAME
    : isSuperframe(kind) && segmentSize > 0 && length <= MAX_SUPERFRAME;
  if (!isKnown) return false;
  burst.kind[frame] = kind;
  burst.segmentSize[frame] = segmentSize;
  burst.checksumStart[frame] = checksumStart;
  burst.checksumOffset[frame] = checksumOffset;
  return true;
}

function isSuperframe(kind: number): boolean {
  const plain = kind & ~KIND_ECN;
  return plain === TCP4 || plain === TCP6 || kind === UDP;
}

function readUint16(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

/** Length of a superframe's headers: 0 where they are not in it, or where its checksum does not tell. */
function headersOf(burst: Burst, frame: number): number {
  const transport = burst.checksumStart[frame];
  const length = burst.length[frame];
  if (transport === 0 || transport + TCP_DATA_OFFSET >= length) return 0;
  if (burst.kind[frame] === FrameKind.udp) {
    return transport + UDP_HEADER_BYTES;
  }
  const at = burst.start[frame] + transport + TCP_DATA_OFFSET;
  const end = transport + ((burst.bytes[at] >>> 4) << 2);
  return end <= length ? end : 0;
}
