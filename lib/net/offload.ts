/**
 * Superframes: TCP or UDP frames larger than the MTU, which the kernel hands
 * over and takes unsegmented at a TAP interface with `IFF_VNET_HDR`.
 *
 * A burst's columns hold for each frame what `struct virtio_net_hdr`
 * (linux/virtio_net.h) says of it. In a frame whose checksum is still to be
 * computed, the checksum's field holds the sum of the pseudo-header, folded
 * and not complemented.
 *
 * @module
 */

/** Values of a burst's column `kind`: `gso_type` of the kernel, without the ECN bit. */
export const FrameKind = {
  /** One frame, as it goes on a wire. */
  plain: 0,
  /** TCP over IPv4. */
  tcp4: 1,
  /** TCP over IPv6. */
  tcp6: 4,
  /** UDP datagrams of equal length, over IPv4 or IPv6. */
  udp: 5,
} as const;

/** Bit of `kind`: the first segment alone keeps TCP's CWR flag (RFC 3168). */
export const KIND_ECN = 0x80;

/** Longest superframe: an IP packet of 65,535 bytes, an Ethernet header and two tags. */
export const MAX_SUPERFRAME_BYTES: number = 65535 + 14 + 8;
