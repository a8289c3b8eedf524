/**
 * The demo where no namespace can be made: two nodes of one network, both on
 * this host, joined by multicast on the loopback interface.
 *
 * @module
 */

import { type LabProcess, spawn, vdeplug } from "../lab/mod.ts";
import { DemoError, step, tell } from "./show.ts";

const WAIT_MS = 30_000;
const PINGS = 5;
const ADDRESS = "192.0.2.1";

/**
 * Shows it.
 *
 * @throws {DemoError} If something does not work.
 */
export async function demonstrateLoopback(): Promise<void> {
  const network = anyNetwork();
  step("One process is a host on a virtual Ethernet");
  tell(`vdeplug ${network} probe://${ADDRESS}`);
  await using host = spawn(vdeplug(network, `probe://${ADDRESS}`));
  await untilAnswered(network, host);
  tell(`It answers: ${ADDRESS} exists nowhere but on that Ethernet.`);

  step("Another process joins the same Ethernet and pings it");
  tell(`vdeplug ping ${network} ${ADDRESS} -c ${PINGS}`);
  await using ping = pings(network, PINGS);
  const { code } = await ping.exited;
  tell(ping.stdout + ping.stderr);
  if (code !== 0) throw new DemoError("The pings were not all answered.");

  step("The first process is told to end (SIGTERM)");
  const status = await host.terminate("SIGTERM");
  if (status.code !== 0) {
    throw new DemoError(`It ended badly: ${host.report()}`);
  }
  tell("It said goodbye to the network, and ended with status 0.");
}

/** Group and port at random: two demos at a time are two networks. */
function anyNetwork(): string {
  const [x, y, high, low] = crypto.getRandomValues(new Uint8Array(4));
  const port = 20_000 + (high << 4) + (low >> 4);
  return `vxvde://239.255.${x}.${y}/if=lo/bind=127.0.0.1/port=${port}`;
}

function pings(network: string, count: number): LabProcess {
  return spawn(vdeplug("ping", network, ADDRESS, "-c", String(count)));
}

async function untilAnswered(network: string, host: LabProcess): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    await using ping = pings(network, 1);
    const { code } = await ping.exited;
    if (code === 0) return;
    if (host.status) {
      throw new DemoError(`The first process ended: ${host.report()}`);
    }
    if (performance.now() > deadline) {
      throw new DemoError(`Nothing answers on ${network}: ${ping.report()}`);
    }
  }
}
