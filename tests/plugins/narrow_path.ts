/**
 * Two hosts with a router between them, behind which the path is narrower
 * than in front of it.
 *
 * @module
 */

import {
  type Lab,
  type LabHost,
  type LabProcess,
  PATIENCE_MS,
  prepareVdeplug,
  vdeplug,
} from "../lab/mod.ts";
import { until } from "../plugs.ts";

const NARROW_MTU = 1400;

/** The hosts and their addresses. */
export interface NarrowPath {
  readonly near: LabHost;
  readonly far: LabHost;
  readonly nearAddress: string;
  readonly farAddress: string;
}

/** Lays the wires: near – router, 1500 bytes, and router – far, 1400 bytes. */
export async function narrowPath(lab: Lab): Promise<NarrowPath> {
  const near = await lab.host("near");
  const router = await lab.host("router");
  const far = await lab.host("far");
  const [nearPort, nearRouter] = await lab.link(near, router);
  const [farRouter, farPort] = await lab.link(router, far, {
    mtu: NARROW_MTU,
  });
  const forward = "echo 1 >/proc/sys/net/ipv4/ip_forward";
  await router.run("sh", ["-c", forward]);
  const route = ["route", "add", "default", "via"];
  await near.run("ip", [...route, nearRouter.address]);
  await far.run("ip", [...route, farRouter.address]);
  await near.waitForAnswer(farPort.address);
  return {
    near,
    far,
    nearAddress: nearPort.address,
    farAddress: farPort.address,
  };
}

/** Starts our program between a network and the stream form on its standard input. */
export async function feed(host: LabHost, vnl: string): Promise<LabProcess> {
  await prepareVdeplug();
  const [program, ...args] = vdeplug("--verbose", vnl);
  const process = host.spawn(program, args, { input: true });
  await process.waitFor(/vdeplug: .* (sends from|carries frames)/);
  return process;
}

/** Starts our program between a network and nothing; it tells its counters all the time. */
export async function count(host: LabHost, vnl: string): Promise<LabProcess> {
  await prepareVdeplug();
  const options = ["--stats=0.2", "--json", "--verbose"];
  const [program, ...args] = vdeplug(...options, vnl, "null://");
  const process = host.spawn(program, args);
  await process.waitFor(/vdeplug: .* (sends from|carries frames)/);
  return process;
}

/** Waits until so many frames have come from the network; true if they have. */
export async function counted(
  process: LabProcess,
  frames: number,
): Promise<boolean> {
  return await until(() => {
    const line = process.stderr.trimEnd().split("\n").at(-1) ?? "";
    const found = line.match(/"forward":\{"frames":(\d+)/)?.[1] ?? "0";
    return Number(found) >= frames;
  }, PATIENCE_MS);
}
