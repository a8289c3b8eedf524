import { assertEquals } from "@std/assert";
import { findPluginFault } from "../../../lib/plug/plugin_shape.ts";

const PLUGIN = {
  scheme: "x",
  summary: "Made up.",
  syntax: { form: "slash", address: "A", keys: [] },
  open: () => {},
};

const KINDS = [
  undefined,
  "interface",
  "tap",
  "macvtap",
  "switch",
  "file",
  "folder",
  "group",
];

for (const kind of KINDS) {
  Deno.test(`findPluginFault() takes ${kind} as what a shell offers`, () => {
    const key = { name: "k", type: "text", summary: "a key", completes: kind };
    const syntax = { ...PLUGIN.syntax, addressCompletes: kind, keys: [key] };
    assertEquals(findPluginFault({ ...PLUGIN, syntax }, "x"), undefined);
  });
}

for (const kind of ["tun", "toString", 1, null]) {
  Deno.test(`findPluginFault() refuses ${kind} as what a shell offers`, () => {
    const end = `completes "${kind}", which is none of interface, tap, ` +
      "macvtap, switch, file, folder, group";
    const address = { ...PLUGIN.syntax, addressCompletes: kind };
    assertEquals(
      findPluginFault({ ...PLUGIN, syntax: address }, "x"),
      `found that the address ${end}`,
    );
    const key = { name: "k", type: "text", summary: "a key", completes: kind };
    assertEquals(
      findPluginFault({
        ...PLUGIN,
        syntax: { ...PLUGIN.syntax, keys: [key] },
      }, "x"),
      `found that the key "k" ${end}`,
    );
  });
}

for (const description of [undefined, [], ["One.", "Two."]]) {
  Deno.test(`findPluginFault() takes ${JSON.stringify(description)} as a description`, () => {
    assertEquals(findPluginFault({ ...PLUGIN, description }, "x"), undefined);
  });
}

for (const description of ["Text.", [1], [""], [" \n"], null, {}]) {
  Deno.test(`findPluginFault() refuses ${JSON.stringify(description)} as a description`, () => {
    assertEquals(
      findPluginFault({ ...PLUGIN, description }, "x"),
      "found a description that is no array of texts",
    );
  });
}
