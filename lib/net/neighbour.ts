/**
 * Who has an address? The question and its answers, by ARP for IPv4 and by
 * neighbour discovery for IPv6.
 *
 * @module
 */

import {
  ArpField,
  ArpOperation,
  arpOperation,
  isArp,
  writeArpRequest,
} from "./arp.ts";
import type { Burst } from "./burst.ts";
import type { FrameWriter } from "./frame_writer.ts";
import { isIcmp } from "./icmp.ts";
import { IPV4_BYTES, IPV6_BYTES } from "./ip_address.ts";
import { IPV6, isZero, matches, type PacketView } from "./ip_packet.ts";
import {
  findMacOption,
  isAdvertisement,
  isSolicitation,
  NdOption,
  targetAt,
  writeSolicitation,
} from "./neighbour_discovery.ts";

/**
 * Asks all stations who has an address.
 *
 * @param source One's own address. 0.0.0.0 or ::, with as many bytes as
 * `target`: asks without telling anybody of oneself, before `target` is used.
 * @param target 4 or 16 bytes.
 * @returns Whether the burst had room.
 */
export function askForNeighbour(
  writer: FrameWriter,
  burst: Burst,
  source: Uint8Array,
  target: Uint8Array,
): boolean {
  const write = target.length === IPV4_BYTES
    ? writeArpRequest
    : writeSolicitation;
  return write(writer, burst, source, target);
}

/**
 * Where a station is, if a frame tells.
 *
 * @param view A frame that was read, and found whole.
 * @param address The station's: 4 or 16 bytes.
 * @returns Offset of its MAC address in the view's bytes; -1 when the frame
 * does not tell.
 */
export function findNeighbour(view: PacketView, address: Uint8Array): number {
  const { bytes, network } = view;
  if (address.length === IPV4_BYTES) {
    const tells = isArp(view) &&
      matches(bytes, network + ArpField.senderIp, address);
    return tells ? network + ArpField.senderMac : -1;
  }
  if (!isIcmp6(view) || !isAdvertisement(view)) return -1;
  if (!matches(bytes, targetAt(view), address)) return -1;
  // An answer to a station that just asked there may leave the address out.
  const option = findMacOption(view, NdOption.targetMac);
  return option > 0 ? option : view.sourceMac;
}

/**
 * Whether a frame asks for an address on behalf of a station that wants to use
 * it itself: an ARP probe (RFC 5227), or a question of duplicate address
 * detection (RFC 4862).
 */
export function isClaim(view: PacketView, address: Uint8Array): boolean {
  const { bytes, network } = view;
  if (address.length === IPV4_BYTES) {
    return isArp(view) && arpOperation(view) === ArpOperation.request &&
      isZero(bytes, network + ArpField.senderIp, IPV4_BYTES) &&
      matches(bytes, network + ArpField.targetIp, address);
  }
  return isIcmp6(view) && isSolicitation(view) &&
    isZero(bytes, view.source, IPV6_BYTES) &&
    matches(bytes, targetAt(view), address);
}

/**
 * Whether a frame belongs to a VLAN: has one tag, which names it, or, for 0,
 * none, or one that gives a priority alone.
 */
export function isInVlan(view: PacketView, vlan: number): boolean {
  return view.tags <= 1 && view.vlan === vlan;
}

function isIcmp6(view: PacketView): boolean {
  return view.etherType === IPV6.etherType && isIcmp(view);
}
