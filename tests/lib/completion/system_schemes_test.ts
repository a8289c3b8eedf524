import { assertEquals } from "@std/assert";
import {
  findSchemes,
  type SchemePlaces,
} from "../../../lib/completion/system_schemes.ts";

const FOLDER = "/own";

function text(scheme: string, more = ""): string {
  return `${more}
const syntax = { form: "slash", address: "A", keys: [] };
const make = (scheme) => ({ scheme, summary: "about " + scheme, syntax, open() {} });
export const plugins = { ${scheme}: () => Promise.resolve(make("${scheme}")) };`;
}

function url(scheme: string, more?: string): string {
  return `data:text/javascript,${encodeURIComponent(text(scheme, more))}`;
}

/** Files of which none is there: whoever loads one finds nothing. */
const PLACES: SchemePlaces = {
  builtIn: [url("one"), url("other")],
  modules: {
    env: (name) => name === "VDEPLUG_PLUGIN_PATH" ? FOLDER : undefined,
    cwd: () => "/work",
    isFile: (path) => path === `${FOLDER}/vdeplug_own.js`,
    names: () => ["vdeplug_own.js", "vdeplug_own_test.js"],
    extensions: ["js"],
  },
  native: {
    env: () => undefined,
    libraryFolder: () => "/lib64",
    multiarch: "x",
    isFile: (path) => path.startsWith("/lib64/vdeplug/"),
    names: (folder) =>
      folder === "/lib64/vdeplug"
        ? ["libvdeplug_oct.so", "libvdeplug_one.so", "readme"]
        : [],
  },
  summaries: true,
};

Deno.test("findSchemes() lists built-in, own and native ones, each once", async () => {
  const list = await findSchemes([], PLACES).list("");
  assertEquals(list, [
    { word: "one", summary: "about one" },
    { word: "other", summary: "about other" },
    { word: "own", summary: "/own/vdeplug_own.js" },
    { word: "oct", summary: "/lib64/vdeplug/libvdeplug_oct.so" },
  ]);
});

Deno.test("findSchemes() lists those that begin so", async () => {
  const list = await findSchemes([], PLACES).list("o");
  assertEquals(list.length, 4);
  const fewer = await findSchemes([], PLACES).list("ot");
  assertEquals(fewer.map(({ word }) => word), ["other"]);
});

Deno.test("findSchemes() loads no plugin for a list without summaries", async () => {
  const fails = `export const plugins = { one() { throw "loaded"; } };`;
  const builtIn = [`data:text/javascript,${encodeURIComponent(fails)}`];
  const places = { ...PLACES, builtIn, summaries: false };
  const [first] = await findSchemes([], places).list("one");
  assertEquals(first, { word: "one", summary: undefined });
  // And one that cannot be loaded is listed without.
  const [same] = await findSchemes([], { ...places, summaries: true })
    .list("one");
  assertEquals(same, { word: "one", summary: undefined });
});

Deno.test("findSchemes() knows what the VNLs of each look like", async () => {
  const schemes = findSchemes([], PLACES);
  assertEquals((await schemes.syntax("one"))?.form, "slash");
  assertEquals((await schemes.syntax("oct"))?.form, "raw");
  assertEquals(await schemes.syntax("nope"), undefined);
  // Its file is not there after all.
  assertEquals(await schemes.syntax("own"), undefined);
});

Deno.test("findSchemes() knows the plugins that a line names, as far as they can be loaded", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const file = `${folder}/given.js`;
    Deno.writeTextFileSync(file, text("given"));
    Deno.writeTextFileSync(`${folder}/bad.js`, "export const plugin = 1;");
    const named = [
      "",
      `${folder}/bad.js`,
      "nowhere.js",
      // Nothing answers there, and nothing is asked.
      "https://192.0.2.1/x.js",
      file,
    ];
    const schemes = findSchemes(named, PLACES);
    const list = await schemes.list("g");
    assertEquals(list, [{ word: "given", summary: "about given" }]);
    assertEquals((await schemes.syntax("given"))?.form, "slash");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
