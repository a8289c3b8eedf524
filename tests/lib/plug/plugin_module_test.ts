import { assertEquals, assertRejects } from "@std/assert";
import { importTable } from "../../../lib/plug/plugin_module.ts";

const PLUGIN = `{
  scheme: "mine",
  summary: "x",
  syntax: { form: "slash", keys: [] },
  open() {},
}`;

const GOOD = [
  { name: "a plugin", text: `export const plugin = ${PLUGIN};` },
  { name: "a table", text: "export const plugins = { mine: async () => {} };" },
  { name: "a plugin by default", text: `export default ${PLUGIN};` },
];

for (const { name, text } of GOOD) {
  Deno.test(`importTable() takes ${name}`, async () => {
    const table = await importTable(`data:text/javascript,${text}`);
    assertEquals(Object.keys(table), ["mine"]);
  });
}

const MISSING = "as a plugin module exports a plugin, plugin, or a table of " +
  "schemes and loaders, plugins: found";
const RULE =
  'which is not lower-case letters, digits, "_" and "-", a letter or a digit first';

const BAD = [
  {
    name: "a default export that is a plugin without a scheme",
    text: 'export default { summary: "x" };',
    includes:
      `${MISSING} a default export alone, which needs the name "plugin"`,
  },
  {
    name: "a default export that is a table",
    text: "export default { mine: async () => {} };",
    includes:
      `${MISSING} a default export alone, which needs the name "plugins"`,
  },
  {
    name: "a default export that is no object",
    text: "export default 5;",
    includes:
      `${MISSING} a default export alone, which needs the name "plugin"`,
  },
  {
    name: "no export",
    text: "export {};",
    includes: `${MISSING} no export "plugins"`,
  },
  {
    name: "a plugin without a scheme",
    text: 'export const plugin = { summary: "x" };',
    includes: "as a plugin module: found a plugin without a scheme",
  },
  {
    name: "a scheme with capitals",
    text: 'export const plugin = { scheme: "Mine" };',
    includes: `found the scheme "Mine", ${RULE}`,
  },
  {
    name: "a scheme with capitals in a table",
    text: "export const plugins = { Mine: async () => {} };",
    includes: `found the scheme "Mine", ${RULE}`,
  },
];

for (const { name, text, includes } of BAD) {
  Deno.test(`importTable() tells what it found: ${name}`, async () => {
    const url = `data:text/javascript,${text}`;
    await assertRejects(() => importTable(url), TypeError, includes);
  });
}
