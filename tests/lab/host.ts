/**
 * One host of a lab: a network namespace with a name, and what tests do in it.
 *
 * @module
 */

import { LabError } from "./errors.ts";
import type { Namespace } from "./namespace.ts";
import { type LabProcess, PATIENCE_MS, type SpawnOptions } from "./process.ts";

const POLL_MS = 20;

/** A host's end of a wire between hosts. */
export interface Port {
  /** Whose end it is. */
  readonly host: LabHost;
  /** Its interface there. */
  readonly interfaceName: string;
  /** Its IPv4 address. */
  readonly address: string;
  /** Its IPv6 address. */
  readonly address6: string;
}

/** How an interface is set up. */
export interface InterfaceSettings {
  /** Addresses with their prefix length, IPv4 and IPv6. */
  readonly addresses?: readonly string[];
  /** Bytes of an IP packet. */
  readonly mtu?: number;
  /** MAC address. */
  readonly mac?: string;
  /** The process that makes the interface: waiting for it ends when that does. */
  readonly madeBy?: LabProcess;
}

/** How long to wait for something, and on whom. */
export interface WaitOptions {
  /** When to give up. */
  readonly timeoutMs?: number;
  /** The process that makes it come true: when that ends, nothing is left to wait for. */
  readonly madeBy?: LabProcess;
}

/** What {@linkcode LabHost.run} and {@linkcode LabHost.attempt} also take. */
export interface RunOptions extends SpawnOptions {
  /** When to kill it. */
  readonly timeoutMs?: number;
}

/** How a command ended. */
export interface RunResult {
  /** Exit status; 128 and the signal's number if a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How `ping` is called. */
export interface PingOptions {
  /** Requests to send. */
  readonly count?: number;
  /** Time between two. */
  readonly intervalSeconds?: number;
  /** Bytes of ICMP payload. */
  readonly sizeBytes?: number;
  /** More options of ping(8). */
  readonly args?: readonly string[];
}

/** What `ping` found. */
export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** Round trip of each answered request, in milliseconds. */
  readonly timesMs: readonly number[];
}

/** A host of a {@linkcode Lab}. */
export class LabHost {
  /** Its ends of wires, in the order in which they were laid. */
  readonly ports: Port[] = [];
  readonly #processes = new Set<LabProcess>();

  /** Made by `Lab.host`. */
  constructor(readonly name: string, readonly namespace: Namespace) {}

  /** Id of a process in its namespace, for commands that name a namespace by one. */
  get pid(): number {
    return this.namespace.holder.pid;
  }

  /** Its end of its first wire. */
  get port(): Port {
    if (this.ports.length > 0) return this.ports[0];
    throw new LabError(
      `Cannot find a port of host "${this.name}": it has no wire`,
    );
  }

  /** Starts a command and lets it run. The lab ends it, if nothing else does. */
  spawn(
    program: string,
    args: readonly string[] = [],
    options?: SpawnOptions,
  ): LabProcess {
    const process = this.namespace.spawn([program, ...args], options);
    this.#processes.add(process);
    process.exited.then(() => this.#processes.delete(process));
    return process;
  }

  /** Runs a command to its end, whatever that is. */
  async attempt(
    program: string,
    args: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<RunResult> {
    const process = this.spawn(program, args, options);
    const timer = setTimeout(
      () => process.signal("SIGKILL"),
      options.timeoutMs ?? PATIENCE_MS,
    );
    const { code } = await process.exited;
    clearTimeout(timer);
    return { code, stdout: process.stdout, stderr: process.stderr };
  }

  /**
   * Runs a command that must succeed.
   *
   * @returns What it wrote to standard output.
   * @throws {LabError} If its status is not 0; with what it wrote.
   */
  async run(
    program: string,
    args: readonly string[] = [],
    options?: RunOptions,
  ): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(program, args, options);
    if (code === 0) return stdout;
    const command = [program, ...args].join(" ");
    throw new LabError(
      `Cannot run "${command}" on host "${this.name}": status ${code}\n${stderr}${stdout}`,
    );
  }

  /**
   * Waits until an interface exists.
   *
   * @throws {LabError} If it does not in time.
   */
  async waitForInterface(
    name: string,
    options: WaitOptions = {},
  ): Promise<void> {
    await this.#poll(
      `interface "${name}"`,
      options,
      async () =>
        (await this.attempt("ip", ["link", "show", "dev", name])).code === 0,
    );
  }

