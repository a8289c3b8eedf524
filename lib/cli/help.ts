/**
 * Help texts. What they are made of is loaded when somebody asks for them: a
 * cable carries none of it.
 *
 * @module
 */

import type { Registry } from "../plug/registry.ts";

/**
 * What `--help` of a command prints.
 *
 * @param name As in the table of pages.
 */
export async function commandHelp(name: string): Promise<string> {
  const { COMMAND_PAGES } = await import("./pages/mod.ts");
  const { pageText } = await import("./page_text.ts");
  return pageText(await COMMAND_PAGES[name]());
}

/**
 * The help text of the main command.
 *
 * @param registry All its schemes are listed.
 * @param topics Schemes or VNLs to explain instead.
 * @throws {TypeError} If a topic is no scheme.
 */
export async function helpText(
  registry: Registry,
  topics: readonly string[],
): Promise<string> {
  if (topics.length > 0) {
    const { describeSyntax } = await import("../plug/help.ts");
    const schemes = topics.map((topic) => topic.split(":")[0]);
    const plugins = await Promise.all(
      schemes.map((scheme) => registry.plugin(scheme)),
    );
    return plugins.map(describeSyntax).join("\n\n");
  }
  const { COMMAND_PAGES } = await import("./pages/mod.ts");
  const { pageText } = await import("./page_text.ts");
  const plugins = await registry.all();
  return pageText(await COMMAND_PAGES.vdeplug(), {
    behindOperands: {
      title: "Schemes",
      rows: plugins.map(({ scheme, summary }) => [`${scheme}://`, summary]),
    },
  });
}
