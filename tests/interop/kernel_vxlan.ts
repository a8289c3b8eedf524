/**
 * Hosts on a VXLAN: with the kernel's `vxlan` device, or with ours and a TAP.
 *
 * The host numbered N has 192.0.2.N and 2001:db8:1::N there, and the MAC
 * address 02:00:00:00:00:N.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { LabError, type LabHost, transfer } from "../lab/mod.ts";
import { eventually, type Node, plugIn } from "./nodes.ts";

/** Whose VXLAN a host has. */
export type Side = "ours" | "kernel";

/** How a network is reached over one family. */
export interface Network {
  readonly name: string;
  /** Of a VNL, in front of other keys. */
  readonly vnl: string;
  /** Of `ip link add … type vxlan`. */
  readonly group: string;
}

export const V4: Network = {
  name: "IPv4",
  vnl: "vxlan://239.0.0.1",
  group: "239.0.0.1",
};
export const V6: Network = {
  name: "IPv6",
  vnl: "vxlan://ff05:56de::1/v6",
  group: "ff05:56de::1",
};

/** A host's place on a VXLAN. */
export type Place = Pick<Node, "host" | "mac" | "address" | "address6"> & {
  /** The interface. */
  readonly tap: string;
  /** Of ours; the kernel has none. */
  readonly cable?: Node["cable"];
};

/** What a place is to be. */
export interface PlaceSettings {
  readonly network: Network;
  /** From 1 to 99; the addresses follow from it. */
  readonly number: number;
  /** VXLAN network identifier; 1 unless given. */
  readonly vni?: number;
  /** MTU of the interface; fits into 1500 bytes over IPv6 too unless given. */
  readonly mtu?: number;
  /** Options of our command line. */
  readonly options?: readonly string[];
  /** Says nothing unasked: it has no IPv6, which never rests. */
  readonly quiet?: boolean;
}

const MTU = 1400;

/**
 * Lets the kernel compute what it would leave to hardware that is not there:
 * inner checksums, and the segments of what it sends.
 */
async function withoutOffloads(host: LabHost, name: string): Promise<void> {
  const off = ["tx", "off", "tso", "off", "gso", "off"];
  await host.run("ethtool", ["-K", name, ...off]);
}

/** Gives a host a place. */
export async function join(
  side: Side,
  host: LabHost,
  settings: PlaceSettings,
): Promise<Place> {
  return side === "ours"
    ? await joinWithOurs(host, settings)
    : await joinWithKernel(host, settings);
}

async function joinWithOurs(
  host: LabHost,
  settings: PlaceSettings,
): Promise<Place> {
  const { network, number, vni = 1, mtu = MTU, options, quiet } = settings;
  const { interfaceName } = host.port;
  const node = await plugIn(host, {
    tool: "ours",
    vnl: `${network.vnl}/vni=${vni}/if=${interfaceName}`,
    number,
    options,
    quiet,
  });
  await host.run("ip", ["link", "set", node.tap, "mtu", String(mtu)]);
  return node;
}

async function joinWithKernel(
  host: LabHost,
  settings: PlaceSettings,
): Promise<Place> {
  const { network, number, vni = 1, mtu = MTU, quiet } = settings;
  const { interfaceName } = host.port;
  const place = {
    host,
    tap: "vx0",
    mac: `02:00:00:00:00:${String(number).padStart(2, "0")}`,
    address: `192.0.2.${number}`,
    address6: `2001:db8:1::${number}`,
  };
  if (quiet) {
    const file = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
    await host.run("sh", ["-c", `echo 1 >${file}`]);
  }
  await host.run("ip", [
    ...["link", "add", "vx0", "type", "vxlan", "id", String(vni)],
    ...["group", network.group, "dev", interfaceName, "dstport", "4789"],
  ]);
  await withoutOffloads(host, interfaceName);
  await withoutOffloads(host, "vx0");
  const addresses = [`${place.address}/25`];
  if (!quiet) addresses.push(`${place.address6}/64`);
  await host.configure("vx0", { addresses, mac: place.mac, mtu });
  return place;
}

/** Asserts that each of two places gets an answer to each of its pings, over IPv4 and IPv6. */
export async function assertPings(one: Place, other: Place): Promise<void> {
  for (const [from, to] of [[one, other], [other, one]]) {
    for (const target of [to.address, to.address6]) {
      await from.host.waitForAnswer(target, { madeBy: from.cable });
      await assertAnswers(from, target);
    }
  }
}

/** Asserts that a ping is answered: of so many bytes, in one packet. */
export async function assertAnswers(
  from: Place,
  target: string,
  sizeBytes = 56,
): Promise<void> {
  const size = ["-s", String(sizeBytes), "-M", "do"];
  const args = ["-n", "-c", "1", "-W", "10", ...size, target];
  const { code, stdout, stderr } = await from.host.attempt("ping", args);
  assertEquals(code, 0, `${sizeBytes} bytes: ${stdout}${stderr}`);
}

/** Asserts that so many bytes arrive as they were sent, over TCP. */
export async function assertTransfer(
  from: Place,
  to: Place,
  options: { readonly bytes: number; readonly ipv6?: boolean },
): Promise<void> {
  const { bytes, ipv6 } = options;
  const address = ipv6 ? to.address6 : to.address;
  const result = await transfer(from.host, to.host, { address, bytes });
  assertEquals([result.bytes, result.sha256Equal], [bytes, true]);
}

/** Forgets all neighbours of a place. */
export async function forgetNeighbours({ host, tap }: Place): Promise<void> {
  await host.run("ip", ["neigh", "flush", "dev", tap]);
}

/** Writes a neighbour's addresses down for good, so that nobody has to be asked for them. */
export async function know(place: Place, neighbour: Place): Promise<void> {
  const { host, tap } = place;
  const use = ["dev", tap, "nud", "permanent"];
  const entry = [neighbour.address, "lladdr", neighbour.mac];
  await host.run("ip", ["neigh", "replace", ...entry, ...use]);
}

/** Waits until the kernel's device has learned where a station is; gives that host's address. */
export async function kernelLearned(
  { host, tap }: Place,
  mac: string,
): Promise<string> {
  return await eventually(`${mac} in the kernel's table`, async () => {
    const table = await host.run("bridge", ["fdb", "show", "dev", tap]);
    const line = table.split("\n").find((each) => each.startsWith(mac));
    return line?.match(/ dst (\S+)/)?.[1];
  });
}

/** Asserts that our program still runs, and has said nothing unusual. */
export function assertCalm({ cable }: Place): void {
  if (cable === undefined) throw new LabError("Cannot ask: no program of ours");
  assert(cable.status === undefined, cable.report());
  const unusual = cable.stderr.match(/^.*(\bCannot\b|Error).*$/m)?.[0];
  assertEquals(unusual, undefined);
}
