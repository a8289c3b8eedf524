/**
 * Pages of the manual as others read them: man(1), and mandoc(1) where it is
 * installed.
 */

import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import {
  type LabProcess,
  labTest,
  peerAvailable,
  reasonToSkip,
  spawn,
} from "../lab/mod.ts";
import { command, prepared } from "../interop/nodes.ts";

const noMan = await reasonToSkip(peerAvailable("man"), peerAvailable("groff"));
const noMandoc = await reasonToSkip(peerAvailable("mandoc"));
const noLexgrog = await reasonToSkip(peerAvailable("lexgrog"));

const ENVIRONMENT = { MANWIDTH: "80", LC_ALL: "C.UTF-8", MANPAGER: "cat" };
/** What formatters write for bold and underlined characters. */
// deno-lint-ignore no-control-regex -- these are what it is about
const FONTS = /\x1b\[[0-9;]*m|.\x08/gu;

/** Runs a program to its end. */
async function run(argv: readonly [string, ...string[]]): Promise<LabProcess> {
  const process = spawn(argv, { env: ENVIRONMENT });
  await process.exited;
  return process;
}

/** All pages, in a folder; gives their paths. */
class Manual implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly pages: readonly string[],
  ) {}

  static async write(): Promise<Manual> {
    await prepared();
    const folder = await Deno.makeTempDir({ prefix: "manual" });
    const manual = new Manual(folder, []);
    await using process = await run(command("ours", "man", "--folder", folder));
    if (process.status?.code !== 0) {
      await manual[Symbol.asyncDispose]();
      assertEquals(process.status?.code, 0, process.report());
    }
    const pages = ["man1", "man7"].flatMap((part) =>
      [...Deno.readDirSync(`${folder}/${part}`)].map(({ name }) =>
        `${folder}/${part}/${name}`
      )
    );
    return new Manual(folder, pages.sort());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A page as it is read. */
async function show(path: string): Promise<string> {
  await using process = await run(["man", "-l", path]);
  assertEquals([process.status?.code, process.stderr], [0, ""]);
  return process.stdout.replaceAll(FONTS, "");
}

labTest("man(1) shows every page without a warning", noMan, async () => {
  await using manual = await Manual.write();
  assert(manual.pages.length > 20, manual.pages.join(" "));
  for (const page of manual.pages) {
    const options = ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"];
    await using process = await run(["man", ...options, page]);
    assertEquals([process.status?.code, process.stderr], [0, ""], page);
  }
});

labTest(
  "man(1) shows pages in 80 columns, with what is typed in ASCII",
  noMan,
  async () => {
    await using manual = await Manual.write();
    for (const page of manual.pages) {
      const text = await show(page);
      for (const line of text.split("\n")) assertLess(line.length, 81, line);
      assertMatch(text, /^NAME\n +vdeplug\S* - \S/m);
      // No escape has become text.
      assert(!/\\[(\[fe&]/.test(text), page);
    }
    const main = await show(`${manual.folder}/man1/vdeplug.1`);
    for (
      const typed of [
        "       -p, --pidfile FILE\n",
        "       --stats[=SECONDS]\n",
        "~/.vdeplug/default",
        `       'TEXT', "TEXT"\n`,
        "       \\C     The character C",
        "vdeplug --stats vxvde://239.1.2.3 'udp://5000->gate.example:5000'\n",
      ]
    ) assert(main.includes(typed), typed);
  },
);

/** What others may declare: none of it is a request, an escape or a font. */
const HOSTILE = `export const plugin = {
  scheme: "hostile",
  summary: ".so /etc/passwd 'br \\\\fBx\\\\n(.g \\u2026 ~^\\\` -- \\"q\\" ends\\\\",
  syntax: {
    form: "bracket",
    address: ".TH \\\\",
    addressSummary: "'ignored\\n.ig",
    nested: "optional",
    keys: [
      { name: ".k\\\\", type: "text", placeholder: "-V", summary: "\\\\" },
      { name: "e", type: "flag", summary: "\\u00e9\\u{1f600}." },
    ],
    examples: [{ vnl: "hostile://\\\\'x'[-]", summary: ".de x" }],
  },
  open: () => { throw new TypeError("Cannot open it: never"); },
};`;

labTest(
  "man(1) shows the page of any plugin as what it says",
  noMan,
  async () => {
    await prepared();
    const folder = await Deno.makeTempDir();
    try {
      const file = `${folder}/x.js`;
      await Deno.writeTextFile(file, HOSTILE);
      const argv = command("ours", "man", "--plugin", file, "hostile");
      await using printed = await run(argv);
      assertEquals(printed.status?.code, 0, printed.report());
      const page = `${folder}/x.7`;
      await Deno.writeTextFile(page, printed.stdout);
      const options = ["--warnings", "-E", "UTF-8", "-l"];
      await using process = await run(["man", ...options, page]);
      assertEquals([process.status?.code, process.stderr], [0, ""]);
      const text = process.stdout.replaceAll(FONTS, "").replaceAll(/\s+/g, " ");
      for (
        const words of [
          '.so /etc/passwd \'br \\fBx\\n(.g … ~^` -- "q" ends\\',
          "SYNOPSIS hostile://.TH \\[.k\\=-V/e][{VNL}]",
          ".TH \\ 'ignored .ig.",
          ".k\\=-V \\. e é😀.",
          "hostile://\\'x'[-] .de x.",
        ]
      ) assert(text.includes(words), `${words}\n${text}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

labTest("vdeplug man prints to a pipe what man(1) shows", noMan, async () => {
  await prepared();
  const words = command("ours", "man", "vxvde").map((word) => `'${word}'`);
  await using process = await run([
    "sh",
    "-c",
    `${words.join(" ")} | man -l -`,
  ]);
  assertEquals([process.status?.code, process.stderr], [0, ""]);
  const text = process.stdout.replaceAll(FONTS, "");
  assertMatch(text, /^VDEPLUG-VXVDE\(7\) /);
  assertMatch(text, /^ +vxvde:\/\/\[GROUP\]\[\/v4\]/m);
  assertMatch(text, /^ +expiretime=SECONDS$/m);
});

labTest("mandoc(1) has nothing to say against any page", noMandoc, async () => {
  await using manual = await Manual.write();
  const options = ["-T", "lint", "-W", "warning"];
  await using process = await run(["mandoc", ...options, ...manual.pages]);
  assertEquals([process.status?.code, process.stdout], [0, ""]);
});

labTest(
  "lexgrog(1) finds name and summary of every page",
  noLexgrog,
  async () => {
    await using manual = await Manual.write();
    await using process = await run(["lexgrog", ...manual.pages]);
    assertEquals(process.status?.code, 0, process.report());
    const lines = process.stdout.trimEnd().split("\n");
    assertEquals(lines.length, manual.pages.length, process.stdout);
    for (const [index, line] of lines.entries()) {
      const [, name] = /\/([^/]+)\.\d$/.exec(manual.pages[index]) ?? [];
      assert(line.includes(`: "${name} - `), line);
    }
  },
);
