/**
 * Which headers two neighbouring segments of one flow must have in common to
 * be merged.
 *
 * The first of the two has been read by {@linkcode FlowKey} as one with which a
 * superframe may begin. Here the second is compared with it in everything but
 * lengths, checksums, sequence numbers, IPv4 identification and TCP's PSH; so
 * what holds for the first (its versions, its offsets, no fragment, no options
 * of IPv4, no flag but ACK) holds for the second, without reading it again.
 *
 * @module
 */

/** Word 1 of an IPv4 header: identification, then flags and fragment offset. */
const IPV4_FLAGS_MASK = 0x0000ffff;
/** Word 0: version, header length and type of service, then the length. */
const IPV4_SERVICE_MASK = 0xffff0000 | 0;
/** Word 2: time to live and protocol, then the checksum. */
const IPV4_TIME_MASK = 0xffff0000 | 0;
/** Word 1 of an IPv6 header: the length, then next header and hop limit. */
const IPV6_NEXT_MASK = 0x0000ffff;
/** Word 3 of a TCP header: data offset, reserved bits, flags and window, without PSH. */
const TCP_FLAGS_MASK: number = ~0x0008_0000;
/** Word 4: the checksum, then the urgent pointer. */
const TCP_URGENT_MASK = 0x0000ffff;

const IPV6_ADDRESSES_OFFSET = 8;
const IPV6_HEADER_BYTES = 40;
const TCP_HEADER_BYTES = 20;

/**
 * Whether two Ethernet headers are the same: addresses, tags, type.
 *
 * @param view Holds both frames.
 * @param a Offset of one frame.
 * @param b Offset of the other.
 * @param bytes Length of the header: 14, and 4 for each tag.
 */
export function sameEthernet(
  view: DataView,
  a: number,
  b: number,
  bytes: number,
): boolean {
  if (view.getInt16(a) !== view.getInt16(b)) return false;
  for (let at = 2; at < bytes; at += 4) {
    if (view.getInt32(a + at) !== view.getInt32(b + at)) return false;
  }
  return true;
}

/**
 * Whether two IPv4 headers without options have the same addresses, protocol,
 * type of service (and so ECN bits), time to live, flags and fragment offset.
 *
 * @param view Holds both.
 * @param a Offset of one.
 * @param b Offset of the other.
 */
export function sameIpv4(view: DataView, a: number, b: number): boolean {
  const differences =
    ((view.getInt32(a) ^ view.getInt32(b)) & IPV4_SERVICE_MASK) |
    ((view.getInt32(a + 4) ^ view.getInt32(b + 4)) & IPV4_FLAGS_MASK) |
    ((view.getInt32(a + 8) ^ view.getInt32(b + 8)) & IPV4_TIME_MASK) |
    (view.getInt32(a + 12) ^ view.getInt32(b + 12)) |
    (view.getInt32(a + 16) ^ view.getInt32(b + 16));
  return differences === 0;
}

/**
 * Whether two IPv6 headers have the same addresses, next header, hop limit,
 * traffic class (and so ECN bits) and flow label.
 *
 * @param view Holds both.
 * @param a Offset of one.
 * @param b Offset of the other.
 */
export function sameIpv6(view: DataView, a: number, b: number): boolean {
  let differences = (view.getInt32(a) ^ view.getInt32(b)) |
    ((view.getInt32(a + 4) ^ view.getInt32(b + 4)) & IPV6_NEXT_MASK);
  for (let at = IPV6_ADDRESSES_OFFSET; at < IPV6_HEADER_BYTES; at += 4) {
    differences |= view.getInt32(a + at) ^ view.getInt32(b + at);
  }
  return differences === 0;
}

/**
 * Whether two TCP headers have the same ports, acknowledgement number, header
 * length, flags but for PSH, window, urgent pointer and options, byte for byte.
 *
 * The window is in it because it is in the kernel: what tcp_gro_receive() of
 * net/ipv4/tcp_offload.c compares as `tcp_flag_word` is the whole fourth word.
 *
 * @param view Holds both.
 * @param a Offset of one.
 * @param b Offset of the other.
 * @param bytes Length of the first.
 */
export function sameTcp(
  view: DataView,
  a: number,
  b: number,
  bytes: number,
): boolean {
  let differences = (view.getInt32(a) ^ view.getInt32(b)) |
    (view.getInt32(a + 8) ^ view.getInt32(b + 8)) |
    ((view.getInt32(a + 12) ^ view.getInt32(b + 12)) & TCP_FLAGS_MASK) |
    ((view.getInt32(a + 16) ^ view.getInt32(b + 16)) & TCP_URGENT_MASK);
  for (let at = TCP_HEADER_BYTES; at < bytes; at += 4) {
    differences |= view.getInt32(a + at) ^ view.getInt32(b + at);
  }
  return differences === 0;
}

/**
 * Whether two UDP headers have the same ports.
 *
 * @param view Holds both.
 * @param a Offset of one.
 * @param b Offset of the other.
 */
export function sameUdp(view: DataView, a: number, b: number): boolean {
  return view.getInt32(a) === view.getInt32(b);
}
