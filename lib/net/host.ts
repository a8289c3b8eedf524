/**
 * A tiny host: it has addresses and answers whoever asks for them. It answers
 * ARP requests and neighbour solicitations for its addresses, and echo
 * requests to them.
 *
 * It keeps no table of neighbours: an answer goes to the MAC address that the
 * question came from, with the VLAN tags that the question had. So there is no
 * state that a frame could fill or falsify, and nothing to be learned from
 * announcements. It defends no address (RFC 5227 section 2.4), as two hosts
 * that do can argue for ever.
 *
 * Dropped without a word: what is not for this host, fragments, IPv6
 * extension headers, wrong checksums, echo requests to an IPv4 broadcast
 * address, and all other protocols.
 *
 * @module
 */

import {
  ArpField,
  ArpOperation,
  arpOperation,
  isArp,
  writeArpReply,
  writeArpRequest,
} from "./arp.ts";
import type { Burst } from "./burst.ts";
import { EtherType, MAC_BYTES } from "./frame.ts";
import { FrameWriter } from "./frame_writer.ts";
import { isEchoRequest, isIcmp, writeEchoReply } from "./icmp.ts";
import { IPV4_BYTES, IPV6_BYTES, isLinkLocal6 } from "./ip_address.ts";
import { isZero, matches, PacketView } from "./ip_packet.ts";
import {
  ALL_NODES,
  findMacOption,
  isSolicitation,
  NdOption,
  solicitedNodeGroup,
  targetAt,
  writeAdvertisement,
  writeAnnouncement,
} from "./neighbour_discovery.ts";

/** What became of a frame that a {@linkcode Host} was given. */
export const Answer = {
  /** None was due. */
  none: 0,
  /** It was added to the burst. */
  written: 1,
  /** One was due, but the burst had no room. */
  noRoom: 2,
} as const;

/** One of {@linkcode Answer}. */
export type AnswerCode = typeof Answer[keyof typeof Answer];

const BROADCAST_MAC = new Uint8Array(MAC_BYTES).fill(0xff);

/** First byte of a MAC address: the bit that makes it a group's. */
const GROUP_BIT = 1;

/** Answers for its addresses. Allocates nothing for a frame. */
export class Host {
  /** Its MAC address: 6 bytes. */
  readonly mac: Uint8Array;
  /** Its addresses, 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
  readonly #ipv4: readonly Uint8Array[];
  readonly #ipv6: readonly Uint8Array[];
  /** Groups that it hears: all nodes, and the solicited-node group of each address. */
  readonly #groups: readonly Uint8Array[];
  /** What an answer to a group's message comes from, by the asker's scope. */
  readonly #fromLocal: Uint8Array | undefined;
  readonly #fromGlobal: Uint8Array | undefined;
  readonly #view = new PacketView();
  readonly #writer: FrameWriter;

  /**
   * Makes a host.
   *
   * @param mac A station's address: 6 bytes, not copied.
   * @param addresses Unicast addresses, 4 or 16 bytes each, not copied.
   */
  constructor(mac: Uint8Array, addresses: readonly Uint8Array[]) {
    this.mac = mac;
    this.addresses = addresses;
    this.#ipv4 = addresses.filter((address) => address.length === IPV4_BYTES);
    this.#ipv6 = addresses.filter((address) => address.length === IPV6_BYTES);
    this.#groups = [ALL_NODES, ...this.#ipv6.map(solicitedNodeGroup)];
    this.#fromLocal = this.#ipv6.find(isLinkLocal6) ?? this.#ipv6[0];
    this.#fromGlobal = this.#ipv6.find((address) => !isLinkLocal6(address)) ??
      this.#ipv6[0];
    this.#writer = new FrameWriter(mac);
  }

