/**
 * Debian's `vde_switch`, driven over its console.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { LabError, type LabProcess, spawn } from "../lab/mod.ts";
import { eventually } from "./nodes.ts";

/**
 * The longest frame that vde_switch (2.3.2) carries: it cuts longer ones to
 * this. An MTU above 1500 takes another switch.
 */
export const VDE_SWITCH_FRAME_BYTES = 1518;

/** What a console command answers at its end: a number and words. */
const RESULT = /^(1\d{3}) .*$/m;
const SUCCESS = "1000";

/** `__SO_ACCEPTCON` among the flags of /proc/net/unix. */
const LISTENS = " 00010000 ";

/** A running vde_switch. Disposing kills it. */
export class VdeSwitch implements AsyncDisposable {
  private constructor(
    readonly directory: string,
    readonly process: LabProcess,
  ) {}

  /**
   * Starts one and waits until it can be joined.
   *
   * @param directory Where it is to be; its parent exists.
   * @param before Words in front of the command line: another program that runs it.
   */
  static async start(
    directory: string,
    args: readonly string[] = [],
    before: readonly string[] = [],
  ): Promise<VdeSwitch> {
    const command = [...before, "vde_switch", "-s", directory, ...args];
    // Its console is standard input, whose end, in turn, is the switch's.
    const process = spawn(command, { input: true });
    const started = new VdeSwitch(directory, process);
    await eventually(`switch "${directory}"`, () => {
      if (process.status !== undefined) throw new LabError(process.report());
      return started.isServing() ? true : undefined;
    });
    return started;
  }

  /** Whether somebody listens at its control socket: it has its name a moment before. */
  isServing(): boolean {
    const sockets = Deno.readTextFileSync("/proc/net/unix").split("\n");
    return sockets.some((line) =>
      line.includes(LISTENS) && line.endsWith(` ${this.directory}/ctl`)
    );
  }

  /** Runs a console command; gives what it printed. */
  async command(line: string): Promise<string> {
    const { length } = this.process.stdout;
    await this.process.write(new TextEncoder().encode(`${line}\n`));
    const output = await eventually(`result of "${line}"`, () => {
      const output = this.process.stdout.slice(length);
      return RESULT.test(output) ? output : undefined;
    });
    assertEquals(output.match(RESULT)?.[1], SUCCESS, `${line}: ${output}`);
    return output;
  }

  /** Names in its folder that are not its own sockets, sorted. */
  strangeNames(): string[] {
    return Array.from(Deno.readDirSync(this.directory), ({ name }) => name)
      .filter((name) => !/^(ctl|\d{3,}\.\d+)$/.test(name))
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}
