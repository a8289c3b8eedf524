/**
 * Scenes of README.md with the program itself: tasks, help, manual, permissions
 * and plugins.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  canMakeNamespaces,
  compiledVdeplug,
  LabError,
  peerAvailable,
  reasonToSkip,
  spawn,
} from "../lab/mod.ts";
import { eventually } from "../interop/nodes.ts";
import { readmeCommands } from "../readme/commands.ts";
import type { Scene } from "./readme_scene.ts";

const ROOT = new URL("../../", import.meta.url);
const noLab = await reasonToSkip(canMakeNamespaces());
const noTree = noLab ??
  (compiledVdeplug() === undefined
    ? undefined
    : "$VDEPLUG is tested, not the tree");

const FIRST = ["npx -y deno@2.9.6 task demo", "npx -y deno@2.9.6 task test"];
const INSTALL = [
  "deno task compile",
  "sudo deno task install",
  "man vdeplug",
];
const COMPILE_OTHER = "deno task compile --target aarch64-unknown-linux-gnu";
const PLUGIN = [
  "vdeplug plugins new mine ~/.config/vdeplug/plugins",
  "deno test -A ~/.config/vdeplug/plugins",
];
const TRANSPILE = "deno transpile -o vdeplug_mine.js vdeplug_mine.ts";

function readTree(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

/** Asserts that a script has a command line, as words that stand side by side. */
async function assertRuns(script: string, line: string): Promise<void> {
  const commands = (await readTree(script)).split("\n")
    .filter((each) => !/^\s*(#|say )/.test(each));
  const found = commands.some((each) => ` ${each} `.includes(` ${line} `));
  assert(found, `${script} does not run ${line}`);
}

/** Tasks of deno.json, with what each one runs. */
async function readTasks(): Promise<Record<string, string>> {
  const { tasks } = JSON.parse(await readTree("deno.json"));
  return Object.fromEntries(
    Object.entries<{ command?: string }>(tasks).map((
      [name, { command = "" }],
    ) => [name, command]),
  );
}

/** Asserts that a task runs a file of this tree. */
async function assertTask(name: string): Promise<void> {
  const command = (await readTasks())[name];
  assert(command !== undefined, `deno.json has no task ${name}`);
  const [file] = /\S+\.ts/.exec(command) ?? [];
  if (file !== undefined) await readTree(file);
}

export const TOOL_SCENES: readonly Scene[] = [
  {
    name: "the first two commands are those that the build machine runs",
    block: FIRST,
    spans: ["deno task …"],
    check: async () => {
      const [demo, test] = FIRST;
      await assertRuns(".ci/run", test);
      // tests/demo/demo_test.ts runs the same file.
      const file = (await readTasks()).demo.split(" ").at(-1);
      assertEquals(file, "tests/demo.ts");
      assertStringIncludes(
        await readTree("tests/demo/demo_test.ts"),
        '"../demo.ts"',
      );
      assertEquals(demo.replace(" demo", ""), test.replace(" test", ""));
    },
  },
  {
    name: "the program is compiled, installed, and taken away again by tasks",
    block: INSTALL,
    spans: [
      "deno task uninstall",
      COMPILE_OTHER,
    ],
    check: async () => {
      for (const task of ["compile", "install", "uninstall"]) {
        await assertTask(task);
      }
      await assertRuns(".ci/compile_check", "deno task compile");
      await assertRuns(".ci/compile_check", '.ci/try_install "$work/prefix"');
      await assertRuns(".ci/try_install", "deno task install");
      await assertRuns(".ci/try_install", "deno task uninstall");
      // What it makes takes a download; what it refuses shows that it is read.
      const options = ["run", "-A", ".ci/compile.ts", "--target", "riscv64"];
      const cwd = ROOT.pathname;
      await using compiler = spawn([Deno.execPath(), ...options], { cwd });
      assertEquals((await compiler.exited).code, 1, compiler.report());
      assertStringIncludes(compiler.stderr, COMPILE_OTHER.split(" ")[4]);
    },
  },
  {
    name: "the manual is there",
    skip: noLab ?? await reasonToSkip(peerAvailable("man")),
    run: async (stage) => {
      const host = await stage.host("one");
      const folder = `${host.folder}/man`;
      await host.paste("vdeplug man --folder /tmp/man");
      const env = { MANPATH: folder, MANPAGER: "cat", LC_ALL: "C" };
      const page = await host.paste(INSTALL[2], { env });
      assertMatch(page, /^VDEPLUG\(1\)/);
      assertMatch(page, /^SYNOPSIS$/m);
    },
  },
  {
    name: "help tells all commands, and explains a scheme",
    spans: [
      "vdeplug --help",
      "vdeplug --help vxvde",
      "vdeplug plugins vxvde",
    ],
    skip: noLab,
    run: async (stage) => {
      const host = await stage.host("one");
      const help = await host.paste("vdeplug --help");
      const { synopses, vnlTable } = await readmeCommands();
      for (const synopsis of synopses) {
        const [, word] = synopsis.split(" ");
        if (/^[a-z]/.test(word)) {
          assertMatch(help, new RegExp(`^  ${word} `, "m"));
        }
      }
      for (const vnl of vnlTable) {
        assertMatch(help, new RegExp(`^  ${vnl.split("//")[0]}//`, "m"));
      }
      const explained = await host.paste("vdeplug --help vxvde");
      assertMatch(explained, /^vxvde:\/\/\[GROUP\]/m);
      assertEquals(await host.paste("vdeplug plugins vxvde"), explained);
    },
  },
  {
    name: "without installing, the program runs from its file",
    spans: ["deno run -A cli.ts"],
    skip: noTree,
    run: async (stage) => {
      const host = await stage.host("one");
      const cwd = ROOT.pathname;
      assertEquals(
        await host.paste("deno run -A cli.ts --version", { cwd }),
        await host.paste("vdeplug --version"),
      );
    },
  },
  {
    name: "deno run needs these permissions, each of them; -A is good for all",
    spans: ["deno run"],
    skip: noTree,
    run: async (stage) => {
      const host = await stage.host("one");
      const { options } = await readmeCommands();
      const narrow = options.find((each) => each.startsWith("--allow-ffi ")) ??
        "";
      const start = (flags = "") => `exec deno run ${flags} cli.ts`;
      const cwd = ROOT.pathname;
      const vnl = "udp://127.0.0.1:5000->127.0.0.1:5001";
      const line = `${start(narrow)} '${vnl}' probe://10.0.0.1`;
      const cable = host.start(line, { cwd });
      const back = "udp://127.0.0.1:5001->127.0.0.1:5000";
      const ping = `${start(narrow)} ping -c 1 '${back}' 10.0.0.1`;
      // What is sent before it listens is lost.
      await eventually("an answer", async () => {
        if (cable.status) throw new LabError(cable.report());
        return (await host.attempt(ping, { cwd })).code === 0 || undefined;
      });
      for (const one of narrow.split(" ")) {
        const fewer = `${start(narrow.replace(one, ""))} null:// null://`;
        const { code, stderr } = await host.attempt(fewer, { cwd });
        assert(code !== 0, `it runs without ${one}`);
        assertStringIncludes(stderr, one.split("=")[0]);
      }
      await host.paste(
        `${start("-A")} --daemon switch:///tmp/sw null://`,
        { cwd },
      );
    },
  },
  {
    name: "the library's documentation is there",
    spans: ["deno doc mod.ts"],
    skip: noLab,
    run: async (stage) => {
      const host = await stage.host("one");
      const env = { NO_COLOR: "1" };
      const cwd = ROOT.pathname;
      const text = await host.paste("deno doc mod.ts", { cwd, env });
      assert(text.includes("function openPlug("), "no openPlug()");
    },
  },
  {
    name: "the benchmark is a task",
    spans: ["deno task bench"],
    check: () => assertTask("bench"),
  },
  {
    name: "a plugin is begun, passes its tests, and is listed",
    block: PLUGIN,
    spans: ["vdeplug plugins", TRANSPILE],
    skip: noLab,
    run: async (stage) => {
      const host = await stage.host("one");
      for (const line of PLUGIN) await host.paste(line);
      const cwd = `${host.home}/.config/vdeplug/plugins`;
      await host.paste(TRANSPILE, { cwd });
      await Deno.remove(`${cwd}/vdeplug_mine.ts`);
      const list = await host.paste("vdeplug plugins");
      for (const name of ["mine", "vxvde", "null"]) {
        assertMatch(list, new RegExp(`^${name}://`, "m"));
      }
      assertStringIncludes(list, "vdeplug_mine.js");
    },
  },
];
