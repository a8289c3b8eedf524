import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { PlugError } from "../../../lib/plug/errors.ts";
import { locateVnl, type Places } from "../../../lib/plug/locate.ts";

/** Files by their paths: the text of a regular file, undefined for something else. */
type Tree = Readonly<Record<string, string | undefined>>;

function places(tree: Tree, home = "/home/u"): Places {
  return {
    home: () => home,
    kind(path) {
      if (!Object.hasOwn(tree, path)) return undefined;
      return tree[path] === undefined ? "other" : "file";
    },
    firstLine: (path) => (tree[path] ?? "").split("\n")[0],
  };
}

const NEW_DEFAULT = "/home/u/.vdeplug/default";
const OLD_DEFAULT = "/home/u/.vde2/default.switch";

/** What is given, what there is, and what it means. */
const CASES: readonly {
  readonly name: string;
  readonly text: string;
  readonly tree?: Tree;
  readonly home?: string;
  readonly vnl: string;
  readonly isGuess?: boolean;
}[] = [
  {
    name: "leaves a VNL as it is",
    text: "tap://t0",
    tree: { "tap://t0": "null://" },
    vnl: "tap://t0",
  },
  { name: "leaves an unknown scheme as it is", text: "no://x", vnl: "no://x" },
  { name: "takes nothing for the host's switch", text: "", vnl: "vde://" },
  {
    name: "takes nothing for the host's switch without a home",
    text: "",
    home: "",
    tree: { "/.vdeplug/default": "null://" },
    vnl: "vde://",
  },
  {
    name: "takes nothing for the VNL in ~/.vdeplug/default",
    text: "",
    tree: { [NEW_DEFAULT]: "vxvde://\n", [OLD_DEFAULT]: "null://\n" },
    vnl: "vxvde://",
  },
  {
    name: "takes nothing for the VNL in ~/.vde2/default.switch",
    text: "",
    tree: { [OLD_DEFAULT]: "null://\n" },
    vnl: "null://",
  },
  {
    name: "takes nothing for a switch that stands in the default's place",
    text: "",
    tree: { [OLD_DEFAULT]: undefined },
    vnl: `vde://${OLD_DEFAULT}`,
  },
  {
    name: "takes a default's path for a switch",
    text: "",
    tree: { [OLD_DEFAULT]: "/run/sw\n", "/run/sw": undefined },
    vnl: "vde:///run/sw",
  },
  {
    name: "takes a file for the VNL in its first line",
    text: "net",
    tree: { net: "vxvde://239.1.2.3/port=1\ntap://t0\n" },
    vnl: "vxvde://239.1.2.3/port=1",
  },
  {
    name: "takes a line without its blanks and its line end",
    text: "net",
    tree: { net: " null:// \r\n" },
    vnl: "null://",
  },
  {
    name: "follows files that name files",
    text: "a",
    tree: { a: "/etc/b", "/etc/b": "c", c: "null://" },
    vnl: "null://",
  },
  {
    name: "follows an empty file to the default",
    text: "a",
    tree: { a: "", [NEW_DEFAULT]: "null://" },
    vnl: "null://",
  },
  {
    name: "takes a folder for a switch",
    text: "/run/sw",
    tree: { "/run/sw": undefined },
    vnl: "vde:///run/sw",
  },
  {
    name: "quotes the path of a folder",
    text: "/run/my [sw]{1}%20'\"=\\",
    tree: { "/run/my [sw]{1}%20'\"=\\": undefined },
    vnl: "vde:///run/my %5bsw%5d%7b1%7d%2520%27%22%3d%5c",
  },
  {
    name: "takes what does not exist for a switch",
    text: "/run/sw",
    vnl: "vde:///run/sw",
    isGuess: true,
  },
  {
    name: "leaves a switch its parameters",
    text: "/run/sw[12]",
    tree: { "/run/sw": undefined },
    vnl: "vde:///run/sw[12]",
    isGuess: true,
  },
  {
    name: "takes :// behind a slash for a part of a path",
    text: "./a://b",
    tree: { "./a://b": undefined },
    vnl: "vde://./a://b",
  },
];

for (const { name, text, tree = {}, home, vnl, isGuess = false } of CASES) {
  Deno.test(`locateVnl() ${name}`, () => {
    assertEquals(locateVnl(text, places(tree, home)), { vnl, isGuess });
  });
}

const CIRCLES: readonly { readonly text: string; readonly tree: Tree }[] = [
  { text: "a", tree: { a: "a" } },
  { text: "a", tree: { a: "b", b: "c", c: "b" } },
  { text: "", tree: { [NEW_DEFAULT]: "" } },
  { text: "", tree: { [NEW_DEFAULT]: NEW_DEFAULT } },
  { text: "a", tree: { a: "", [OLD_DEFAULT]: "a" } },
];

for (const { text, tree } of CIRCLES) {
  Deno.test(`locateVnl() refuses the circle ${JSON.stringify(tree)}`, () => {
    const error = assertThrows(
      () => locateVnl(text, places(tree)),
      PlugError,
      `Cannot open "${text}" as a file's first line must lead to a VNL`,
    );
    assertEquals(error.code, "ELOOP");
    for (const path of Object.keys(tree)) {
      assertStringIncludes(error.message, `"${path}"`);
    }
  });
}
