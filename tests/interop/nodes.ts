/**
 * Hosts with a TAP on a VDE network, put there by the C tool or by ours.
 *
 * The host numbered N has 192.0.2.N and 2001:db8:1::N on its TAP, whose MAC
 * address is 02:00:00:00:00:N.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  LabError,
  type LabHost,
  type LabProcess,
  PATIENCE_MS,
  prepareVdeplug,
  transfer,
  vdeplug,
} from "../lab/mod.ts";

/** Who carries the frames: Debian's `vde_plug`, or the program of this tree. */
export type Tool = "C" | "ours";

/** Fits with every header around it into 1500 bytes, over IPv6 too. */
const TAP_MTU = 1400;

const POLL_MS = 20;

/** Pings each way, and how long to wait for the answer to one. */
const PINGS = 3;
const PING_SECONDS = "10";

/** The C tool, or ours, with these arguments: program and arguments. */
export function command(tool: Tool, ...args: string[]): [string, ...string[]] {
  const [program, ...rest] = tool === "C"
    ? ["vde_plug", ...args]
    : vdeplug(...args);
  return [program, ...rest];
}

/** Starts the C tool, or ours, on a host. */
export async function start(
  host: LabHost,
  tool: Tool,
  ...args: string[]
): Promise<LabProcess> {
  if (tool === "ours") await prepared();
  const [program, ...rest] = command(tool, ...args);
  return host.spawn(program, rest);
}

let preparation: Promise<void> | undefined;

/** Settles once our program can start where there is no network. */
export function prepared(): Promise<void> {
  return preparation ??= prepareVdeplug();
}

/** What a node is to be. */
export interface NodeSettings {
  /** Who carries its frames. */
  readonly tool: Tool;
  /** The network. */
  readonly vnl: string;
  /** From 1 to 99; the addresses follow from it. */
  readonly number: number;
  /** Name of its TAP. */
  readonly tap?: string;
  /** Where the TAP is moved to; it stays where the tool runs unless given. */
  readonly tapHost?: LabHost;
  /** Options of the command line. */
  readonly options?: readonly string[];
  /** Says nothing unasked: it has no IPv6, which never rests. */
  readonly quiet?: boolean;
}

/** A TAP on a network. */
export interface Node {
  readonly tool: Tool;
  /** Where the TAP is. */
  readonly host: LabHost;
  /** The program that carries its frames. */
  readonly cable: LabProcess;
  readonly tap: string;
  readonly mac: string;
  readonly address: string;
  readonly address6: string;
}

/** Starts a tool on a host and sets its TAP up. The network is open when it returns. */
export async function plugIn(
  host: LabHost,
  settings: NodeSettings,
): Promise<Node> {
  const { tool, vnl, tap = "t0", tapHost, options = [], quiet } = settings;
  if (quiet) await disableIpv6(tapHost ?? host);
  const cable = await start(host, tool, ...options, vnl, `tap://${tap}`);
  await host.waitForInterface(tap, { madeBy: cable });
  if (tapHost !== undefined) {
    const target = ["netns", String(tapHost.pid)];
    await host.run("ip", ["link", "set", "dev", tap, ...target]);
  }
  return await address(tapHost ?? host, cable, settings);
}

/** Sets a TAP up that a process makes, whenever that is. */
export async function address(
  host: LabHost,
  cable: LabProcess,
  { tool, number, quiet, tap = "t0" }: NodeSettings,
): Promise<Node> {
  const node = {
    tool,
    host,
    cable,
    tap,
    mac: `02:00:00:00:00:${String(number).padStart(2, "0")}`,
    address: `192.0.2.${number}`,
    address6: `2001:db8:1::${number}`,
  };
  await host.configure(tap, {
    addresses: [
      `${node.address}/25`,
      ...(quiet ? [] : [`${node.address6}/64`]),
    ],
    mac: node.mac,
    mtu: TAP_MTU,
    madeBy: cable,
  });
  return node;
}

