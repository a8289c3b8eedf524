/**
 * The command `vdeplug ping`: pings a host of a virtual network through any
 * VNL, without an interface of this machine.
 *
 * @module
 */

import { PLUGIN_KIT } from "../kit/mod.ts";
import { AddressClaim, candidatesNear } from "../net/address_claim.ts";
import { formatIp, IPV4_BYTES } from "../net/ip_address.ts";
import { randomMac } from "../net/mac_address.ts";
import { Pinger, type PingListener, type PingReply } from "../net/pinger.ts";
import { Counters } from "../plug/counters.ts";
import { PlugError } from "../plug/errors.ts";
import { explainFault } from "../plug/fault.ts";
import type { Plug } from "../plug/plugin.ts";
import { THIS_MACHINE } from "../machine/mod.ts";
import { Registry } from "../plug/registry.ts";
import { commandHelp } from "./help.ts";
import { type CommandIo, ExitStatus } from "./io.ts";
import { PingLink } from "./ping_link.ts";
import { type PingOptions, readPingOptions } from "./ping_options.ts";
import { reportError } from "./report.ts";

/** Where to read on after a wrong command line. */
const HELP = "vdeplug ping --help";

/**
 * Runs `vdeplug ping`.
 *
 * @param args What follows `ping` on the command line.
 * @param io Where words go; aborting `io.stop` ends with the summary.
 * @returns Exit status: 0 if a reply came, 1 if none, 2 for wrong use.
 */
export async function ping(
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  let plug: Plug;
  let options: PingOptions | undefined;
  try {
    options = readPingOptions(args);
    if (options === undefined) {
      io.out(await commandHelp("ping"));
      return ExitStatus.success;
    }
    plug = await openPlug(options, io);
  } catch (error) {
    return reportError(error, io, HELP);
  }
  using _plug = plug;
  using link = new PingLink(plug, io.stop);
  return await pingThrough(link, options, io);
}

async function openPlug(
  { vnl, plugins }: PingOptions,
  io: CommandIo,
): Promise<Plug> {
  const modules = [...io.pluginModules, ...plugins];
  const registry = await Registry.load(modules, THIS_MACHINE);
  return await registry.open(vnl, {
    description: "vdeplug ping:",
    kit: PLUGIN_KIT,
    receiveCounters: new Counters(),
    sendCounters: new Counters(),
    log: { warn: (line) => io.err(line), debug: () => {} },
  });
}

async function pingThrough(
  link: PingLink,
  options: PingOptions,
  io: CommandIo,
): Promise<number> {
  const journal = new PingJournal(options, io);
  let pinger: Pinger | undefined;
  try {
    const mac = randomMac(Math.random);
    const source = options.from ?? await findSource(link, options, mac);
    if (source !== undefined) {
      journal.begin(source);
      const id = Math.floor(Math.random() * 0x1_0000);
      pinger = new Pinger(
        { ...options, mac, source, id },
        journal,
        performance.now(),
      );
      await link.run(pinger);
    }
  } catch (thrown) {
    const error = explainFault(thrown, "ping");
    if (!(error instanceof PlugError)) throw thrown;
    reportError(error, io, HELP);
    if (pinger === undefined) return ExitStatus.failure;
  }
  journal.sum(pinger?.begun ?? 0, pinger?.answered ?? 0);
  return pinger?.answered ? ExitStatus.success : ExitStatus.failure;
}

/**
 * Finds an address to ping from.
 *
 * @returns undefined if it was stopped.
 */
async function findSource(
  link: PingLink,
  { target, vlan }: PingOptions,
  mac: Uint8Array,
): Promise<Uint8Array | undefined> {
  const candidates = candidatesNear(target, mac, Math.random);
  const claim = new AddressClaim({ mac, vlan, candidates });
  await link.run(claim);
  if (claim.isDone && claim.address === undefined) {
    throw new PlugError(
      `Cannot find a free address to ping "${formatIp(target)}" from: all of ${
        candidates.map(formatIp).join(", ")
      } are in use`,
      { hint: "give a free one with --from" },
    );
  }
  return claim.address;
}

/** Tells what happens, line by line, and keeps what the summary needs. */
class PingJournal implements PingListener {
  readonly #io: CommandIo;
  readonly #vnl: string;
  readonly #target: string;
  readonly #hopLimitName: string;
  readonly #timeoutSeconds: number;
  #repeated = 0;
  #minMs = Infinity;
  #maxMs = 0;
  #sumMs = 0;
  #replies = 0;

  constructor({ vnl, target, timeoutMs }: PingOptions, io: CommandIo) {
    this.#io = io;
    this.#vnl = vnl;
    this.#target = formatIp(target);
    this.#hopLimitName = target.length === IPV4_BYTES ? "ttl" : "hops";
    this.#timeoutSeconds = timeoutMs / 1000;
  }

  begin(source: Uint8Array): void {
    const from = formatIp(source);
    this.#io.out(`Pinging ${this.#target} from ${from} through ${this.#vnl}`);
  }

  onReply({ sequence, roundTripMs, hopLimit, isRepeated }: PingReply): void {
    const again = isRepeated ? " (again)" : "";
    this.#io.out(
      `${this.#target} replied: seq=${sequence} time=${
        roundTripMs.toFixed(3)
      } ms ${this.#hopLimitName}=${hopLimit}${again}`,
    );
    if (isRepeated) {
      this.#repeated++;
      return;
    }
    this.#replies++;
    this.#sumMs += roundTripMs;
    this.#minMs = Math.min(this.#minMs, roundTripMs);
    this.#maxMs = Math.max(this.#maxMs, roundTripMs);
  }

  onLoss(sequence: number, isFound: boolean): void {
    const waited = `within ${this.#timeoutSeconds} s`;
    this.#io.out(
      isFound
        ? `${this.#target} did not reply ${waited}: seq=${sequence}`
        : `nobody on the network has ${this.#target}, asked ${waited}: seq=${sequence}`,
    );
  }

  sum(begun: number, answered: number): void {
    const lost = begun === 0 ? 0 : (begun - answered) / begun * 100;
    const repeated = this.#repeated === 0
      ? ""
      : `, ${this.#repeated} received again`;
    this.#io.out(
      `${begun} sent, ${answered} received, ${
        formatPercent(lost)
      } lost${repeated}`,
    );
    if (this.#replies === 0) return;
    const times = [this.#minMs, this.#sumMs / this.#replies, this.#maxMs];
    const text = times.map((ms) => ms.toFixed(3)).join("/");
    this.#io.out(`round trip min/avg/max ${text} ms`);
  }
}

/** At most one decimal; 0% and 100% only where that is exact. */
function formatPercent(percent: number): string {
  const rounded = Math.min(Math.max(Math.round(percent * 10) / 10, 0.1), 99.9);
  const isExact = percent === 0 || percent === 100;
  return `${isExact ? percent : rounded}%`;
}