  /**
   * Announces all addresses to whoever is there, so that switches and
   * neighbours learn where they are: ARP announcements (RFC 5227) and
   * unsolicited advertisements (RFC 4861 section 7.2.6), untagged.
   *
   * @param output One frame an address is added, as far as there is room.
   */
  announce(output: Burst): void {
    for (const address of this.#ipv4) {
      writeArpRequest(this.#writer, output, address, address);
    }
    for (const address of this.#ipv6) {
      writeAnnouncement(this.#writer, output, address);
    }
  }

  /**
   * Answers one frame. Never throws, whatever the frame holds.
   *
   * @param bytes Array with the frame; not kept.
   * @param offset Where it begins.
   * @param length Its length in bytes: at most what `bytes` holds from there.
   * @param output Where the answer is added; not the burst that the frame
   * stands in.
   * @returns What became of it.
   */
  answer(
    bytes: Uint8Array,
    offset: number,
    length: number,
    output: Burst,
  ): AnswerCode {
    const isWhole = this.#view.read(bytes, offset, length);
    return isWhole ? this.answerView(this.#view, output) : Answer.none;
  }

  /** The same for a frame whose headers were read already, and found whole. */
  answerView(view: PacketView, output: Burst): AnswerCode {
    if (!this.#isFromAnother(view)) return Answer.none;
    switch (view.etherType) {
      case EtherType.arp:
        return this.#answerArp(view, output);
      case EtherType.ipv4:
        return this.#answerIpv4(view, output);
      case EtherType.ipv6:
        return this.#answerIpv6(view, output);
      default:
        return Answer.none;
    }
  }

  #answerArp(view: PacketView, output: Burst): AnswerCode {
    const { bytes, network } = view;
    const isHeard = this.#isForMac(view) ||
      matches(bytes, view.frame, BROADCAST_MAC);
    if (!isHeard || !isArp(view)) return Answer.none;
    if (arpOperation(view) !== ArpOperation.request) return Answer.none;
    const isAskedFor = find(this.#ipv4, bytes, network + ArpField.targetIp);
    const isOwn = find(this.#ipv4, bytes, network + ArpField.senderIp);
    const hasAsker = isStation(bytes, network + ArpField.senderMac);
    if (isAskedFor === undefined || isOwn !== undefined || !hasAsker) {
      return Answer.none;
    }
    return code(writeArpReply(this.#writer, output, view));
  }

  #answerIpv4(view: PacketView, output: Burst): AnswerCode {
    const { bytes, source } = view;
    const own = find(this.#ipv4, bytes, view.destination);
    if (own === undefined || !this.#isForMac(view)) return Answer.none;
    if (!isIcmp(view) || !isEchoRequest(view)) return Answer.none;
    const isAsker = isUnicast4(bytes, source) &&
      find(this.#ipv4, bytes, source) === undefined;
    if (!isAsker) return Answer.none;
    return code(writeEchoReply(this.#writer, output, view, own, 0));
  }

  #answerIpv6(view: PacketView, output: Burst): AnswerCode {
    const { bytes, source } = view;
    if (!this.#hears6(view) || !isIcmp(view)) return Answer.none;
    if (bytes[source] === 0xff || find(this.#ipv6, bytes, source)) {
      return Answer.none;
    }
    if (isEchoRequest(view)) return this.#answerEcho6(view, output);
    if (!isSolicitation(view)) return Answer.none;
    if (!find(this.#ipv6, bytes, targetAt(view))) return Answer.none;
    const option = findMacOption(view, NdOption.sourceMac);
    if (option > 0 && !isStation(bytes, option)) return Answer.none;
    return code(writeAdvertisement(this.#writer, output, view));
  }

  /** A group's echo request is answered too (RFC 4443 section 4.2), from an address of one's own. */
  #answerEcho6(view: PacketView, output: Burst): AnswerCode {
    const { bytes, source, destination } = view;
    if (isZero(bytes, source, IPV6_BYTES)) return Answer.none;
    const isLocal = bytes[source] === 0xfe &&
      (bytes[source + 1] & 0xc0) === 0x80;
    const from = find(this.#ipv6, bytes, destination) ??
      (isLocal ? this.#fromLocal : this.#fromGlobal);
    if (from === undefined) return Answer.none;
    return code(writeEchoReply(this.#writer, output, view, from, 0));
  }

  /** Whether an IPv6 packet is for this host: one of its addresses or groups, in a frame that fits. */
  #hears6(view: PacketView): boolean {
    const { bytes, frame, destination } = view;
    if (this.#isForMac(view)) {
      return find(this.#ipv6, bytes, destination) !== undefined ||
        find(this.#groups, bytes, destination) !== undefined;
    }
    const isGroupMac = bytes[frame] === 0x33 && bytes[frame + 1] === 0x33;
    return isGroupMac && find(this.#groups, bytes, destination) !== undefined;
  }

  #isForMac(view: PacketView): boolean {
    return matches(view.bytes, view.frame, this.mac);
  }

  /** A frame of one's own that comes back must not be answered: it could go round for ever. */
  #isFromAnother(view: PacketView): boolean {
    const { bytes, sourceMac } = view;
    return isStation(bytes, sourceMac) && !matches(bytes, sourceMac, this.mac);
  }
}

function code(written: boolean): AnswerCode {
  return written ? Answer.written : Answer.noRoom;
}

/** The one of some addresses that stands in `bytes` at an offset. */
function find(
  addresses: readonly Uint8Array[],
  bytes: Uint8Array,
  at: number,
): Uint8Array | undefined {
  for (let index = 0; index < addresses.length; index++) {
    if (matches(bytes, at, addresses[index])) return addresses[index];
  }
  return undefined;
}

/** Whether a MAC address is one station's. */
function isStation(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] & GROUP_BIT) === 0 && !isZero(bytes, at, MAC_BYTES);
}

/** Whether an IPv4 address can be one station's, seen from outside: not 0/8, 127/8, nor from 224 on. */
function isUnicast4(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at];
  return first !== 0 && first !== 127 && first < 224;
}
