/**
 * The example of a plugin before another network, as authors find it.
 *
 * @module
 */

const AUTHOR = new URL("../../../lib/kit/author.ts", import.meta.url);

/** What its import of types is to lead to. */
export const PLUGIN_TYPES: Readonly<Record<string, string>> = {
  "@vdeplug/vdeplug/plugin": AUTHOR.href,
};

/**
 * Writes it to a file.
 *
 * @param folder Where to.
 * @returns The path.
 * @throws {TypeError} If there is none.
 */
export function writeDelayPlugin(folder: string): string {
  const comment = Deno.readTextFileSync(AUTHOR).replaceAll(/^ \* ?/gm, "");
  const examples = comment.matchAll(/^```ts.*\n([^]*?)^```/gm);
  const text = Array.from(examples, ([, code]) => code)
    .find((code) => code.includes('scheme: "delay"'));
  if (text === undefined) {
    throw new TypeError(`Cannot find "delay" in ${AUTHOR}: no example has it`);
  }
  const path = `${folder}/vdeplug_delay.ts`;
  Deno.writeTextFileSync(path, text);
  return path;
}
