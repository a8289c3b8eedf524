/**
 * Hosts for tests of superframes: TAPs with and without them, transfers long
 * enough to fill a network, and captures that tshark reads.
 *
 * @module
 */

import { assertEquals, assertGreater } from "@std/assert";
import {
  type LabHost,
  type LabProcess,
  PATIENCE_MS,
  peerAvailable,
} from "../lab/mod.ts";
import { transfer } from "../lab/mod.ts";
import { address, eventually, type Node, start } from "./nodes.ts";

/** Who carries frames, and whether its TAP has superframes. */
export type Carrier = "ours" | "ours, offload=0" | "C";

/** What a {@linkcode plugCarrier} joins. */
export interface CarrierSettings {
  readonly carrier: Carrier;
  readonly vnl: string;
  /** From 1 to 99; the addresses follow from it. */
  readonly number: number;
  /** MTU of the TAP. */
  readonly mtu?: number;
  /** Options of the command line. */
  readonly options?: readonly string[];
}

/** Puts a TAP on a network. */
export async function plugCarrier(
  host: LabHost,
  settings: CarrierSettings,
): Promise<Node> {
  const { carrier, vnl, number, mtu, options = [] } = settings;
  const tool = carrier === "C" ? "C" : "ours";
  const tap = carrier === "ours, offload=0"
    ? "tap://t0[offload=0]"
    : "tap://t0";
  const cable = await start(host, tool, ...options, vnl, tap);
  await host.waitForInterface("t0", { madeBy: cable });
  const node = await address(host, cable, { tool, vnl, number });
  if (mtu !== undefined) await setMtu(host, "t0", mtu);
  return node;
}

/** Sets an interface's MTU. */
export async function setMtu(
  host: LabHost,
  name: string,
  mtu: number,
): Promise<void> {
  await host.run("ip", ["link", "set", "dev", name, "mtu", String(mtu)]);
}

/** Long runs are asked for: 2 GB where it is 100 MB otherwise. */
const isLong = (Deno.env.get("VDEPLUG_LONG") ?? "") !== "";

/** How much is moved where much is to be moved. */
export const MUCH_BYTES = isLong ? 2_000_000_000 : 100_000_000;

/** At 0.1 Gbit/s, which is less than anything here does. */
const MS_PER_BYTE = 8 / 1e5;

/** Asserts that as many bytes arrive as were sent, the same ones. */
export async function assertSameBytes(
  from: LabHost,
  to: LabHost,
  options: { readonly address: string; readonly bytes: number },
): Promise<void> {
  const { bytes } = options;
  const timeoutMs = 4 * PATIENCE_MS + bytes * MS_PER_BYTE;
  const result = await transfer(from, to, { ...options, timeoutMs });
  assertEquals(
    { bytes: result.bytes, sha256Equal: result.sha256Equal },
    { bytes, sha256Equal: true },
  );
}

/** The address of a node by its version. */
export function addressOf(node: Node, version: 4 | 6): string {
  return version === 4 ? node.address : node.address6;
}

/** Waits until two nodes know each other. */
export async function meet(one: Node, other: Node): Promise<void> {
  await one.host.waitForAnswer(other.address, { madeBy: one.cable });
  await one.host.waitForAnswer(other.address6, { madeBy: one.cable });
}

/** Switches features of an interface off, as ethtool(8) names them; what is fixed stays as it is. */
export async function withoutFeatures(
  host: LabHost,
  name: string,
  ...features: string[]
): Promise<void> {
  const settings = features.flatMap((feature) => [feature, "off"]);
  await host.run("ethtool", ["-K", name, ...settings]);
}

/** What a host has counted since it was made that tells of loss. */
export interface Losses {
  /** TCP segments sent again since the receiver reported a gap. */
  readonly TCPFastRetrans: number;
  /** Datagrams for which a socket had no room. */
  readonly RcvbufErrors: number;
}

/**
 * Tells what was lost. What TCP sends again because an answer took long (tail
 * loss probes, timeouts) is not in it: on a busy machine nothing need be lost
 * for that.
 */
