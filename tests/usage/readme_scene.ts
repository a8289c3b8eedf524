/**
 * Scenes: what README.md says to type, and what it says comes of it.
 *
 * @module
 */

import { labTest } from "../lab/mod.ts";
import { Stage } from "./readme_stage.ts";

/** Some commands of README.md, and how it is shown that they work. */
export interface Scene {
  /** What comes of them. */
  readonly name: string;
  /** Lines of one block, all of them, as they stand there. */
  readonly block?: readonly string[];
  /** Commands in sentences, as they stand there. */
  readonly spans?: readonly string[];
  /** Why it cannot be shown here. */
  readonly skip?: string;
  /** Shows it, where that takes no hosts. */
  readonly check?: () => Promise<void>;
  /** Shows it on hosts. */
  readonly run?: (stage: Stage) => Promise<void>;
}

/** Registers a scene. Whatever it has left running ends with its hosts. */
export function sceneTest({ name, skip, check, run }: Scene): void {
  const title = `README.md: ${name}`;
  if (check !== undefined) Deno.test(title, check);
  if (run === undefined) return;
  labTest(title, skip, async (lab) => {
    await using stage = await Stage.create(lab);
    try {
      await run(stage);
    } finally {
      await stage.end();
    }
  });
}
