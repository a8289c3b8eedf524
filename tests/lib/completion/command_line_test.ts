import { assert, assertEquals } from "@std/assert";
import type { CommandPage, Operand } from "../../../lib/cli/page.ts";
import type { OptionSpec } from "../../../lib/cli/getopt.ts";
import {
  completeCommandLine,
  type Sources,
} from "../../../lib/completion/command_line.ts";
import { HERE, SCHEMES } from "./fixture.ts";

const HELP: OptionSpec = { name: "help", letter: "h", summary: "the text" };
const PLUGIN: OptionSpec = {
  name: "plugin",
  value: "FILE",
  summary: "a plugin",
  completes: "file",
};
const PIDFILE: OptionSpec = {
  name: "pidfile",
  letter: "p",
  value: "FILE",
  summary: "a file",
  completes: "file",
};
const CABLE: readonly OptionSpec[] = [
  { name: "verbose", letter: "v", summary: "more" },
  PIDFILE,
  {
    name: "group",
    letter: "g",
    value: "GROUP",
    summary: "who",
    completes: "group",
  },
  { name: "mod", letter: "m", value: "OCTAL", summary: "bits" },
  { name: "stats", value: "N", standard: "1", summary: "counters" },
  PLUGIN,
  HELP,
];

function operand(completes: Operand["completes"], repeats = false): Operand {
  return { name: completes.toUpperCase(), summary: "text", completes, repeats };
}

function page(
  operands: readonly Operand[],
  options: readonly OptionSpec[] = [HELP],
): () => Promise<CommandPage> {
  return () =>
    Promise.resolve({
      name: "x",
      summary: "does it",
      usage: [],
      description: [],
      operands,
      options,
      exitStatus: "0",
    });
}

const asked: string[][] = [];
const SOURCES: Sources = {
  pages: {
    vdeplug: page([operand("vnl"), operand("vnl or =")], CABLE),
    ping: page([operand("vnl"), operand("none")], [
      { name: "c", value: "COUNT", summary: "how often" },
      { name: "from", value: "ADDRESS", summary: "where from" },
      HELP,
    ]),
    switch: page([operand("switch folder")], CABLE),
    plugins: page([operand("scheme", true)], [PLUGIN, HELP]),
    man: page([operand("page")], [
      { name: "folder", value: "DIR", summary: "where", completes: "folder" },
      HELP,
    ]),
    completion: page([operand("shell")]),
    dpipe: page([operand("command line", true)], [PIDFILE, HELP]),
    vde_plug: page([operand("vnl or ="), operand("vnl or =")], CABLE),
  },
  schemes(plugins) {
    asked.push([...plugins]);
    return SCHEMES;
  },
  here: HERE,
};

const COMMANDS = [
  "ping",
  "switch",
  "plugins",
  "man",
  "completion",
  "dpipe",
  "vde_plug",
];
const NAMES = [
  "lan",
  "tap",
  "macvtap",
  "vde",
  "switch",
  "wrap",
  "native",
  "null",
];
const ENDS = NAMES.map((name) => `${name}://`);
const RUNNING = ["/run/vde1", "/tmp/sw", "/home/u/.vde2/office", "own"];

const CASES: readonly {
  readonly name: string;
  /** Words as a shell would part them at blanks; `_` is an empty word. */
  readonly line: string;
  readonly want: readonly string[];
}[] = [
  {
    name: "commands, schemes and switches",
    line: "vdeplug _",
    want: [...COMMANDS, ...ENDS, ...RUNNING],
  },
  {
    name: "all by its first letters",
    line: "vdeplug s",
    want: ["switch", "switch://"],
  },
  { name: "commands behind --verbose", line: "vdeplug -v pi", want: ["ping"] },
  {
    name: "no commands behind other options",
    line: "vdeplug -g x pi",
    want: [],
  },
  { name: "no commands behind --", line: "vdeplug -- pi", want: [] },
  {
    name: "options",
    line: "vdeplug --",
    want: [
      "--verbose",
      "--pidfile",
      "--group",
      "--mod",
      "--stats",
      "--stats=",
      "--plugin",
      "--help",
    ],
  },
  {
    name: "options behind operands",
    line: "vdeplug lan:// --pi",
    want: ["--pidfile"],
  },
  {
    name: "no option twice but --plugin",
    line: "vdeplug -v --pidfile x --plugin y --p",
    want: ["--plugin"],
  },
  { name: "no options behind --", line: "vdeplug -- --p", want: [] },
  {
    name: "options without a long name",
    line: "vdeplug ping -",
    want: ["-c", "--from", "--help"],
  },
  { name: "groups", line: "vdeplug -g k", want: ["kvm"] },
  {
    name: "groups in the word",
    line: "vdeplug --group=k",
    want: ["--group=kvm"],
  },
  { name: "groups behind a letter", line: "vdeplug -vgk", want: ["-vgkvm"] },
  {
    name: "the sign of a command for the second end",
    line: "vdeplug lan:// _",
    want: [...ENDS, "=", ...RUNNING],
  },
  { name: "no third end", line: "vdeplug lan:// tap:// _", want: [] },
  { name: "the sign by itself", line: "vdeplug lan:// =", want: ["="] },
  { name: "files by their paths", line: "vdeplug /tmp/n", want: ["/tmp/note"] },
  {
    name: "a switch, and not what is in it",
    line: "vdeplug /tmp/s",
    want: ["/tmp/sw"],
  },
  { name: "keys", line: "vdeplug tap://x[m", want: ["tap://x[mtu="] },
  {
    name: "commands and schemes for help",
    line: "vdeplug --help s",
    want: ["switch"],
  },
  { name: "schemes for help", line: "vdeplug tap --help l", want: ["lan"] },
  { name: "the network to ping", line: "vdeplug ping ta", want: ["tap://"] },
  { name: "no address to ping", line: "vdeplug ping tap:// _", want: [] },
  {
    name: "kinds of switches, and folders",
    line: "vdeplug switch _",
    want: ["switch://", "net/", "own/"],
  },
  {
    name: "keys of a switch without its scheme",
    line: "vdeplug switch /tmp/x[m",
    want: ["/tmp/x[mtu="],
  },
  {
    name: "keys of a switch with its scheme",
    line: "vdeplug switch switch://x[m",
    want: ["switch://x[mtu="],
  },
  {
    name: "new, and schemes",
    line: "vdeplug plugins n",
    want: ["new", "native", "null"],
  },
  {
    name: "more schemes",
    line: "vdeplug plugins tap n",
    want: ["native", "null"],
  },
  { name: "no name of a new plugin", line: "vdeplug plugins new _", want: [] },
  {
    name: "pages",
    line: "vdeplug man s",
    want: ["switch"],
  },
  {
    name: "shells",
    line: "vdeplug completion _",
    want: ["bash", "fish", "zsh"],
  },
  {
    name: "the options of vde_plug",
    line: "vde_plug --pi",
    want: ["--pidfile"],
  },
  {
    name: "the ends of vde_plug",
    line: "/usr/bin/vde_plug ta",
    want: ["tap://"],
  },
  { name: "no commands of vde_plug", line: "vde_plug pi", want: [] },
  { name: "the options of dpipe", line: "dpipe --pi", want: ["--pidfile"] },
  {
    name: "our programs behind a sign",
    line: "vdeplug lan:// = vde_plug tap://x[m",
    want: ["tap://x[mtu="],
  },
  {
    name: "our programs in dpipe",
    line: "dpipe -p x vde_plug lan:// =} ls }= /bin/vdeplug pi",
    want: ["ping"],
  },
  {
    name: "dpipe as a command",
    line: "vdeplug dpipe vde_plug ta",
    want: ["tap://"],
  },
];