export async function losses({ host }: Node): Promise<Losses> {
  const files = ["/proc/net/snmp", "/proc/net/netstat"];
  const text = await host.run("cat", files);
  const read = (group: string, name: string) => {
    const [names, values] = text.split("\n")
      .filter((line) => line.startsWith(`${group}:`))
      .map((line) => line.split(" "));
    return Number(values[names.indexOf(name)]);
  };
  return {
    TCPFastRetrans: read("TcpExt", "TCPFastRetrans"),
    RcvbufErrors: read("Udp", "RcvbufErrors"),
  };
}

/** A capture into a file. Disposing ends it and removes the file. */
export class Recording implements AsyncDisposable {
  private constructor(
    readonly file: string,
    private readonly process: LabProcess,
  ) {}

  /** Begins. The first `packets` are kept, whole, and no more. */
  static async start(
    host: LabHost,
    settings: {
      readonly interfaceName: string;
      readonly filter?: string;
      readonly packets?: number;
    },
  ): Promise<Recording> {
    const { interfaceName, filter = "", packets = 20_000 } = settings;
    const file = await Deno.makeTempFile({ suffix: ".pcap" });
    const process = host.spawn("tcpdump", [
      ...["-n", "-U", "-Z", "root", "-B", "65536", "-c", String(packets)],
      ...["-i", interfaceName, "-w", file, "--", filter],
    ]);
    await process.waitFor(/listening on/);
    return new Recording(file, process);
  }

  /**
   * Waits until so much is in the file. A capture that is ended leaves out
   * what it has not taken from the kernel yet.
   */
  async waitForBytes(bytes: number): Promise<void> {
    await eventually(`${bytes} bytes captured`, async () => {
      return (await Deno.stat(this.file)).size >= bytes || undefined;
    });
  }

  /** Ends the capture and asks tshark for the packets that a display filter picks. */
  async read(filter: string, ...fields: string[]): Promise<string[]> {
    await this.process.terminate("SIGINT");
    const preferences = ["tcp", "ip", "udp"]
      .flatMap((name) => ["-o", `${name}.check_checksum:TRUE`]);
    const command = new Deno.Command("tshark", {
      args: [
        // A node has a port of its own, to which its peers send.
        ...["-n", "-r", this.file, "-d", "udp.port==1024-65535,vxlan"],
        ...[...preferences, "-o", "tcp.desegment_tcp_streams:FALSE"],
        // What is in TCP is random, and now and then looks like some protocol.
        ...["-d", "tcp.port==1-65535,data", "-Y", filter],
        ...(fields.length > 0 ? ["-T", "fields"] : []),
        ...fields.flatMap((field) => ["-e", field]),
      ],
    });
    const { success, stdout, stderr } = await command.output();
    const text = new TextDecoder().decode(stdout);
    assertEquals(success, true, new TextDecoder().decode(stderr));
    return text.split("\n").filter((line) => line !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.terminate("SIGINT");
    await Deno.remove(this.file);
  }
}

/** What tshark tells of checksums: one number for each header, 0 for a bad one. */
const STATUSES = ["ip", "tcp", "udp", "icmpv6"]
  .map((name) => `${name}.checksum.status`);

/** Far fewer than pass: on a busy machine the kernel has no room for all that tcpdump has not taken yet. */
const MANY_PACKETS = 500;
const MANY_BYTES = 1.5 * MANY_PACKETS * 1500;

/** Asserts that no packet is malformed or has a bad checksum, and that there are many of full length. */
export async function assertSound(recording: Recording): Promise<void> {
  await recording.waitForBytes(MANY_BYTES);
  const unsound = STATUSES.map((status) => `${status} == 0`);
  // One run for both questions: reading takes a while.
  const rows = await recording.read(
    ["tcp.len > 1000", "_ws.malformed", ...unsound].join(" || "),
    ...["frame.number", "_ws.malformed", ...STATUSES],
  );
  const bad = rows.filter((row) => {
    const [, malformed, ...statuses] = row.split("\t");
    return malformed !== "" ||
      statuses.some((status) => status.split(",").includes("0"));
  });
  assertEquals(bad.slice(0, 3), []);
  assertGreater(rows.length, MANY_PACKETS);
}

/** What {@linkcode Recording} needs to be read. */
export const canDissect = peerAvailable("tshark");
