/**
 * The programs `vde_plug` and `dpipe`, Debian's or ours, in a folder to put in
 * front of PATH, with an `ssh` that stays on this host.
 *
 * @module
 */

import {
  type Availability,
  peerAvailable,
  searchPath,
  vdeplug,
} from "../lab/mod.ts";
import type { Tool } from "./dpipe_runs.ts";
import { eventually } from "./nodes.ts";

/** `ENOTEMPTY`, for which Deno has no class. */
const NOT_EMPTY = "os error 39";

/** Skips the host, and runs the command that follows it. */
const SSH = '#!/bin/sh\nshift\nexec "$@"\n';

/** A folder of one's own, also for files; disposing removes it. */
export class ToolFolder implements AsyncDisposable {
  private constructor(
    readonly tool: Tool,
    readonly path: string,
  ) {}

  static async make(tool: Tool): Promise<ToolFolder> {
    const path = await Deno.makeTempDir({ prefix: "vdeplug" });
    await Deno.mkdir(`${path}/bin`);
    const folder = new ToolFolder(tool, path);
    await folder.#addProgram("ssh", SSH);
    if (tool === "ours") {
      for (const name of ["vde_plug", "dpipe"]) {
        const words = vdeplug(name).map((word) => `'${word}'`).join(" ");
        await folder.#addProgram(name, `#!/bin/sh\nexec ${words} "$@"\n`);
      }
    }
    return folder;
  }

  async #addProgram(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.path}/bin/${name}`, text);
    await Deno.chmod(`${this.path}/bin/${name}`, 0o755);
  }

  /** Variables for programs that are to find the folder's first, and it as their home. */
  get env(): Record<string, string> {
    const path = `${this.path}/bin:${searchPath()}`;
    return { PATH: path, HOME: this.path };
  }

  /** A daemon of Debian's may make its process id file at any time: the folder goes when it is empty at last. */
  async [Symbol.asyncDispose](): Promise<void> {
    await eventually(`the end of "${this.path}"`, async () => {
      try {
        await Deno.remove(this.path, { recursive: true });
        return true;
      } catch (error) {
        if (!String(error).includes(NOT_EMPTY)) throw error;
      }
    });
  }
}

/** Whether a tool is there. */
export async function toolAvailable(tool: Tool): Promise<Availability> {
  if (tool === "ours") return { ok: true };
  const plug = await peerAvailable("vde_plug");
  return plug.ok ? await peerAvailable("dpipe") : plug;
}
