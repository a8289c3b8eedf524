/**
 * `udp://` plugs: a tunnel between two addresses, one frame a datagram and
 * nothing added.
 *
 * @module
 */

import { EAGAIN, isNetworkReport } from "../ffi/errno.ts";
import { SystemError } from "../ffi/libc.ts";
import { resolve, type SocketAddress } from "../ffi/sockaddr.ts";
import { UdpSocket } from "../ffi/socket.ts";
import type { Burst } from "../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../lib/net/frame.ts";
import { PlugError } from "../lib/plug/errors.ts";
import type { OpenOptions, Plug, Plugin } from "../lib/plug/plugin.ts";
import type { Vnl } from "../lib/plug/vnl.ts";
import { PathMtu } from "../lib/tunnel/path_mtu.ts";
import { type Inlet, TunnelReceiver } from "../lib/tunnel/tunnel_receiver.ts";
import {
  type Outlet,
  TUNNEL_OFFLOAD,
  TunnelSender,
} from "../lib/tunnel/tunnel_sender.ts";

const MAX_PORT = 65535;
const BUFFER_BYTES = 4 << 20;

/** Opens `udp://` plugs. */
export const udpPlugin: Plugin = {
  scheme: "udp",
  summary: "A tunnel between two UDP addresses, one frame a datagram.",
  description: [
    "The other end is another udp://, of this program or of the C one, " +
    "with the two sides exchanged. Each frame is the whole of a datagram, " +
    "with nothing added: on the way it has 42 bytes more than its packet, " +
    "or 62 with IPv6.",
    "It runs as any user, on ports above 1023. Datagrams of other senders " +
    "than the remote address are not let in, but addresses can be forged, " +
    "and nothing is encrypted.",
    "Neither end notices whether the other one is there: what is sent to " +
    "nobody is lost, and the tunnel goes on when it comes back.",
  ],
  syntax: {
    form: "slash",
    address: "[LOCAL:]PORT->REMOTE:PORT",
    addressSummary:
      "where to listen, and the one address to talk to; names, IPv4 and " +
      "[IPv6] addresses",
    keys: [],
    examples: [
      {
        vnl: "udp://5000->remote.example:5000",
        summary: "port 5000 here, port 5000 there",
      },
      {
        vnl: "udp://[::1]:5000->[::1]:5001",
        summary: "over IPv6, on one host",
      },
    ],
  },
  open(vnl, options) {
    const { local, remote } = parseTunnel(vnl);
    const [from, to] = resolveTunnel(vnl, local, remote);
    const socket = openSocket(vnl, from, to);
    options.log.debug(
      `${vnl} carries frames between ${socket.localAddress()} and ${to}`,
    );
    return new UdpPlug(socket, options);
  },
};

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

function parseTunnel(vnl: Vnl): { local: Endpoint; remote: Endpoint } {
  const parts = vnl.address.split("->");
  if (parts.length !== 2) {
    throw new TypeError(
      `Cannot open "${vnl}" as the address must be [LOCAL:]PORT->REMOTE:PORT: ` +
        `received "${vnl.address}"`,
    );
  }
  const local = parseEndpoint(vnl, parts[0]);
  const remote = parseEndpoint(vnl, parts[1]);
  if (remote.host === "" || remote.port === 0) {
    throw new TypeError(
      `Cannot open "${vnl}" as the remote side must be REMOTE:PORT: received "${
        parts[1]
      }"`,
    );
  }
  return { local, remote };
}

/**
 * `port`, `host:port` or `[host]:port`. The last colon stands before the port:
 * the C tool takes IPv6 addresses without brackets only.
 */
