/**
 * Puts frames of one's own together at the end of a burst.
 *
 * `begin` or `beginAnswer` makes room and writes the Ethernet header, then the
 * destination is named and the packet written at `network`, and `finish` adds
 * the frame to the burst. What is begun and not finished was never there.
 *
 * @module
 */

import { Burst, FRAME_ALIGN_BYTES } from "./burst.ts";
import {
  ETHERNET_HEADER_BYTES,
  EtherType,
  MAC_BYTES,
  VLAN_TAG_BYTES,
} from "./frame.ts";
import { copyBytes, type PacketView, writeUint16 } from "./ip_packet.ts";

const TAGS_AT = 2 * MAC_BYTES;
const ETHERTYPE_BYTES = 2;

/** First bytes of the MAC address of every IPv6 group (RFC 2464). */
const IPV6_GROUP_PREFIX = 0x3333;

const BROADCAST_MAC = new Uint8Array(MAC_BYTES).fill(0xff);

/** Writes one frame at a time. Allocates nothing for a frame. */
export class FrameWriter {
  /** The arena that the frame is written to. */
  bytes: Uint8Array;
  /** Offset of the packet in `bytes`. */
  network = 0;
  /** Length of the packet. */
  packetBytes = 0;
  /** Sender of all frames: 6 bytes. */
  readonly mac: Uint8Array;
  readonly #vlan: number;
  #burst: Burst;
  #frame = 0;

  /**
   * Makes a writer of one station's frames.
   *
   * @param mac Sender of all frames: 6 bytes, not copied.
   * @param vlan VLAN of the frames that are no answers; 0: untagged.
   */
  constructor(mac: Uint8Array, vlan: number = 0) {
    this.mac = mac;
    this.#vlan = vlan;
    this.#burst = new Burst(0, 0);
    this.bytes = this.#burst.bytes;
  }

  /**
   * Begins a frame of one's own accord.
   *
   * @param burst Where `finish` adds it.
   * @param etherType What it carries.
   * @param packetBytes Length of what stands behind the Ethernet header.
   * @returns Whether the burst has room. False: nothing was begun.
   */
  begin(burst: Burst, etherType: number, packetBytes: number): boolean {
    const tagBytes = this.#vlan === 0 ? 0 : VLAN_TAG_BYTES;
    if (!this.#reserve(burst, tagBytes, packetBytes)) return false;
    if (tagBytes !== 0) {
      writeUint16(this.bytes, this.#frame + TAGS_AT, EtherType.vlan);
      writeUint16(this.bytes, this.#frame + TAGS_AT + 2, this.#vlan);
    }
    writeUint16(this.bytes, this.network - ETHERTYPE_BYTES, etherType);
    return true;
  }

  /**
   * Begins a frame that carries the same tags and the same protocol as the one
   * that it answers.
   *
   * @param burst Where `finish` adds it; not the one that `view` stands in.
   * @param view The frame to answer.
   * @param packetBytes Length of what stands behind the Ethernet header.
   * @returns Whether the burst has room. False: nothing was begun.
   */
  beginAnswer(burst: Burst, view: PacketView, packetBytes: number): boolean {
    const tagBytes = view.tags * VLAN_TAG_BYTES;
    if (!this.#reserve(burst, tagBytes, packetBytes)) return false;
    copyBytes(
      view.bytes,
      view.frame + TAGS_AT,
      this.bytes,
      this.#frame + TAGS_AT,
      tagBytes + ETHERTYPE_BYTES,
    );
    return true;
  }

  /** Sends the frame to the station whose MAC address stands in `bytes` at an offset. */
  sendTo(bytes: Uint8Array, at: number): void {
    copyBytes(bytes, at, this.bytes, this.#frame, MAC_BYTES);
  }

  /** Sends the frame to all stations. */
  sendToAll(): void {
    this.sendTo(BROADCAST_MAC, 0);
  }

  /** Sends the frame to an IPv6 group, whose address stands in the frame itself. */
  sendToGroup(groupAt: number): void {
    writeUint16(this.bytes, this.#frame, IPV6_GROUP_PREFIX);
    copyBytes(this.bytes, groupAt + 12, this.bytes, this.#frame + 2, 4);
  }

  /** Adds the frame to the burst. */
  finish(): void {
    const end = this.network + this.packetBytes;
    this.#burst.append(this.#frame, end - this.#frame);
  }

  #reserve(burst: Burst, tagBytes: number, packetBytes: number): boolean {
    const headerBytes = ETHERNET_HEADER_BYTES + tagBytes;
    const slots = Math.ceil((headerBytes + packetBytes) / FRAME_ALIGN_BYTES);
    if (burst.room(slots * FRAME_ALIGN_BYTES) < 1) return false;
    this.#burst = burst;
    this.bytes = burst.bytes;
    this.#frame = burst.tail;
    this.network = burst.tail + headerBytes;
    this.packetBytes = packetBytes;
    copyBytes(this.mac, 0, this.bytes, this.#frame + MAC_BYTES, MAC_BYTES);
    return true;
  }
}
