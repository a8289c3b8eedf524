/**
 * `seqpacket://` plugs: a socket that this program has inherited, one frame a
 * packet. So User-mode Linux hands its network card over.
 *
 * @module
 */

import { EBADF, errnoName } from "../ffi/errno.ts";
import {
  isConnected,
  SOCK_SEQPACKET,
  socketType,
  UnixSocket,
} from "../ffi/unix_socket.ts";
import { PacketPlug } from "../lib/packet/packet_plug.ts";
import { PlugError } from "../lib/plug/errors.ts";
import type { Plugin } from "../lib/plug/plugin.ts";
import type { Vnl } from "../lib/plug/vnl.ts";

/** The greatest number that a descriptor can have. */
const MAX_FD = 0x7fff_ffff;
/** Wanted of the kernel, which gives what its limits allow. */
const BUFFER_BYTES = 1 << 20;
/** Standard input, output and error: their numbers must not be given to others. */
const MAX_STANDARD_FD = 2;

/** Opens `seqpacket://` plugs. */
export const seqpacketPlugin: Plugin = {
  scheme: "seqpacket",
  summary: "An inherited SOCK_SEQPACKET socket, one frame a packet.",
  description: [
    "The socket is made by whoever starts this program, and stays open " +
    "across the start: so User-mode Linux has vde_plug for its network " +
    "card. It must be connected, and is taken over: it is closed in the " +
    "end, unless it is standard input, output or error.",
    "It takes no privilege, and nobody else can join. It ends when the " +
    "other end is closed.",
  ],
  syntax: {
    form: "bracket",
    address: "FD",
    addressSummary:
      "number of the descriptor, open when this program is started",
    keys: [],
    examples: [
      {
        vnl: "seqpacket://3",
        summary: "descriptor 3, as User-mode Linux passes one",
      },
    ],
  },
  open(vnl, options) {
    const fd = readDescriptor(vnl);
    const link = { socket: own(fd), peer: `the peer of descriptor ${fd}` };
    return new PacketPlug(link, options);
  },
};

function readDescriptor({ text, address }: Vnl): number {
  const fd = Number(address);
  if (!/^\d+$/.test(address) || fd > MAX_FD) {
    throw new TypeError(
      `Cannot open "${text}" as the address must be the number of a ` +
        `descriptor, 0 to ${MAX_FD}: received "${address}"`,
    );
  }
  const type = socketType(fd);
  if (type === SOCK_SEQPACKET && isConnected(fd)) return fd;
  throw new PlugError(
    `Cannot open "${text}" as it must be a connected SOCK_SEQPACKET socket: ` +
      `descriptor ${fd} ${describeFault(type)}`,
    {
      code: type < 0 ? errnoName(-type) : undefined,
      hint: "whoever starts this program opens the socket and passes it on",
    },
  );
}

function describeFault(type: number): string {
  if (type === -EBADF) return "is not open";
  if (type < 0) return "is no socket";
  return type === SOCK_SEQPACKET
    ? "has no peer"
    : "is a socket of another type";
}

/** Takes the socket over; a standard descriptor is left open. */
function own(fd: number): Disposable & { readonly fd: number } {
  const socket = UnixSocket.own(fd);
  socket.setBuffers(BUFFER_BYTES);
  return fd > MAX_STANDARD_FD ? socket : { fd, [Symbol.dispose]: () => {} };
}