function parseEndpoint(vnl: Vnl, text: string): Endpoint {
  const match = /^(?:(?:\[([^\]]*)\]|([^[\]]*)):)?(\d+)$/.exec(text.trim());
  if (match === null) {
    throw new TypeError(
      `Cannot open "${vnl}" as a side must be HOST:PORT, [IPV6]:PORT or PORT: ` +
        `received "${text}"`,
    );
  }
  const port = Number(match[3]);
  if (port > MAX_PORT) {
    throw new RangeError(
      `Cannot open "${vnl}" as a port must be 0 to ${MAX_PORT}: received ${
        match[3]
      }`,
    );
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

/** The first pair of addresses of one family, in the order in which the resolver prefers the remote ones. */
function resolveTunnel(
  vnl: Vnl,
  local: Endpoint,
  remote: Endpoint,
): [SocketAddress, SocketAddress] {
  const locals = lookUp(vnl, local);
  for (const to of lookUp(vnl, remote)) {
    const from = locals.find(({ family }) => family === to.family);
    if (from !== undefined) return [from, to];
  }
  throw new TypeError(
    `Cannot open "${vnl}" as both sides must be of one address family: ` +
      `received "${local.host}" and "${remote.host}"`,
  );
}

function lookUp(vnl: Vnl, { host, port }: Endpoint): SocketAddress[] {
  try {
    return resolve(host, { port });
  } catch (cause) {
    throw new PlugError(
      `Cannot open "${vnl}" as a side must have an address: received "${host}"`,
      { hint: cause instanceof Error ? cause.message : undefined, cause },
    );
  }
}

function openSocket(
  vnl: Vnl,
  local: SocketAddress,
  remote: SocketAddress,
): UdpSocket {
  using opening = new DisposableStack();
  try {
    const socket = opening.use(new UdpSocket(local.family));
    socket.bind(local);
    // The kernel hands over only what comes from the remote address.
    socket.connect(remote);
    socket.setReceiveBuffer(BUFFER_BYTES);
    socket.setSendBuffer(BUFFER_BYTES);
    socket.receiveSegments();
    opening.move();
    return socket;
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    const hint = cause.code === "EADDRINUSE"
      ? "another program has this port: end it, or choose another"
      : undefined;
    throw new PlugError(`Cannot open "${vnl}": ${cause.message}`, {
      code: cause.code,
      hint,
      cause,
    });
  }
}

/** A tunnel has one route: the address that its socket is connected to. */
const ROUTE = 0;

class UdpPlug implements Plug, Outlet, Inlet {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = TUNNEL_OFFLOAD;
  readonly nameLength = 0;
  readonly names = [];
  readonly fd: number;
  readonly writeFd: number;
  readonly #socket: UdpSocket;
  readonly #receiver: TunnelReceiver;
  readonly #sender: TunnelSender;
  readonly #path = new PathMtu(1);

  constructor(socket: UdpSocket, options: OpenOptions) {
    const { fd } = socket;
    this.#socket = socket;
    this.fd = fd;
    this.writeFd = fd;
    this.#receiver = new TunnelReceiver({
      fd,
      headerLength: 0,
      inlet: this,
      counters: options.receiveCounters,
    });
    this.#sender = new TunnelSender({
      fd,
      header: new Uint8Array(0),
      outlet: this,
      counters: options.sendCounters,
      log: options.log,
    });
  }

  receive(burst: Burst): number {
    const before = burst.count;
    for (;;) {
      const result = this.#receiver.receive(burst);
      if (result === 0 || result === -EAGAIN) return burst.count - before;
      // That a datagram did not get there is told once, and passes.
      if (!isNetworkReport(-result)) throw broken(result);
      this.#path.forget(ROUTE);
    }
  }

  send(burst: Burst, from: number): number {
    return this.#sender.send(burst, from);
  }

  /** The kernel lets in the remote address only. */
  enter(): boolean {
    return true;
  }

  /** An empty datagram is no frame, and no fault. */
  accept(_bytes: Uint8Array, _start: number, length: number): boolean {
    return length > 0;
  }

  route(): number {
    return ROUTE;
  }

  nameArray(): number {
    return 0;
  }

  nameOffset(): number {
    return 0;
  }

  limit(route: number, nowMs: number): number {
    if (this.#path.isStale(route, 0, nowMs)) {
      const { family } = this.#socket;
      this.#path.note(route, 0, family, this.#socket.pathMtu(), nowMs);
    }
    return this.#path.limit(route);
  }

  forgetUnreachable(): void {
    this.#path.forget(ROUTE);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

function broken(result: number): PlugError {
  const cause = new SystemError("receive from a UDP tunnel", -result);
  return new PlugError(cause.message, { code: cause.code, cause });
}
