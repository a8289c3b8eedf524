/**
 * The 8-byte header before each frame on `vxvde://` and `vxlan://` networks
 * (RFC 7348, section 5): flags 0x08, three zero bytes, the VXLAN network
 * identifier in 24 bits, big-endian, and a zero byte.
 *
 * @module
 */

/** Size of the header. */
export const VXLAN_HEADER_BYTES = 8;

/** Largest VXLAN network identifier. */
export const MAX_VNI = 0xff_ffff;

const FLAGS = 0;
const VALID_VNI = 0x08;
const VNI = 4;

/**
 * Makes the header of a network.
 *
 * @param vni 0 to {@linkcode MAX_VNI}.
 * @returns 8 new bytes.
 */
export function makeVxlanHeader(vni: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(VXLAN_HEADER_BYTES);
  header[FLAGS] = VALID_VNI;
  header[VNI] = vni >> 16;
  header[VNI + 1] = vni >> 8;
  header[VNI + 2] = vni;
  return header;
}

/**
 * Whether the eight bytes at `offset` are a network's own header, all of them.
 * The caller has seen to it that there are eight.
 */
export function hasVxlanHeaderUnchecked(
  bytes: Uint8Array,
  offset: number,
  header: Uint8Array,
): boolean {
  for (let index = 0; index < VXLAN_HEADER_BYTES; index++) {
    if (bytes[offset + index] !== header[index]) return false;
  }
  return true;
}

/** Whether the bytes at `offset` are a valid header of another network. */
export function isVxlanHeaderUnchecked(
  bytes: Uint8Array,
  offset: number,
): boolean {
  return bytes[offset + FLAGS] === VALID_VNI && bytes[offset + 1] === 0 &&
    bytes[offset + 2] === 0 && bytes[offset + 3] === 0 &&
    bytes[offset + 7] === 0;
}
