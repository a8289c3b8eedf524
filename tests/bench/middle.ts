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
      await waitForFile(join(path, "ctl"), process);
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

async function waitForFile(path: string, madeBy: LabProcess): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (madeBy.status === undefined && performance.now() < deadline) {
    try {
      await Deno.lstat(path);
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new LabError(
    `Cannot find "${path}" of "${madeBy.title}": ${madeBy.report()}`,
  );
}
