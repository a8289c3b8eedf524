/** Everything that README.md says to type works as it is pasted. */

import { assertEquals } from "@std/assert";
import { readmeCommands } from "../readme/commands.ts";
import { MACHINE_SCENES } from "./readme_machines.ts";
import { NETWORK_SCENES } from "./readme_networks.ts";
import { sceneTest } from "./readme_scene.ts";
import { TOOL_SCENES } from "./readme_tools.ts";

const SCENES = [...TOOL_SCENES, ...NETWORK_SCENES, ...MACHINE_SCENES];

Deno.test("README.md has the commands that scenes show, and no others", async () => {
  const { blocks, spans } = await readmeCommands();
  const ofScenes = SCENES.flatMap(({ block }) => block ? [block] : []);
  const text = (lines: readonly string[]) => lines.join("\n");
  assertEquals(ofScenes.map(text).sort(), blocks.map(text).sort());
  assertEquals(
    SCENES.flatMap(({ spans = [] }) => spans).sort(),
    spans.toSorted(),
  );
});

for (const scene of SCENES) sceneTest(scene);
