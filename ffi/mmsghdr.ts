/**
 * Layout of `struct mmsghdr` and `struct cmsghdr` (sys/socket.h), and the
 * socket options and control messages of UDP that carry many datagrams as one
 * (linux/udp.h, udp(7)).
 *
 * @module
 */

import { putWord64 } from "./memory.ts";

/** Size of `struct mmsghdr`. */
export const MMSGHDR_BYTES = 64;
/** The same in 32-bit words. */
export const MMSGHDR_WORDS: number = MMSGHDR_BYTES / 4;

/** Indexes of the fields of `struct mmsghdr`, in 32-bit words. */
export const MSG = {
  name: 0,
  nameLength: 2,
  iov: 4,
  iovLength: 6,
  control: 8,
  controlLength: 10,
  flags: 12,
  length: 14,
} as const;

/** The datagram was longer than the room for it. */
export const MSG_TRUNC = 0x20;
/** This call does not wait, whatever the descriptor's mode. */
export const MSG_DONTWAIT = 0x40;
/** Read the queue of errors instead of data. */
export const MSG_ERRQUEUE = 0x2000;

/** Level of UDP's options. */
export const SOL_UDP = 17;
/** Send: the size of each datagram in what one call hands over. */
export const UDP_SEGMENT = 103;
/** Receive: datagrams of one size and sender may come as one. */
export const UDP_GRO = 104;

/** `struct cmsghdr` with one value of up to 8 bytes: u64 length, i32 level, i32 type, value. */
export const CONTROL_BYTES = 24;
/** Indexes of its fields in 32-bit words. */
export const CMSG = { length: 0, level: 2, type: 3, value: 4 } as const;
/** Of the header alone. */
export const CMSG_HEADER_BYTES = 16;

/**
 * Points an entry of a table of `struct mmsghdr` at a scatter list.
 *
 * @param table As 32-bit words.
 * @param index Of the entry.
 * @param address Of the first `struct iovec`.
 * @param count Number of them.
 */
export function setIovecs(
  table: Uint32Array,
  index: number,
  address: number,
  count: number,
): void {
  const at = index * MMSGHDR_WORDS;
  putWord64(table, at + MSG.iov, address);
  table[at + MSG.iovLength] = count;
}
