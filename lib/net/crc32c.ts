/**
 * CRC32c, the checksum of SCTP (RFC 9260 appendix A).
 *
 * @module
 */

/** The polynomial 0x1edc6f41, its bits in reverse. */
const POLYNOMIAL = 0x82f63b78;

/** What each value of a byte does to the remainder. */
let table: Uint32Array<ArrayBuffer> | undefined;

/**
 * CRC32c of a stretch of bytes.
 *
 * @param bytes Holds the stretch.
 * @param offset Of its first byte.
 * @param length In bytes.
 * @returns 32 bits, unsigned. SCTP's header has its least significant byte first.
 */
export function crc32c(
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  const steps = table ??= makeTable();
  let remainder = 0xffff_ffff;
  for (let at = offset; at < offset + length; at++) {
    remainder = (remainder >>> 8) ^ steps[(remainder ^ bytes[at]) & 0xff];
  }
  return ~remainder >>> 0;
}

function makeTable(): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
    }
    return remainder;
  });
}
