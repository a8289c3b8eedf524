/**
 * Command lines, side by side: what Debian's programs make of them and what
 * ours do. Where the two differ, the row says why ours is better.
 */

import { assert, assertEquals } from "@std/assert";
import { prepareVdeplug, reasonToSkip, spawn } from "../lab/mod.ts";
import { TOOLS } from "./dpipe_runs.ts";
import { toolAvailable, ToolFolder } from "./tool_folder.ts";

await prepareVdeplug();

/** A command line that ends by itself, in an empty folder that is HOME too. */
interface Line {
  readonly line: string;
  /** Files of the folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Exit status of Debian's program. */
  readonly c: number;
  /** Of ours; the same unless given. */
  readonly ours?: number;
  /** Why ours differs. */
  readonly because?: string;
}

const HELP = "help that was asked for is no error, and goes to standard output";
const REFUSED = "a value that means nothing is refused, not overlooked";
const COMMAND_STATUS = "the command's exit status is passed on";
const BEHIND = "options behind the sign are the command's";
const DAEMON_ERRORS = "errors of a daemon are told, and its caller knows";
const PID_FILE = "a process id file that cannot be written is an error";

const LINES: readonly Line[] = [
  { line: "vde_plug -h", c: 255, ours: 0, because: HELP },
  { line: "vde_plug --help", c: 255, ours: 0, because: HELP },
  { line: "vde_plug --he", c: 255, ours: 0, because: HELP },
  { line: "dpipe --help", c: 143, ours: 0, because: HELP },
  // Wrong uses.
  { line: "vde_plug --frobnicate", c: 255 },
  { line: "vde_plug -x null://", c: 255 },
  { line: "vde_plug null:// -x", c: 255 },
  { line: "vde_plug -m", c: 255 },
  { line: "vde_plug --pidfile", c: 255 },
  { line: "vde_plug --log=1 null://", c: 255 },
  { line: "vde_plug --po 3 null://", c: 255 },
  { line: "vde_plug --port abc null://", c: 255 },
  { line: "vde_plug --port=-1 null://", c: 255 },
  { line: "vde_plug null:// null:// null://", c: 255 },
  { line: "vde_plug null:// null:// = true", c: 255 },
  {
    line: "vde_plug --port 99999999999 null://",
    c: 0,
    ours: 255,
    because: REFUSED,
  },
  { line: "vde_plug -m 999 null://", c: 0, ours: 255, because: REFUSED },
  { line: "vde_plug -M rwx null://", c: 0, ours: 255, because: REFUSED },
  { line: "vde_plug -g no-such null://", c: 0, ours: 255, because: REFUSED },
  {
    line: "vde_plug -D $(printf x%.0s $(seq 200)) null://",
    c: 0,
    ours: 255,
    because: REFUSED,
  },
  {
    line: "vde_plug null:// =",
    c: 1,
    ours: 255,
    because: "the sign without a command is no switch's path",
  },
  // As the usage text writes it, with one dash: the letter's value is "od".
  { line: "vde_plug -mod 0700 null://", c: 1, ours: 255, because: REFUSED },
  { line: "vde_plug -group root null://", c: 1, ours: 255, because: REFUSED },
  // Login shell.
  { line: "vde_plug -c", c: 255 },
  { line: "vde_plug -c sh", c: 255 },
  { line: "vde_plug -c ''", c: 255 },
  { line: "vde_plug -c 'vde_plug null://'", c: 255 },
  { line: "vde_plug -c 'vde_plug; sh'", c: 255 },
  { line: "vde_plug -c vde_plug", c: 1 },
  {
    line: "vde_plug -c vde_plug",
    files: { ".vdeplug/default": "null://\n" },
    c: 0,
  },
  // Streams, which end with their input.
  { line: "vde_plug null://", c: 0 },
  { line: "vde_plug -- null://", c: 0 },
  { line: "vde_plug --port=3 null://", c: 0 },
  { line: "vde_plug --port 3 null:// --port2 4", c: 0 },
  { line: "vde_plug -g root -m 0700 null://", c: 0 },
  { line: "vde_plug null:// -G root -M 700", c: 0 },
  { line: "vde_plug --group root --mod 0700 null://", c: 0 },
  { line: "vde_plug --descr 'my name' null://", c: 0 },
  { line: "vde_plug -Dme null://", c: 0 },
  { line: "vde_plug --log null://", c: 0 },
  { line: "vde_plug -l null:// --iplog", c: 0 },
  { line: "vde_plug -p pid null:// && [ ! -e pid ]", c: 0 },
  { line: "vde_plug null:// --pid=pid && [ ! -e pid ]", c: 0 },
  { line: "vde_plug -d null://", c: 0 },
  { line: "vde_plug null:// --dae", c: 0 },
  { line: "vde_plug -dlp pid null://", c: 0 },
  // Networks that are not there.
  { line: "vde_plug", c: 1 },
  { line: "vde_plug ''", c: 1 },
  { line: "vde_plug = true", c: 1 },
  { line: "vde_plug no-such:// null://", c: 1 },
  { line: "vde_plug null:// no-such://", c: 1 },
  { line: "vde_plug /no/such/switch null://", c: 1 },
  { line: "vde_plug no-such-switch", c: 1 },
  { line: "vde_plug -", c: 1 },
  {
    line: "vde_plug -d no-such:// null://",
    c: 0,
    ours: 1,
    because: DAEMON_ERRORS,
  },
  {
    line: "vde_plug -d /no/such/switch",
    c: 0,
    ours: 1,
    because: DAEMON_ERRORS,
  },
  { line: "vde_plug -p no/pid null://", c: 0, ours: 1, because: PID_FILE },
  { line: "vde_plug -dp no/pid null://", c: 0, ours: 1, because: PID_FILE },
  // Names of networks.
  { line: "vde_plug net", files: { net: "null://\n" }, c: 0 },
  { line: "vde_plug ./net", files: { net: "null://\nno-such://\n" }, c: 0 },
  {
    line: "vde_plug net",
    files: { net: "null://" },
    c: 1,
    ours: 0,
    because: "a file's last line may lack its end",
  },
  { line: "vde_plug net", files: { net: "no-such://\n" }, c: 1 },
  { line: "vde_plug net", files: { net: "other\n", other: "net\n" }, c: 1 },
  { line: "vde_plug", files: { ".vdeplug/default": "null://\n" }, c: 0 },
  { line: "vde_plug ''", files: { ".vdeplug/default": "null://\n" }, c: 0 },
  { line: "vde_plug", files: { ".vde2/default.switch": "null://\n" }, c: 0 },
  {
    line: "vde_plug",
    files: {
      ".vdeplug/default": "null://\n",
      ".vde2/default.switch": "no-such://\n",
    },
    c: 0,
  },
  {
    line: "vde_plug = cat",
    files: { ".vdeplug/default": "no-such://\n" },
    c: 1,
  },
  {
    line: "vde_plug net",
    files: { net: " null:// \n" },
    c: 1,
    ours: 0,
    because: "blanks around a VNL in a file are no part of it",
  },
  {
    line: "vde_plug net",
    files: { net: "other\n", other: "null://\n" },
    c: 1,
    ours: 0,
    because: "a file's line follows the rules of the command line",
  },
  // Commands.
  { line: "vde_plug null:// = true", c: 0 },
  { line: "vde_plug null:// -- = true", c: 0 },
  {
    line: "vde_plug = sh -c 'exit 0'",
    files: { ".vdeplug/default": "null://\n" },
    c: 255,
    ours: 0,
    because: BEHIND,
  },
  { line: "vde_plug null:// = false", c: 0, ours: 1, because: COMMAND_STATUS },
  {
    line: "vde_plug null:// = sh -c 'exit 7'",
    c: 255,
    ours: 7,
    because: BEHIND,
  },
  {
    line: "vde_plug null:// = no-such-command",
    c: 0,
    ours: 127,
    because: COMMAND_STATUS,
  },
  { line: "dpipe true = false", c: 1 },
  { line: "dpipe false = true", c: 0 },
];

