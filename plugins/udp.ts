/**
 * `udp://` plugs: a tunnel between two addresses, one frame a datagram and
 * nothing added.
 *
 * @module
 */

import { DatagramReceiver, DatagramSender } from "../ffi/datagram.ts";
import { EAGAIN, ENOBUFS, isPeerGone } from "../ffi/errno.ts";
import { SystemError } from "../ffi/libc.ts";
import { AddressCache } from "../ffi/memory.ts";
import { resolve, type SocketAddress } from "../ffi/sockaddr.ts";
import { UdpSocket } from "../ffi/socket.ts";
import { type Burst, FRAME_SLOT_BYTES } from "../lib/net/burst.ts";
import { MAX_FRAME_BYTES } from "../lib/net/frame.ts";
import { Counter } from "../lib/plug/counters.ts";
import { PlugError } from "../lib/plug/errors.ts";
import { countUnfit, countUnfitFrames, fits } from "../lib/plug/fit.ts";
import type { OpenOptions, Plug, Plugin } from "../lib/plug/plugin.ts";
import type { Vnl } from "../lib/plug/vnl.ts";

const MAX_PORT = 65535;
const BUFFER_BYTES = 4 << 20;

/** Most datagrams of one call. */
const BATCH = 64;

/** Most calls in one turn: a flood of what is dropped must not keep the thread from everything else. */
const MAX_CALLS = 8;

/** Opens `udp://` plugs. */
export const udpPlugin: Plugin = {
  scheme: "udp",
  summary: "A tunnel between two UDP addresses, one frame a datagram.",
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

class UdpPlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly fd: number;
  readonly writeFd: number;
  readonly #socket: UdpSocket;
  readonly #received;
  readonly #sent;
  readonly #receiver = new DatagramReceiver(BATCH);
  readonly #sender = new DatagramSender(BATCH, new Uint8Array(0));
  readonly #source = new AddressCache();
  readonly #sink = new AddressCache();
  /** Of each datagram of a batch: the index of its frame in the burst. */
  readonly #frames = new Uint32Array(BATCH);

  constructor(socket: UdpSocket, options: OpenOptions) {
    this.#socket = socket;
    this.fd = socket.fd;
    this.writeFd = socket.fd;
    this.#received = options.receiveCounters;
    this.#sent = options.sendCounters;
  }

  receive(burst: Burst): number {
    const before = burst.count;
    for (let calls = 0; calls < MAX_CALLS; calls++) {
      const room = burst.room(FRAME_SLOT_BYTES);
      if (room < 1) break;
      const wanted = room < BATCH ? room : BATCH;
      const base = burst.tail;
      this.#receiver.aim(this.#source.of(burst.bytes) + base, FRAME_SLOT_BYTES);
      const n = this.#receiver.receive(this.fd, wanted);
      if (n === -EAGAIN) break;
      // That nobody was there to take a datagram is told once, and passes.
      if (isPeerGone(-n)) continue;
      if (n < 0) throw this.#broken("receive from", n);
      for (let index = 0; index < n; index++) {
        this.#take(
          burst,
          base + index * FRAME_SLOT_BYTES,
          this.#receiver.length(index),
        );
      }
      if (n < wanted) break;
    }
    return burst.count - before;
  }

  #take(burst: Burst, start: number, length: number): void {
    if (fits(length)) burst.append(start, length);
    else if (length !== 0) countUnfit(length, this.#received);
  }

  send(burst: Burst, from: number): number {
    let index = from;
    while (index < burst.count) {
      const next = this.#sendBatch(burst, index);
      countUnfitFrames(burst, index, next < 0 ? ~next : next, this.#sent);
      if (next < 0) return ~next - from;
      index = next;
    }
    return index - from;
  }

  /** The index of the first frame after the batch; its complement if that frame has to wait. */
  #sendBatch(burst: Burst, from: number): number {
    const arena = this.#sink.of(burst.bytes);
    let count = 0;
    let index = from;
    for (; index < burst.count && count < BATCH; index++) {
      if (!fits(burst.length[index])) continue;
      this.#sender.setFrame(
        count,
        arena + burst.start[index],
        burst.length[index],
      );
      this.#frames[count++] = index;
    }
    let again = -1;
    for (let sent = 0; sent < count;) {
      const result = this.#sender.send(this.fd, sent, count - sent);
      if (result > 0) sent += result;
      else if (result === -EAGAIN) return ~this.#frames[sent];
      // Told about an earlier datagram: this one has not been tried yet.
      else if (isPeerGone(-result) && again !== sent) again = sent;
      else {
        this.#sent.add(
          result === -ENOBUFS ? Counter.full : Counter.unreachable,
          1,
        );
        sent++;
      }
    }
    return index;
  }

  #broken(attempt: string, result: number): PlugError {
    const cause = new SystemError(`${attempt} a UDP tunnel`, -result);
    return new PlugError(cause.message, { code: cause.code, cause });
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
