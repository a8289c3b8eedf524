/**
 * The switch between the hosts of a row that has one.
 *
 * @module
 */

import { join } from "@std/path";
import {
  LabError,
  type LabHost,
  type LabProcess,
  PATIENCE_MS,
} from "../lab/mod.ts";
import type { Row, SystemName } from "./row.ts";
import { switchCommand } from "./systems.ts";

const POLL_MS = 10;

/** A switch in a folder of its own. */
export class Middle implements AsyncDisposable {
  /**
   * @param process The switch. Ended with this.
   * @param folder Holds its folder. Removed with this.
   */
  private constructor(
    readonly process: LabProcess,
    private readonly folder: string,
  ) {}

  /** Where it is joined. */
  get switchPath(): string {
    return switchPath(this.folder);
  }

  /**
   * Starts a row's switch, and waits until it can be joined.
   *
   * @returns Undefined for a row without one.
   */
  static async start(
    row: Row,
    system: SystemName,
    host: LabHost,
  ): Promise<Middle | undefined> {
    if (row.between === undefined) return undefined;
    const folder = await Deno.makeTempDir({ prefix: "vdeplug-bench-" });
    const path = switchPath(folder);
    const [program, ...args] = switchCommand(row.between, system, path);
    // vde_switch ends with its standard input.
    const process = host.spawn(program, args, { input: true });
    const middle = new Middle(process, folder);
    try {
      await waitUntilJoinable(path, process);
      return middle;
    } catch (error) {
      await middle[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.terminate();
    await Deno.remove(this.folder, { recursive: true });
  }
}

function switchPath(folder: string): string {
  return join(folder, "sw");
}

async function waitUntilJoinable(
  path: string,
  madeBy: LabProcess,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (madeBy.status === undefined && performance.now() < deadline) {
    if (await isListening(join(path, "ctl"))) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new LabError(
    `Cannot join "${path}" of "${madeBy.title}": ${madeBy.report()}`,
  );
}

/**
 * Whether a control socket takes connections: vde_switch's has its name a
 * moment before. Asked by connecting, and not of /proc/net/unix, since our
 * switch's socket is bound under another name, and then moved into place.
 */
async function isListening(path: string): Promise<boolean> {
  try {
    using _connection = await Deno.connect({ transport: "unix", path });
    return true;
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.ConnectionRefused;
    if (!isAbsent) throw error;
    return false;
  }
}