function typed(line: string): { program: string; words: string[] } {
  const [program, ...words] = line.split(" ");
  return { program, words: words.map((word) => word === "_" ? "" : word) };
}

for (const { name, line, want } of CASES) {
  Deno.test(`completeCommandLine() offers ${name}`, async () => {
    const offer = await completeCommandLine(typed(line), SOURCES);
    assertEquals(offer.candidates.map(({ word }) => word), want);
    assertEquals(offer.handOver, undefined);
  });
}

const HANDED: readonly {
  readonly line: string;
  readonly to: "files" | "folders" | "command";
  readonly from: number;
}[] = [
  { line: "vdeplug --pidfile _", to: "files", from: 0 },
  { line: "vdeplug --pidfile=ru", to: "files", from: 10 },
  { line: "vdeplug -vpx", to: "files", from: 3 },
  { line: "vdeplug ~/x", to: "files", from: 0 },
  { line: "vdeplug switch ~/x", to: "folders", from: 0 },
  { line: "vdeplug man --folder=x", to: "folders", from: 9 },
  { line: "vdeplug plugins new x _", to: "folders", from: 0 },
  { line: "vdeplug lan:// = _", to: "command", from: 2 },
  { line: "vdeplug -v lan:// = ssh host ls", to: "command", from: 3 },
  { line: "vdeplug lan:// = vde_plug", to: "command", from: 2 },
  { line: "vde_plug = ls -", to: "command", from: 1 },
  { line: "dpipe _", to: "command", from: 0 },
  { line: "dpipe -p x ls -", to: "command", from: 2 },
  { line: "dpipe a =} b }={ c {= d e", to: "command", from: 6 },
  { line: "vdeplug dpipe a = b", to: "command", from: 3 },
  { line: "vdeplug dpipe vde_plug lan:// = b", to: "command", from: 4 },
  { line: "vdeplug lan:// = vde_plug --pidfile _", to: "files", from: 0 },
];

for (const { line, to, from } of HANDED) {
  Deno.test(`completeCommandLine() hands over at "${line}"`, async () => {
    const offer = await completeCommandLine(typed(line), SOURCES);
    assertEquals(offer.candidates, []);
    assertEquals(offer.handOver, { to, from });
  });
}

const MESSAGES = [
  { line: "vdeplug -m _", want: "OCTAL: bits" },
  { line: "vdeplug --mod=6", want: "OCTAL: bits" },
  { line: "vdeplug ping lan:// _", want: "NONE: text" },
  { line: "vdeplug plugins new _", want: "NAME: scheme of the new plugin" },
  { line: "vdeplug lan://", want: "GROUP: the group" },
] as const;

for (const { line, want } of MESSAGES) {
  Deno.test(`completeCommandLine() says what is to be typed at "${line}"`, async () => {
    const offer = await completeCommandLine(typed(line), SOURCES);
    assertEquals(offer.message, want);
  });
}

Deno.test("completeCommandLine() asks for schemes of plugins that the line names", async () => {
  asked.length = 0;
  const line = typed("vdeplug --plugin a.ts tap:// --plugin=b.ts l");
  await completeCommandLine(line, SOURCES);
  assertEquals(asked, [["a.ts", "b.ts"]]);
});

Deno.test("completeCommandLine() takes whatever is typed", async () => {
  const words = [
    "",
    "-",
    "--",
    "=",
    "--pidfile",
    "switch",
    "dpipe",
    "}={",
    "x",
  ];
  for (const program of ["vdeplug", "vde_plug", "dpipe", ""]) {
    for (const a of words) {
      for (const b of words) {
        for (const c of words) {
          const line = { program, words: [a, b, c] };
          const { candidates } = await completeCommandLine(line, SOURCES);
          assert(candidates.every(({ word }) => word.startsWith(c)));
        }
      }
    }
  }
});
