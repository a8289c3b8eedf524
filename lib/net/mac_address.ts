/**
 * The MAC addresses that a station without a network card gives itself
 * (IEEE 802), and the IPv6 addresses that follow from them (RFC 4291 appendix A).
 *
 * @module
 */

import { MAC_BYTES } from "./frame.ts";
import { IPV4_BYTES, IPV6_BYTES } from "./ip_address.ts";

/** First bit on the wire: a group of stations, broadcast included. */
const GROUP_BIT = 1;
/** Second bit on the wire: given by whoever runs the station, not by a manufacturer. */
const LOCAL_BIT = 2;

/**
 * Whether a station can have this address: not a group's, and not all zeros.
 *
 * @param mac 6 bytes.
 */
export function isStationMac(mac: Uint8Array): boolean {
  return (mac[0] & GROUP_BIT) === 0 && mac.some((byte) => byte !== 0);
}

/**
 * A locally administered MAC address that follows from an IP address: the same
 * whenever a station starts again, and another one for another address. IPv4
 * addresses never share one; IPv6 addresses do by chance, once in 2^32 pairs.
 *
 * @param address 4 or 16 bytes.
 */
export function macFromIp(address: Uint8Array): Uint8Array<ArrayBuffer> {
  if (address.length === IPV4_BYTES) {
    return Uint8Array.of(LOCAL_BIT, 4, ...address);
  }
  // FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/
  let hash = 0x811c9dc5;
  for (const byte of address) hash = Math.imul(hash ^ byte, 0x01000193);
  const bytes = new Uint8Array(MAC_BYTES);
  new DataView(bytes.buffer).setInt32(2, hash);
  bytes[0] = LOCAL_BIT;
  bytes[1] = 6;
  return bytes;
}

/**
 * A random locally administered MAC address.
 *
 * @param random Numbers from 0 up to, but not including, 1.
 */
export function randomMac(random: () => number): Uint8Array<ArrayBuffer> {
  const mac = Uint8Array.from(
    { length: MAC_BYTES },
    () => Math.floor(random() * 256),
  );
  mac[0] = mac[0] & ~GROUP_BIT | LOCAL_BIT;
  return mac;
}

/**
 * The IPv6 address with the interface identifier that follows from a MAC
 * address (modified EUI-64, RFC 4291 appendix A).
 *
 * @param prefix Its first 8 bytes are used.
 * @param mac 6 bytes.
 * @returns 16 bytes.
 */
export function eui64Address(
  prefix: Uint8Array,
  mac: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const address = new Uint8Array(IPV6_BYTES);
  address.set(prefix.subarray(0, 8));
  address.set(mac.subarray(0, 3), 8);
  address[8] ^= LOCAL_BIT;
  address[11] = 0xff;
  address[12] = 0xfe;
  address.set(mac.subarray(3), 13);
  return address;
}

const LINK_LOCAL_PREFIX = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0);

/**
 * The IPv6 link-local address of a station.
 *
 * @param mac 6 bytes.
 * @returns 16 bytes.
 */
export function linkLocalAddress(mac: Uint8Array): Uint8Array<ArrayBuffer> {
  return eui64Address(LINK_LOCAL_PREFIX, mac);
}
