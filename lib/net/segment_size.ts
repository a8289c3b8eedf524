/**
 * Whether a frame can be cut into segments, and how long these are.
 *
 * @module
 */

import type { Burst } from "./burst.ts";
import { fold } from "./checksum.ts";
import { FrameKind, KIND_ECN } from "./offload.ts";
import type { TransportHeader } from "./transport_header.ts";

// Not imported: V8 folds only a module's own constants, as frame.ts tells.
const KIND_PLAIN: number = FrameKind.plain;
const KIND_TCP4: number = FrameKind.tcp4;
const KIND_TCP6: number = FrameKind.tcp6;
const KIND_UDP: number = FrameKind.udp;
const ECN_MASK = ~KIND_ECN;

const WORD_MASK = 0xffff;
const TCP = 6;
const UDP = 17;
const TCP_FLAGS = 13;
const TCP_CHECKSUM = 16;
const FLAG_SYN = 0x02;
const FLAG_RST = 0x04;

/**
 * Payload bytes of every segment but the last. Asks nothing of a superframe's
 * checksums, which are made anew.
 *
 * @param header Of the frame.
 * @param room What `maxFrameBytes` leaves for payload; negative when
 * the header alone is too long.
 * @returns At least 1; 0 when the frame cannot be cut, as `Segmenter.cut` says.
 */
export function segmentBytes(
  burst: Burst,
  index: number,
  header: TransportHeader,
  room: number,
): number {
  const kind = burst.kind[index];
  const payloadBytes = header.end - header.payload;
  const own = kind === KIND_PLAIN ? payloadBytes : burst.segmentSize[index];
  if (room < 0 || own === 0 && kind !== KIND_PLAIN) return 0;
  if (kind === KIND_UDP) {
    if (header.protocol !== UDP) return 0;
    return own <= room || payloadBytes <= room ? own : 0;
  }
  if (header.protocol !== TCP) return 0;
  if (kind === KIND_PLAIN) {
    if (!isSound(burst, index, header)) return 0;
  } else if (
    (kind & ECN_MASK) !== (header.version === 4 ? KIND_TCP4 : KIND_TCP6)
  ) return 0;
  if (payloadBytes === 0) return 1;
  const size = own < room ? own : room;
  const flags = burst.bytes[header.transport + TCP_FLAGS];
  // SYN takes a sequence number, RST ends the stream: neither can be repeated.
  if (size < payloadBytes && (flags & (FLAG_SYN | FLAG_RST)) !== 0) return 0;
  return size;
}

/** Whether a plain TCP frame's checksums are right, TCP's only if it is not still to be computed. */
function isSound(
  burst: Burst,
  index: number,
  header: TransportHeader,
): boolean {
  const { arena } = burst;
  const { network, transport, end, version } = header;
  if (version === 4) {
    if (arena.sum(network, transport - network) !== WORD_MASK) return false;
  }
  const wanted = burst.checksumStart[index];
  if (wanted !== 0) {
    return burst.start[index] + wanted === transport &&
      burst.checksumOffset[index] === TCP_CHECKSUM;
  }
  const length = end - transport;
  const sum = header.pseudoSum(arena) + length +
    arena.sum(transport, length);
  return fold(sum) === WORD_MASK;
}
