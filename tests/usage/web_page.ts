/**
 * A page on the web of a lab, compared by its sum, as sha256sum(1) prints it.
 *
 * @module
 */

import type { LabHost } from "../lab/mod.ts";

/** What a host serves. */
export interface WebPage {
  readonly port: number;
  /** What sha256sum(1) prints of it. */
  readonly sum: string;
}

const SERVER = `import { createHash, randomBytes } from "node:crypto";
const [hostname, count] = Deno.args;
const bytes = randomBytes(Number(count));
const sum = createHash("sha256").update(bytes).digest("hex");
const onListen = ({ port }) => console.log(port, sum);
Deno.serve({ hostname, port: 0, onListen }, () => new Response(bytes));`;

const FETCHER = `import { createHash } from "node:crypto";
const response = await fetch(Deno.args[0]);
const hash = createHash("sha256").update(await response.bytes());
console.log(hash.digest("hex"), " -");`;

/**
 * Serves random bytes for as long as the host is there.
 *
 * @param address Of the host.
 */
export async function servePage(
  host: LabHost,
  address: string,
  bytes: number,
): Promise<WebPage> {
  const server = host.spawn(Deno.execPath(), [
    ...["eval", "--no-lock", "--no-config", SERVER],
    ...[address, String(bytes)],
  ]);
  const [, port, sum] = await server.waitFor(/^(\d+) ([0-9a-f]{64})$/m);
  return { port: Number(port), sum: `${sum}  -\n` };
}

/** What sha256sum(1) prints of a page. */
export function fetchSum(host: LabHost, url: string): Promise<string> {
  const options = ["eval", "--no-lock", "--no-config", FETCHER, url];
  return host.run(Deno.execPath(), options);
}