/** Asserts that each of two nodes gets an answer to each of its pings, over IPv4 and IPv6. */
export async function assertPings(one: Node, other: Node): Promise<void> {
  for (const [from, to] of [[one, other], [other, one]]) {
    for (const target of [to.address, to.address6]) {
      await from.host.waitForAnswer(target, { madeBy: from.cable });
      await pingInTurn(from, target, PINGS);
    }
  }
}

/**
 * Asserts that each of some pings is answered, the next one sent when the one
 * before is: one ping(8) for many gives up on a late answer soon.
 *
 * @param options More of ping(8).
 */
export async function pingInTurn(
  from: Pick<Node, "host">,
  target: string,
  count: number,
  options: readonly string[] = [],
): Promise<void> {
  for (let ping = 1; ping <= count; ping++) {
    const args = ["-n", "-c", "1", "-W", PING_SECONDS, ...options, target];
    const { code, stdout } = await from.host.attempt("ping", args);
    assertEquals(code, 0, `ping ${ping} of ${count}: ${stdout}`);
  }
}

/** Asserts that so many bytes arrive as they were sent, over TCP. */
export async function assertTransfer(
  from: Node,
  to: Node,
  options: { readonly bytes: number; readonly ipv6?: boolean },
): Promise<void> {
  const address = options.ipv6 ? to.address6 : to.address;
  const result = await transfer(from.host, to.host, {
    address,
    bytes: options.bytes,
  });
  assertEquals(
    { bytes: result.bytes, sha256Equal: result.sha256Equal },
    { bytes: options.bytes, sha256Equal: true },
  );
}

/** Writes a neighbour's IPv4 address down for good, so that nobody has to be asked for it. */
export async function know(host: LabHost, neighbour: Node): Promise<void> {
  const entry = ["replace", neighbour.address, "lladdr", neighbour.mac];
  const use = ["dev", neighbour.tap, "nud", "permanent"];
  await host.run("ip", ["neigh", ...entry, ...use]);
}

/** Leaves the interfaces that are made from now on without IPv6. */
async function disableIpv6(host: LabHost): Promise<void> {
  const file = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
  await host.run("sh", ["-c", `echo 1 >${file}`]);
}

/** Counters of one direction, by their names. */
export type Counts = Readonly<Record<string, number>>;

/** The counters that ours, with the option `--json`, printed last: to its second VNL, and from it. */
export function lastCounts(
  cable: LabProcess,
): { readonly forward: Counts; readonly backward: Counts } {
  const whole = cable.stderr.split("\n").slice(0, -1);
  const line = whole.findLast((text) => text.endsWith("}"));
  if (line !== undefined) return JSON.parse(line.slice(line.indexOf("{")));
  throw new LabError(
    `Cannot find counters in "${cable.title}": ${cable.report()}`,
  );
}

/**
 * Waits until a cable has taken what came to its UDP sockets, errors included:
 * what it takes from its other end from now on comes after that.
 */
export async function untilHeard({ cable }: Node): Promise<void> {
  const read = (name: string) =>
    Deno.readTextFileSync(`/proc/${cable.pid}/net/${name}`);
  await eventually(`empty sockets of "${cable.title}"`, () => {
    // Bytes that wait to leave, and those that came: `00000000:00000300 00:`.
    const queues = `${read("udp")}${read("udp6")}`
      .matchAll(/ [0-9A-F]{8}:([0-9A-F]{8}) \d{2}:/g);
    const isEmpty = Array.from(queues).every(([, came]) => /^0+$/.test(came));
    return isEmpty || undefined;
  });
}

/**
 * Waits for something that no line of output tells.
 *
 * @param what For the error.
 * @param find Returns undefined until it is there.
 * @throws {LabError} If it does not come in time.
 */
export async function eventually<T>(
  what: string,
  find: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > deadline) {
      throw new LabError(`Cannot find ${what} within ${PATIENCE_MS} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
