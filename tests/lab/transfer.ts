/**
 * TCP transfers between hosts of a lab, by two small programs of our own, so
 * that no other has to be installed.
 *
 * @module
 */

import type { LabHost } from "./host.ts";
import { LabError } from "./errors.ts";
import { type LabProcess, PATIENCE_MS } from "./process.ts";

/** What to send, and where to. */
export interface TransferOptions {
  /** Address of the receiving host, IPv4 or IPv6. */
  readonly address: string;
  /** How much: this many bytes, compared by their SHA-256 on both sides. */
  readonly bytes: number;
  /** When to give up. */
  readonly timeoutMs?: number;
}

/** What came of it. */
export interface TransferResult {
  /** Bytes that arrived. */
  readonly bytes: number;
  /** From the connection to the last byte, as the receiver saw it. */
  readonly seconds: number;
  /** Whether both sides have the same SHA-256, and so the same bytes. */
  readonly sha256Equal: boolean;
}

/** How fast one TCP stream was. */
export interface Throughput {
  readonly bytes: number;
  readonly seconds: number;
  readonly bitsPerSecond: number;
}

/** Sends pseudo-random bytes from one host to another over TCP and compares what arrives. */
export async function transfer(
  from: LabHost,
  to: LabHost,
  options: TransferOptions,
): Promise<TransferResult> {
  const { address, bytes, timeoutMs = 4 * PATIENCE_MS } = options;
  const amount = ["bytes", String(bytes), "hash"];
  const [sent, received] = await move(from, to, { address, amount, timeoutMs });
  return {
    bytes: received.bytes,
    seconds: received.seconds,
    sha256Equal: sent.bytes === received.bytes &&
      sent.sha256 === received.sha256,
  };
}

/** Sends as fast as possible for some seconds, without looking at the bytes. */
export async function throughput(
  from: LabHost,
  to: LabHost,
  options: { readonly address: string; readonly seconds: number },
): Promise<Throughput> {
  const { address, seconds } = options;
  const amount = ["seconds", String(seconds)];
  const timeoutMs = PATIENCE_MS + seconds * 1000;
  const [, received] = await move(from, to, { address, amount, timeoutMs });
  return {
    bytes: received.bytes,
    seconds: received.seconds,
    bitsPerSecond: received.bytes * 8 / received.seconds,
  };
}

interface Movement {
  readonly address: string;
  /** Last arguments of the sending program. */
  readonly amount: readonly string[];
  readonly timeoutMs: number;
}

interface Account {
  readonly bytes: number;
  readonly seconds: number;
  readonly sha256: string;
}

async function move(
  from: LabHost,
  to: LabHost,
  movement: Movement,
): Promise<[Account, Account]> {
  const { address, amount, timeoutMs } = movement;
  const mode = amount.slice(2);
  await using receiver = start(to, "transfer_receive.ts", [address, ...mode]);
  const [, port] = await receiver.waitFor(/^listening (\d+)$/m);
  await using sender = start(from, "transfer_send.ts", [
    address,
    port,
    ...amount,
  ]);
  const accounts = [
    account(sender, timeoutMs),
    account(receiver, timeoutMs),
  ] as const;
  // Whichever fails first tells why; the other one is then killed and has no more to say.
  return await Promise.all(accounts);
}

function start(
  host: LabHost,
  script: string,
  args: readonly string[],
): LabProcess {
  const path = new URL(script, import.meta.url).pathname;
  const options = ["run", "--quiet", "--no-config", "--no-lock", "--allow-net"];
  return host.spawn(Deno.execPath(), [...options, path, ...args]);
}

async function account(
  process: LabProcess,
  timeoutMs: number,
): Promise<Account> {
  const [line] = await process.waitFor(/^\{.*\}$/m, timeoutMs);
  const { code } = await process.exited;
  if (code !== 0) {
    throw new LabError(
      `Cannot transfer with "${process.title}": ${process.report()}`,
    );
  }
  return JSON.parse(line);
}
