/**
 * A packet socket (packet(7)): what an interface is about to send is put into
 * it, and what it has received is looked at, with its `struct virtio_net_hdr`.
 *
 * @module
 */

import { closeFd, O_NONBLOCK, readv, writev } from "../../../ffi/fd.ts";
import { check, libc } from "../../../ffi/libc.ts";
import { ABSOLUTE, addressOf, Iovecs } from "../../../ffi/memory.ts";
import { interfaceIndex } from "../../../ffi/netif.ts";
import { join } from "../net/packets.ts";
import { readVirtioHeader, type VirtioHeader } from "../net/segments.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_PACKET = 263;
const PACKET_VNET_HDR = 15;
const ETH_P_ALL = 3;
const SOCKADDR_LL_BYTES = 20;
const VIRTIO_BYTES = 10;
const SLOT_BYTES = 70_000;

const bound = libc({
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: {
    // fd, int level, int name, const void *value, socklen_t
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
});

/** Headers of a frame of which nothing is to be said. */
export const PLAIN_HEADER: VirtioHeader = {
  flags: 0,
  type: 0,
  headerLength: 0,
  segmentSize: 0,
  checksumStart: 0,
  checksumOffset: 0,
};

/** One packet, and what the kernel says of it. */
export interface Packet {
  readonly header: VirtioHeader;
  readonly frame: Uint8Array<ArrayBuffer>;
}

/** A socket on an interface. */
export class PacketSocket implements Disposable {
  readonly #fd: number;
  readonly #iovec = new Iovecs(1);

  /** @param name Of an interface that is up. */
  constructor(name: string) {
    const protocol = ETH_P_ALL << 8; // in network order
    const type = SOCK_RAW | SOCK_CLOEXEC | O_NONBLOCK;
    const attempt = `look at interface "${name}"`;
    this.#fd = check(bound().socket(AF_PACKET, type, 0), attempt);
    const on = new Uint8Array(new Int32Array([1]).buffer);
    check(
      bound().setsockopt(this.#fd, SOL_PACKET, PACKET_VNET_HDR, on, 4),
      attempt,
    );
    const address = new DataView(new ArrayBuffer(SOCKADDR_LL_BYTES));
    address.setUint16(0, AF_PACKET, true);
    address.setUint16(2, protocol, true);
    address.setInt32(4, interfaceIndex(name), true);
    const bytes = new Uint8Array(address.buffer);
    check(bound().bind(this.#fd, bytes, bytes.length), attempt);
  }

  /** Lets the interface send a frame: whoever holds the TAP reads it. */
  send({ header, frame }: Packet): void {
    const view = new DataView(new ArrayBuffer(VIRTIO_BYTES));
    view.setUint8(0, header.flags);
    view.setUint8(1, header.type);
    view.setUint16(2, header.headerLength, true);
    view.setUint16(4, header.segmentSize, true);
    view.setUint16(6, header.checksumStart, true);
    view.setUint16(8, header.checksumOffset, true);
    const bytes = join(new Uint8Array(view.buffer), frame);
    this.#iovec.set(0, ABSOLUTE, addressOf(bytes), bytes.length);
    check(writev(this.#fd, this.#iovec, 1), "send a packet");
  }

  /** Takes what the interface has received, or sent; undefined when nothing is left. */
  receive(): Packet | undefined {
    const bytes = new Uint8Array(SLOT_BYTES);
    this.#iovec.set(0, ABSOLUTE, addressOf(bytes), bytes.length);
    const n = readv(this.#fd, this.#iovec, 1);
    if (n < 0) return undefined;
    return {
      header: readVirtioHeader(bytes),
      frame: bytes.slice(VIRTIO_BYTES, n),
    };
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }
}
