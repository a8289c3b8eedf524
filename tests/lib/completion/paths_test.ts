import { assertEquals } from "@std/assert";
import { offerPaths, usualSwitches } from "../../../lib/completion/paths.ts";
import { HERE } from "./fixture.ts";

const CASES: readonly {
  readonly name: string;
  readonly kind: "file" | "folder" | "switch";
  readonly typed: string;
  readonly want: readonly string[];
}[] = [
  {
    name: "files here",
    kind: "file",
    typed: "",
    want: ["file1", "net/", "own/"],
  },
  { name: "hidden files", kind: "file", typed: ".h", want: [".hidden"] },
  { name: "folders here", kind: "folder", typed: "", want: ["net/", "own/"] },
  {
    name: "the root",
    kind: "folder",
    typed: "/",
    want: ["/run/", "/tmp/", "/etc/"],
  },
  {
    name: "files in a folder",
    kind: "file",
    typed: "/tmp/",
    want: ["/tmp/sw/", "/tmp/a b/", "/tmp/x[1]/", "/tmp/note"],
  },
  {
    name: "what begins so",
    kind: "file",
    typed: "/tmp/n",
    want: ["/tmp/note"],
  },
  { name: "nothing that is not there", kind: "file", typed: "/no/", want: [] },
  {
    name: "switches that run, here and where they usually are",
    kind: "switch",
    typed: "",
    want: ["/run/vde1", "/tmp/sw", "/home/u/.vde2/office", "own"],
  },
  {
    name: "switches, and folders that may have some",
    kind: "switch",
    typed: "/run/v",
    want: ["/run/vde1", "/run/vdx/"],
  },
];

for (const { name, kind, typed, want } of CASES) {
  Deno.test(`offerPaths() offers ${name}`, () => {
    const words = offerPaths(typed, kind, HERE).map(({ word }) => word);
    assertEquals(words, want);
  });
}

Deno.test("usualSwitches() does without a home", () => {
  const words = usualSwitches({ ...HERE, home: undefined });
  assertEquals(words.map(({ word }) => word), ["/run/vde1", "/tmp/sw"]);
});

Deno.test("usualSwitches() looks at a part of a folder that is full", () => {
  const entries = Array.from({ length: 5000 }, (_, index) => ({
    name: `${index}`,
    isFolder: true,
  }));
  let asked = 0;
  usualSwitches({
    ...HERE,
    home: undefined,
    entries: (folder) => folder === "/tmp" ? entries : [],
    isSwitch: () => ++asked < 0,
  });
  // And /var/run/vde.ctl.
  assertEquals(asked, 1001);
});