for (const tool of TOOLS) {
  const skip = await reasonToSkip(toolAvailable(tool));
  for (const { line, files = {}, c, ours = c, because } of LINES) {
    const wanted = tool === "C" ? c : ours;
    const where = Object.entries(files)
      .map(([name, text]) => ` with ${name} ${JSON.stringify(text)}`).join("");
    const why = tool === "ours" && because ? `: ${because}` : "";
    Deno.test({
      name: `${line}${where} ends with ${wanted} (${tool})${why}`,
      ignore: skip !== undefined,
      fn: async () => {
        await using folder = await ToolFolder.make(tool);
        for (const [name, text] of Object.entries(files)) {
          await Deno.mkdir(`${folder.path}/${name}`.replace(/\/[^/]*$/, ""), {
            recursive: true,
          });
          await Deno.writeTextFile(`${folder.path}/${name}`, text);
        }
        const options = { cwd: folder.path, env: folder.env };
        // Debian's dpipe ends all of its process group.
        const command = ["setsid", "--wait", "timeout", "60", "sh", "-c", line];
        await using process = spawn(command, options);
        const { code } = await process.exited;
        assertEquals(code, wanted, process.report());
        if (tool === "C") return;
        assertEquals(process.stdout !== "", because === HELP, process.report());
        assert(!process.stderr.includes("    at "), process.report());
        const isTold = code === 0 || process.stderr !== "";
        assert(isTold || line.startsWith("dpipe"), process.report());
      },
    });
  }
}

Deno.test("A command line whose status differs from C's says why", () => {
  for (const { line, c, ours = c, because } of LINES) {
    assertEquals(c !== ours, because !== undefined, line);
  }
});
