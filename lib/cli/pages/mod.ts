/**
 * The pages of all commands: the source of `--help`, of the manual and of what
 * shells complete. Loaded by those alone, each page when it is asked for.
 *
 * @module
 */

import type { CommandPage, Section } from "../page.ts";

/** Pages by the names of commands. */
export const COMMAND_PAGES: Readonly<
  Record<string, () => Promise<CommandPage>>
> = {
  vdeplug: mainPage,
  ping: async () => (await import("./ping.ts")).PING_PAGE,
  switch: async () => (await import("./switch.ts")).SWITCH_PAGE,
  plugins: async () => (await import("./plugins.ts")).PLUGINS_PAGE,
  man: async () => (await import("./man.ts")).MAN_PAGE,
  completion: async () => (await import("./completion.ts")).COMPLETION_PAGE,
  dpipe: async () => (await import("./dpipe.ts")).DPIPE_PAGE,
  vde_plug: async () => (await import("./vde_plug.ts")).VDE_PLUG_PAGE,
};

/** The main command's page, with a list of the others. */
async function mainPage(): Promise<CommandPage> {
  const { VDEPLUG_PAGE } = await import("./vdeplug.ts");
  const sections = [await commandsSection()];
  return { ...VDEPLUG_PAGE, sections };
}

async function commandsSection(): Promise<Section> {
  const { vdeplug: _main, ...others } = COMMAND_PAGES;
  const rows = Object.entries(others).map(async ([name, load]) =>
    [name, (await load()).summary] as const
  );
  return {
    title: "Commands",
    paragraphs: [
      "Each command has a --help of its own. A link to this program that is named " +
      "dpipe or vde_plug is that command.",
    ],
    rows: await Promise.all(rows),
  };
}
