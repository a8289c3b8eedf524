/**
 * Completes frames whose checksum the kernel left to whoever sends them.
 *
 * @module
 */

import type { Burst } from "./burst.ts";
import { crc32c } from "./crc32c.ts";
import { ETHERNET_HEADER_BYTES } from "./frame.ts";
import { FrameKind } from "./offload.ts";
import { TransportHeader } from "./transport_header.ts";

const CHECKSUM_BYTES = 2;
/** Where UDP has its checksum, and no other protocol whose checksum 0xffff would be wrong for 0. */
const UDP_CHECKSUM = 6;
const SCTP = 132;
const SCTP_CHECKSUM = 8;
const SCTP_CHECKSUM_BYTES = 4;

const header = new TransportHeader();

/**
 * Computes the checksum that a plain frame wants (`checksumStart` is not 0)
 * and writes it, as the kernel would: over everything from `checksumStart` to
 * the frame's end, whatever the protocol, with CRC32c for SCTP. The frame then
 * wants none.
 *
 * @param burst Holds the frame.
 * @param index Of the frame in the burst.
 * @returns Whether the frame is complete. False, and the frame is as it was,
 * for a superframe, and when the checksum would lie outside of the frame or in
 * its Ethernet addresses.
 */
export function completeChecksum(burst: Burst, index: number): boolean {
  const from = burst.checksumStart[index];
  if (from === 0) return burst.kind[index] === FrameKind.plain;
  if (burst.kind[index] !== FrameKind.plain) return false;
  const offset = burst.checksumOffset[index];
  const left = burst.length[index] - from;
  if (from < ETHERNET_HEADER_BYTES || offset + CHECKSUM_BYTES > left) {
    return false;
  }
  if (offset === SCTP_CHECKSUM && isSctp(burst, index)) {
    if (offset + SCTP_CHECKSUM_BYTES > left) return false;
    writeCrc(burst.bytes, burst.start[index] + from, left);
  } else {
    writeSum(burst, burst.start[index] + from, offset, left);
  }
  burst.checksumStart[index] = 0;
  return true;
}

function writeSum(
  burst: Burst,
  start: number,
  offset: number,
  length: number,
): void {
  let checksum = ~burst.arena.sum(start, length) & 0xffff;
  if (checksum === 0 && offset === UDP_CHECKSUM) checksum = 0xffff;
  burst.bytes[start + offset] = checksum >> 8;
  burst.bytes[start + offset + 1] = checksum;
}

/** Writes CRC32c over a packet in which its own place counts as zeros. */
function writeCrc(bytes: Uint8Array, start: number, length: number): void {
  const at = start + SCTP_CHECKSUM;
  for (let byte = 0; byte < SCTP_CHECKSUM_BYTES; byte++) bytes[at + byte] = 0;
  const crc = crc32c(bytes, start, length);
  for (let byte = 0; byte < SCTP_CHECKSUM_BYTES; byte++) {
    bytes[at + byte] = crc >>> (8 * byte);
  }
}

function isSctp(burst: Burst, index: number): boolean {
  const start = burst.start[index];
  return header.readNetwork(burst.bytes, start, burst.length[index]) &&
    header.protocol === SCTP &&
    header.transport === start + burst.checksumStart[index];
}
