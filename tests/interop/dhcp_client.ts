/**
 * As much of a DHCP client (RFC 2131) as it takes to get a lease: frames go out
 * and come in through a packet socket, as the interface has no address yet.
 *
 * Run as a program in the interface's namespace, `dhcp_client.ts INTERFACE
 * MAC`, it prints the lease as one line of JSON.
 *
 * @module
 */

import { checksum } from "../../lib/net/checksum.ts";
import { formatIp } from "../../lib/net/ip_address.ts";
import { PacketSocket, PLAIN_HEADER } from "../lib/tap/packet_socket.ts";

/** What a server gives. */
export interface Lease {
  readonly address: string;
  /** Bits of the subnet mask. */
  readonly prefixBits: number;
  readonly router: string;
}

const IP = 14;
const UDP = IP + 20;
const BOOTP = UDP + 8;
const BOOTP_ADDRESS = BOOTP + 16;
const BOOTP_MAC = BOOTP + 28;
const COOKIE = BOOTP + 236;
const OPTIONS = COOKIE + 4;
const MAGIC = 0x63825363;
const TRANSACTION = 0x5eed0001;
const BROADCAST_FLAG = 0x8000;
const CLIENT_PORT = 68;
const SERVER_PORT = 67;

const Type = { discover: 1, offer: 2, request: 3, ack: 5 } as const;
const Option = {
  end: 255,
  mask: 1,
  router: 3,
  address: 50,
  type: 53,
  server: 54,
} as const;

const RETRY_MS = 500;
const PATIENCE_MS = 20_000;
const POLL_MS = 10;

/** A server's message, as far as it is looked at. */
interface Reply {
  readonly address: Uint8Array;
  readonly options: ReadonlyMap<number, Uint8Array>;
}

function buildFrame(
  mac: Uint8Array,
  options: readonly (readonly [number, Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  const tail = options.flatMap(([code, data]) => [code, data.length, ...data]);
  const frame = new Uint8Array(OPTIONS + tail.length + 1);
  const view = new DataView(frame.buffer);
  frame.fill(0xff, 0, 6);
  frame.set(mac, 6);
  view.setUint16(12, 0x0800);
  view.setUint8(IP, 0x45);
  view.setUint16(IP + 2, frame.length - IP);
  view.setUint8(IP + 8, 64);
  view.setUint8(IP + 9, 17);
  frame.fill(0xff, IP + 16, IP + 20);
  view.setUint16(IP + 10, checksum(frame, IP, UDP - IP));
  view.setUint16(UDP, CLIENT_PORT);
  view.setUint16(UDP + 2, SERVER_PORT);
  view.setUint16(UDP + 4, frame.length - UDP);
  frame.set([1, 1, 6, 0], BOOTP);
  view.setUint32(BOOTP + 4, TRANSACTION);
  view.setUint16(BOOTP + 10, BROADCAST_FLAG);
  frame.set(mac, BOOTP_MAC);
  view.setUint32(COOKIE, MAGIC);
  frame.set([...tail, Option.end], OPTIONS);
  return frame;
}

/** The server's message in a frame, if it is one of this type. */
function readReply(frame: Uint8Array, type: number): Reply | undefined {
  if (frame.length < OPTIONS) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const isReply = view.getUint16(12) === 0x0800 && frame[IP] === 0x45 &&
    frame[IP + 9] === 17 && view.getUint16(UDP + 2) === CLIENT_PORT &&
    view.getUint32(BOOTP + 4) === TRANSACTION &&
    view.getUint32(COOKIE) === MAGIC;
  if (!isReply) return undefined;
  const options = new Map<number, Uint8Array>();
  for (let at = OPTIONS; at < frame.length && frame[at] !== Option.end;) {
    const length = frame[at] === 0 ? -1 : frame[at + 1];
    if (length >= 0) {
      options.set(frame[at], frame.slice(at + 2, at + 2 + length));
    }
    at += 2 + length;
  }
  if (options.get(Option.type)?.[0] !== type) return undefined;
  const address = frame.slice(BOOTP_ADDRESS, BOOTP_ADDRESS + 4);
  return { address, options };
}

async function exchange(
  socket: PacketSocket,
  frame: Uint8Array<ArrayBuffer>,
  type: number,
): Promise<Reply> {
  const deadline = performance.now() + PATIENCE_MS;
  let resendAt = 0;
  while (performance.now() < deadline) {
    if (performance.now() >= resendAt) {
      socket.send({ header: PLAIN_HEADER, frame });
      resendAt = performance.now() + RETRY_MS;
    }
    const packet = socket.receive();
    const reply = packet && readReply(packet.frame, type);
    if (reply !== undefined) return reply;
    if (packet === undefined) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  throw new Error(`Cannot get a DHCP message of type ${type}: none came`);
}

/**
 * Gets a lease.
 *
 * @param name Of an interface that is up.
 * @param mac Its address.
 */
export async function lease(name: string, mac: Uint8Array): Promise<Lease> {
  using socket = new PacketSocket(name);
  const discover = buildFrame(mac, [
    [Option.type, Uint8Array.of(Type.discover)],
  ]);
  const offer = await exchange(socket, discover, Type.offer);
  const server = offer.options.get(Option.server) ?? new Uint8Array(4);
  const request = buildFrame(mac, [
    [Option.type, Uint8Array.of(Type.request)],
    [Option.address, offer.address],
    [Option.server, server],
  ]);
  const { address, options } = await exchange(socket, request, Type.ack);
  const mask = options.get(Option.mask) ?? new Uint8Array(4);
  const bits = Array.from(mask, (byte) => byte.toString(2)).join("");
  return {
    address: formatIp(address),
    prefixBits: bits.replaceAll("0", "").length,
    router: formatIp(options.get(Option.router) ?? new Uint8Array(4)),
  };
}

if (import.meta.main) {
  const [name, text] = Deno.args;
  const mac = text.split(":").map((byte) => parseInt(byte, 16));
  console.log(JSON.stringify(await lease(name, Uint8Array.from(mac))));
}
