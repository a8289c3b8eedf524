/**
 * Hosts and wires between them, for tests, the demo and the benchmark: network
 * namespaces that vanish with the program that made them, however it ends.
 *
 * Wires are numbered from 0. On wire W the host that is named as the Nth has
 * 192.0.2.(128 + 16 W + N) and 2001:db8:0:W::N, and the interface `wireW`.
 * Tests are free to use 192.0.2.0/25 and 2001:db8:1::/48 on what they make.
 *
 * @module
 */

import type { Availability } from "./available.ts";
import { LabError } from "./errors.ts";
import { LabHost, type Port } from "./host.ts";
import { Namespace } from "./namespace.ts";

const MAX_WIRES = 8;
const MAX_HOSTS_ON_WIRE = 14;

/** How a wire is laid. */
export interface WireOptions {
  /** Bytes of an IP packet. */
  readonly mtu?: number;
}

/** A set of hosts and wires. Disposing ends everything in it. */
export class Lab implements AsyncDisposable {
  readonly #hosts: LabHost[] = [];
  #wires = 0;
  #disposed: Promise<void> | undefined;

  private constructor(readonly anchor: Namespace) {}

  /**
   * Makes an empty lab.
   *
   * @param options `unprivileged`: in a user namespace, also for root.
   * @throws {LabError} If neither root's way nor a user namespace works.
   */
  static async create(
    options: { readonly unprivileged?: boolean } = {},
  ): Promise<Lab> {
    if (options.unprivileged) return new Lab(await Namespace.create("user"));
    try {
      return new Lab(await Namespace.create("root"));
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      return new Lab(await Namespace.create("user"));
    }
  }

  /** Whether it is in a user namespace. */
  get unprivileged(): boolean {
    return this.anchor.unprivileged;
  }

  /** Adds a host, with its loopback interface up and no other. */
  async host(name: string): Promise<LabHost> {
    const inside = this.unprivileged ? this.anchor : "root";
    const host = new LabHost(name, await Namespace.create(inside));
    this.#hosts.push(host);
    return host;
  }

  /** Joins two hosts by a wire (a veth pair). Multicast goes to a host's first wire. */
  async link(
    first: LabHost,
    second: LabHost,
    options: WireOptions = {},
  ): Promise<[Port, Port]> {
    const wire = this.#nextWire();
    const [near, far] = [portOn(wire, first, 1), portOn(wire, second, 2)];
    await addPair(near, far);
    await setUp(near, options);
    await setUp(far, options);
    return [near, far];
  }

  /** Joins any number of hosts by one wire (a Linux bridge in a namespace of its own). */
  async bridge(
    hosts: readonly LabHost[],
    options: WireOptions = {},
  ): Promise<Port[]> {
    if (hosts.length > MAX_HOSTS_ON_WIRE) {
      throw new LabError(
        `Cannot bridge ${hosts.length} hosts: a wire has room for ${MAX_HOSTS_ON_WIRE}`,
      );
    }
    const wire = this.#nextWire();
    const bridge = await this.host(`bridge${wire}`);
    await makeBridge(bridge);
    const ports: Port[] = [];
    for (const [index, host] of hosts.entries()) {
      const port = portOn(wire, host, index + 1);
      const plug = { host: bridge, interfaceName: `port${index + 1}` };
      await addPair(port, plug);
      await bridge.run("ip", [
        "link",
        "set",
        "dev",
        plug.interfaceName,
        "master",
        "bridge",
      ]);
      await bridge.configure(plug.interfaceName, options);
      await setUp(port, options);
      ports.push(port);
    }
    return ports;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    const namespaces = this.#hosts.map((host) => host.namespace);
    await Promise.all(
      namespaces.map((namespace) => namespace[Symbol.asyncDispose]()),
    );
    await this.anchor[Symbol.asyncDispose]();
    await Promise.all(this.#hosts.map((host) => host.settled()));
  }

  #nextWire(): number {
    if (this.#wires < MAX_WIRES) return this.#wires++;
    throw new LabError(
      `Cannot lay another wire: a lab has room for ${MAX_WIRES}`,
    );
  }
}

function portOn(wire: number, host: LabHost, number: number): Port {
  return {
    host,
    interfaceName: `wire${wire}`,
    address: `192.0.2.${128 + 16 * wire + number}`,
    address6: `2001:db8:0:${wire}::${number}`,
  };
}

async function addPair(
  near: Pick<Port, "host" | "interfaceName">,
  far: Pick<Port, "host" | "interfaceName">,
): Promise<void> {
  await near.host.run("ip", [
    ...["link", "add", near.interfaceName, "type", "veth", "peer"],
    ...["name", far.interfaceName, "netns", String(far.host.pid)],
  ]);
}

async function setUp(port: Port, options: WireOptions): Promise<void> {
  const { host, interfaceName } = port;
  await host.configure(interfaceName, {
    mtu: options.mtu,
    addresses: [`${port.address}/28`, `${port.address6}/64`],
  });
  host.ports.push(port);
  if (host.ports.length > 1) return;
  await host.run("ip", ["route", "add", "224.0.0.0/4", "dev", interfaceName]);
  // Every interface has such a route; this one comes before a TAP's.
  const route6 = [
    "ff00::/8",
    "dev",
    interfaceName,
    "table",
    "local",
    "metric",
    "1",
  ];
  await host.run("ip", ["-6", "route", "add", "multicast", ...route6]);
}

async function makeBridge(bridge: LabHost): Promise<void> {
  // Nobody asks for group memberships here, so a snooping bridge would lose multicast.
  const settings = [
    "mcast_snooping",
    "0",
    "forward_delay",
    "0",
    "stp_state",
    "0",
  ];
  await bridge.run("ip", [
    "link",
    "add",
    "bridge",
    "type",
    "bridge",
    ...settings,
  ]);
  await bridge.configure("bridge");
}

/** Whether a lab can be made; and if so, whether that takes a user namespace. */
export type LabAvailability =
  | { readonly ok: true; readonly unprivileged: boolean }
  | { readonly ok: false; readonly reason: string };

let namespaces: Promise<LabAvailability> | undefined;

/** Whether a lab with two hosts and a wire can be made here, found out by making one. */
export function canMakeNamespaces(): Promise<LabAvailability> {
  return namespaces ??= tryNamespaces();
}

async function tryNamespaces(): Promise<LabAvailability> {
  try {
    await using lab = await Lab.create();
    await lab.link(await lab.host("a"), await lab.host("b"));
    return { ok: true, unprivileged: lab.unprivileged };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { ok: false, reason: error.message.trim() };
  }
}

let taps: Promise<Availability> | undefined;

/** Whether a TAP can be made in a lab: `/dev/net/tun` is not in every container. */
export function canMakeTaps(): Promise<Availability> {
  return taps ??= tryTap();
}

async function tryTap(): Promise<Availability> {
  const possible = await canMakeNamespaces();
  if (!possible.ok) return possible;
  await using lab = await Lab.create();
  const host = await lab.host("a");
  const { code, stderr } = await host.attempt("ip", [
    "tuntap",
    "add",
    "dev",
    "t0",
    "mode",
    "tap",
  ]);
  return code === 0
    ? { ok: true }
    : { ok: false, reason: `cannot make a TAP: ${stderr.trim()}` };
}
