/**
 * IP addresses between their text and their bytes (RFC 4291, RFC 5952).
 *
 * An address is a `Uint8Array` in network order: 4 bytes are IPv4, 16 are
 * IPv6. Nothing here takes names, prefix lengths or zones.
 *
 * @module
 */

/** Bytes of an IPv4 address. */
export const IPV4_BYTES = 4;

/** Bytes of an IPv6 address. */
export const IPV6_BYTES = 16;

const IPV6_GROUPS = 8;

/** Longest text of an IPv6 address, an embedded IPv4 address included. */
const IPV6_TEXT_MAX = 45;

/** No leading zeros: some programs read those as octal. */
const OCTET = /^(?:0|[1-9][0-9]{0,2})$/;

const GROUP = /^[0-9a-fA-F]{1,4}$/;

/**
 * Parses a dotted quad: four decimal numbers without leading zeros.
 *
 * @returns 4 bytes; undefined if the text is anything else.
 */
export function parseIpv4(text: string): Uint8Array<ArrayBuffer> | undefined {
  const parts = text.split(".", IPV4_BYTES + 1);
  if (parts.length !== IPV4_BYTES) return undefined;
  const bytes = new Uint8Array(IPV4_BYTES);
  for (const [index, part] of parts.entries()) {
    if (!OCTET.test(part) || Number(part) > 255) return undefined;
    bytes[index] = Number(part);
  }
  return bytes;
}

/**
 * Parses the text forms of RFC 4291 section 2.2: eight groups, `::` once for
 * at least one of them, the last two also as a dotted quad.
 *
 * @returns 16 bytes; undefined if the text is anything else.
 */
export function parseIpv6(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length > IPV6_TEXT_MAX) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const isShort = halves.length === 2;
  const head = parseGroups(halves[0], !isShort);
  const tail = parseGroups(halves[1] ?? "", isShort);
  if (head === undefined || tail === undefined) return undefined;
  const missing = IPV6_GROUPS - head.length - tail.length;
  if (isShort ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** The groups between colons; a dotted quad, which may only end the address, is two of them. */
function parseGroups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (GROUP.test(part)) {
      groups.push(parseInt(part, 16));
      continue;
    }
    const isLast = endsAddress && index === parts.length - 1;
    const quad = isLast ? parseIpv4(part) : undefined;
    if (quad === undefined) return undefined;
    groups.push(quad[0] << 8 | quad[1], quad[2] << 8 | quad[3]);
  }
  return groups;
}

/**
 * Parses an IPv4 or IPv6 address.
 *
 * @returns 4 or 16 bytes; undefined if the text is neither.
 */
export function parseIp(text: string): Uint8Array<ArrayBuffer> | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/**
 * The text of an address; for IPv6 the one form that RFC 5952 recommends.
 *
 * @param address 4 or 16 bytes.
 */
export function formatIp(address: Uint8Array): string {
  if (address.length === IPV4_BYTES) return address.join(".");
  if (isMapped(address)) return `::ffff:${address.subarray(12).join(".")}`;
  const groups = Array.from(
    { length: IPV6_GROUPS },
    (_, index) => address[index * 2] << 8 | address[index * 2 + 1],
  );
  const [start, length] = longestZeroRun(groups);
  const text = (part: number[]) =>
    part.map((group) => group.toString(16)).join(":");
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${
    text(groups.slice(start + length))
  }`;
}

/** Start and length of the first longest run of zero groups. */
function longestZeroRun(
  groups: readonly number[],
): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best[1]) best = [index - length + 1, length];
  }
  return best;
}

/** Whether it is an IPv4 address inside an IPv6 one (`::ffff:0:0/96`). */
function isMapped(address: Uint8Array): boolean {
  return address.subarray(0, 10).every((byte) => byte === 0) &&
    address[10] === 0xff && address[11] === 0xff;
}

/** What an address can be used for. */
export type IpScope =
  | "unspecified"
  | "loopback"
  | "multicast"
  | "broadcast"
  | "reserved"
  | "unicast";

/**
 * What an address is for. "reserved" are 0.0.0.0/8 and 240.0.0.0/4 of IPv4
 * (RFC 1122, RFC 1112), of IPv6 what stands for an IPv4 address, which no
 * station has.
 *
 * @param address 4 or 16 bytes.
 */
export function ipScope(address: Uint8Array): IpScope {
  return address.length === IPV4_BYTES
    ? ipv4Scope(address)
    : ipv6Scope(address);
}

function ipv4Scope(address: Uint8Array): IpScope {
  const first = address[0];
  if (first === 0) {
    return address.every((byte) => byte === 0) ? "unspecified" : "reserved";
  }
  if (first === 127) return "loopback";
  if (first < 224) return "unicast";
  if (first < 240) return "multicast";
  return address.every((byte) => byte === 255) ? "broadcast" : "reserved";
}

function ipv6Scope(address: Uint8Array): IpScope {
  if (address[0] === 0xff) return "multicast";
  if (isMapped(address)) return "reserved";
  if (!address.subarray(0, 15).every((byte) => byte === 0)) return "unicast";
  if (address[15] === 0) return "unspecified";
  return address[15] === 1 ? "loopback" : "unicast";
}

/**
 * Whether it is an IPv6 link-local address (`fe80::/10`).
 *
 * @param address 4 or 16 bytes.
 */
export function isLinkLocal6(address: Uint8Array): boolean {
  return address.length === IPV6_BYTES && address[0] === 0xfe &&
    (address[1] & 0xc0) === 0x80;
}

/** Whether two addresses are the same, of whatever kind. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
