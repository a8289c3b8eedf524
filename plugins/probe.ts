/**
 * `probe://` plugs: a tiny host inside this process that answers ARP, neighbour
 * discovery and ping. It needs no privilege, and shows from anywhere on the
 * network that frames come and go.
 *
 * @module
 */

import { EventFd } from "../ffi/eventfd.ts";
import { SystemError } from "../ffi/libc.ts";
import { Burst } from "../lib/net/burst.ts";
import {
  formatMac,
  MAX_FRAME_BYTES,
  MIN_FRAME_BYTES,
  parseMac,
} from "../lib/net/frame.ts";
import { Answer, Host } from "../lib/net/host.ts";
import { formatIp, ipScope, parseIp } from "../lib/net/ip_address.ts";
import {
  isStationMac,
  linkLocalAddress,
  macFromIp,
} from "../lib/net/mac_address.ts";
import { Counter } from "../lib/plug/counters.ts";
import { PlugError } from "../lib/plug/errors.ts";
import type { OpenOptions, Plug, Plugin } from "../lib/plug/plugin.ts";
import type { Vnl } from "../lib/plug/vnl.ts";

/** Opens `probe://` plugs. */
export const probePlugin: Plugin = {
  scheme: "probe",
  summary: "A tiny host that answers ARP, neighbour discovery and ping.",
  description: [
    "The host is a part of this program: it has no interface, takes no " +
    "privilege, and shows from anywhere on the network that frames come " +
    "and go. Its IPv6 link-local address answers as well.",
    "It speaks when it is spoken to, and answers nothing but these. It " +
    "never ends by itself.",
  ],
  syntax: {
    form: "slash",
    address: "ADDRESS",
    addressSummary: "IPv4 and IPv6 addresses of the host, with commas between",
    keys: [{
      name: "mac",
      type: "text",
      placeholder: "MAC",
      summary: "MAC address of the host; without it, one made from ADDRESS",
    }],
    examples: [
      { vnl: "probe://192.0.2.1", summary: "a host with one address" },
      {
        vnl: "probe://192.0.2.1,2001:db8::1/mac=02:00:00:00:00:01",
        summary: "with IPv4 and IPv6 addresses and a MAC address of your own",
      },
    ],
  },
  open(vnl, options) {
    const addresses = readAddresses(vnl);
    const mac = readMac(vnl, addresses[0]);
    const linkLocal = linkLocalAddress(mac);
    const isGiven = addresses.some((one) =>
      formatIp(one) === formatIp(linkLocal)
    );
    const host = new Host(mac, isGiven ? addresses : [...addresses, linkLocal]);
    const texts = host.addresses.map(formatIp).join(", ");
    options.log.debug(`${vnl.text} is ${texts} at ${formatMac(mac)}`);
    try {
      return new ProbePlug(host, options);
    } catch (cause) {
      if (!(cause instanceof SystemError)) throw cause;
      const { code, message } = cause;
      throw new PlugError(`Cannot open "${vnl.text}": ${message}`, {
        code,
        cause,
      });
    }
  },
};

function readAddresses(vnl: Vnl): Uint8Array[] {
  const seen = new Set<string>();
  return vnl.address.split(",").map((text) => {
    const address = parseIp(text);
    const scope = address === undefined ? "" : ipScope(address);
    if (address === undefined || scope !== "unicast") {
      throw new TypeError(
        `Cannot open "${vnl.text}" as a host has IPv4 or IPv6 unicast addresses, ` +
          `with commas between: received ${scope && `${scope} `}"${text}"`,
      );
    }
    const key = formatIp(address);
    if (seen.has(key)) {
      throw new TypeError(
        `Cannot open "${vnl.text}" as each address may be given once: received "${text}" again`,
      );
    }
    seen.add(key);
    return address;
  });
}

function readMac(vnl: Vnl, firstAddress: Uint8Array): Uint8Array {
  if (!vnl.has("mac")) return macFromIp(firstAddress);
  const mac = parseMac(vnl.string("mac"));
  if (mac === undefined || !isStationMac(mac)) {
    throw new TypeError(
      `Cannot open "${vnl.text}" as mac must be one station's address, ` +
        `like 02:00:00:00:00:01: received "${vnl.string("mac")}"`,
    );
  }
  return mac;
}

/** Answers wait in a burst of its own; when that is full, more are dropped. */
class ProbePlug implements Plug {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly accepts = 0;
  readonly #host: Host;
  readonly #received;
  readonly #sent;
  readonly #queue = new Burst();
  /** Index of the first answer that was not handed out yet. */
  #next = 0;
  /** Readable while answers wait. */
  readonly #waiting = new EventFd();

  constructor(host: Host, options: OpenOptions) {
    this.#host = host;
    this.#received = options.receiveCounters;
    this.#sent = options.sendCounters;
    host.announce(this.#queue);
    this.#waiting.signal();
  }

  get fd(): number {
    return this.#waiting.fd;
  }

  receive(burst: Burst): number {
    const queue = this.#queue;
    if (queue.count === 0) return 0;
    const before = burst.count;
    while (this.#next < queue.count && burst.push(queue.frame(this.#next))) {
      this.#next++;
    }
    if (this.#next === queue.count) {
      queue.clear();
      this.#next = 0;
      this.#waiting.drain();
    }
    return burst.count - before;
  }

  send(burst: Burst, from: number): number {
    const hadNone = this.#queue.count === 0;
    for (let index = from; index < burst.count; index++) {
      const length = burst.length[index];
      if (length < MIN_FRAME_BYTES) this.#sent.add(Counter.runt, 1);
      else if (length > MAX_FRAME_BYTES) this.#sent.add(Counter.oversize, 1);
      else this.#answer(burst.bytes, burst.start[index], length);
    }
    if (hadNone && this.#queue.count > 0) this.#waiting.signal();
    return burst.count - from;
  }

  #answer(bytes: Uint8Array, start: number, length: number): void {
    const answer = this.#host.answer(bytes, start, length, this.#queue);
    if (answer === Answer.noRoom) this.#received.add(Counter.full, 1);
  }

  [Symbol.dispose](): void {
    this.#queue.clear();
    this.#next = 0;
    this.#waiting[Symbol.dispose]();
  }
}
