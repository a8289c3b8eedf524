/**
 * Ethernet frames as they stand in a byte array, from the destination address
 * on, without the frame check sequence (IEEE 802.3, 802.1Q and 802.1ad).
 *
 * Accessors take the array and the offset of the frame's first byte. Those
 * that say `unchecked` trust that the caller has compared the frame's length
 * with {@linkcode MIN_FRAME_BYTES} before.
 *
 * @module
 */

/** Largest MTU of a VDE network: bytes of an IP packet. */
export const MAX_MTU = 9216;

/** Ethernet header: destination, source, type. */
export const ETHERNET_HEADER_BYTES = 14;

/** One 802.1Q or 802.1ad tag. */
export const VLAN_TAG_BYTES = 4;

/** Shortest frame that is handed on: a header alone. */
export const MIN_FRAME_BYTES: number = ETHERNET_HEADER_BYTES;

/** Longest frame of a VDE network: the largest MTU, a header and one tag. */
export const MAX_FRAME_BYTES: number = MAX_MTU + ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES;