  /** Waits until an interface exists, sets it up, and turns it on. */
  async configure(
    name: string,
    settings: InterfaceSettings = {},
  ): Promise<void> {
    const { addresses = [], mtu, mac, madeBy } = settings;
    await this.waitForInterface(name, { madeBy });
    const link = ["link", "set", "dev", name];
    if (mac !== undefined) link.push("address", mac);
    if (mtu !== undefined) link.push("mtu", String(mtu));
    await this.run("ip", [...link, "up"]);
    for (const address of addresses) {
      const flags = address.includes(":") ? ["nodad"] : [];
      await this.run("ip", ["address", "add", address, "dev", name, ...flags]);
    }
  }

  /** Counters of an interface as the kernel names them (`rx_packets`, `tx_bytes`…). */
  async counters(name: string): Promise<Readonly<Record<string, number>>> {
    const listing = await this.run("ip", [
      "-json",
      "-stats",
      "link",
      "show",
      "dev",
      name,
    ]);
    const { rx, tx } = JSON.parse(listing)[0].stats64;
    const named = (prefix: string, counts: Record<string, number>) =>
      Object.entries(counts).map(([key, count]) => [`${prefix}_${key}`, count]);
    return Object.fromEntries([...named("rx", rx), ...named("tx", tx)]);
  }

  /**
   * Pings an address from here, however many answers come. Needs `ping`, which
   * waits 10 seconds for an answer to the only request, but no longer than
   * twice the slowest round trip for the last one of several: on a busy
   * machine that one may not be counted.
   */
  async ping(address: string, options: PingOptions = {}): Promise<PingResult> {
    const { count = 3, intervalSeconds = 0.1, sizeBytes = 56, args = [] } =
      options;
    const { code, stdout, stderr } = await this.attempt("ping", [
      ...["-n", "-c", String(count), "-i", String(intervalSeconds)],
      ...["-s", String(sizeBytes), ...args, address],
    ], {
      env: { LC_ALL: "C" },
      timeoutMs: PATIENCE_MS + count * intervalSeconds * 1000,
    });
    const summary = stdout.match(/(\d+) packets transmitted, (\d+) received/);
    if (!summary) {
      throw new LabError(
        `Cannot ping "${address}" from host "${this.name}": status ${code}\n${stderr}${stdout}`,
      );
    }
    const timesMs = Array.from(
      stdout.matchAll(/time[=<]([\d.]+) ms/g),
      (match) => +match[1],
    );
    return { sent: +summary[1], received: +summary[2], timesMs };
  }

  /**
   * Waits until an address answers.
   *
   * @throws {LabError} If it does not in time.
   */
  async waitForAnswer(
    address: string,
    options: WaitOptions = {},
  ): Promise<void> {
    await this.#poll(
      `an answer from ${address}`,
      options,
      async () =>
        (await this.attempt("ping", ["-n", "-c1", "-W1", address])).code === 0,
    );
  }

  /**
   * Ends what was on its way into the namespace when that was closed, and
   * settles when all that ran here has ended.
   */
  async settled(): Promise<void> {
    const processes = [...this.#processes];
    await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()));
  }

  async #poll(
    what: string,
    options: WaitOptions,
    found: () => Promise<boolean>,
  ): Promise<void> {
    const { timeoutMs = PATIENCE_MS, madeBy } = options;
    const deadline = performance.now() + timeoutMs;
    const refuse = (reason: string) =>
      new LabError(`Cannot find ${what} on host "${this.name}": ${reason}`);
    while (!await found()) {
      if (madeBy?.status) throw refuse(`"${madeBy.title}" ${madeBy.report()}`);
      if (performance.now() > deadline) {
        throw refuse(`not there after ${timeoutMs} ms`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
