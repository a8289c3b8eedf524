/**
 * `dpipe` beside Debian's: the pipes that it lays, and how it ends.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PIPELINES } from "../lib/cli/dpipe_lines.ts";
import { until } from "../plugs.ts";
import {
  dpipe,
  edges,
  isThere,
  readShown,
  run,
  sh,
  showing,
  TOOLS,
  toolTest,
} from "./dpipe_runs.ts";

for (const tool of TOOLS) {
  for (const { words, pipes } of PIPELINES) {
    toolTest(tool, `lays the pipes of ${words}`, async (folder) => {
      const { code, stderr } = await run(
        dpipe(tool, ...showing(words, folder)),
      );
      assertEquals([code, stderr], [0, ""]);
      const shown = await readShown(folder);
      assertEquals(edges(shown), {
        pipes: pipes.split(" ").sort(),
        leaked: [],
      });
      for (const { alternates } of shown.values()) {
        assertEquals(alternates, [3, 4]);
      }
    });
  }

  for (const [taken, alternates] of [["3", [4, 5]], ["4", [3, 5]]] as const) {
    const redirection = `exec "$@" ${taken}</dev/null`;
    toolTest(
      tool,
      `leaves descriptor ${taken} alone where it is taken`,
      async (folder) => {
        const words = showing("a = b = c", folder);
        const shell = ["sh", "-c", redirection, "sh"];
        assertEquals((await run([...shell, ...dpipe(tool, ...words)])).code, 0);
        const shown = await readShown(folder);
        assertEquals(edges(shown).pipes, "a→b b'→c b→a c→b'".split(" "));
        for (const each of shown.values()) {
          assertEquals(each.alternates, [...alternates]);
          assertEquals(each.files.get(Number(taken)), "/dev/null");
        }
      },
    );
  }

  toolTest(tool, "-n lays the same pipes", async (folder) => {
    const words = showing("a =} b }={ c {= d = e", folder);
    assertEquals((await run(dpipe(tool, "-n", ...words))).code, 0);
    await until(() =>
      [..."abcde"].every((name) => isThere(`${folder}/${name}`))
    );
    assertEquals(edges(await readShown(folder)), {
      pipes: "a→b b→d c→a d'→e d→c e→d'".split(" "),
      leaked: [],
    });
  });
}

/** A command line that both do the same with. `F` in an argument is the folder. */
interface Same {
  readonly args: readonly string[];
  readonly code: number;
  /** What the file `out` holds then. */
  readonly out?: string;
}

const SAME: readonly Same[] = [
  { args: ["true", "=", "true"], code: 0 },
  { args: ["false", "=", "true"], code: 0 },
  { args: ["true", "=", "false"], code: 1 },
  { args: ["true", "=", ...sh("exit 7")], code: 7 },
  { args: ["true", "=", ...sh("exit 255")], code: 255 },
  { args: ["-n", "true", "=", ...sh("exit 7")], code: 7 },
  { args: ["-N", "true", "=", ...sh("exit 7")], code: 7 },
  { args: ["--nowrapproc", "true", "=", "false"], code: 1 },
  { args: ["--nowrapnoclean", "true", "=", "false"], code: 1 },
  { args: ["--", "true", "=", "false"], code: 1 },
  { args: ["true", "=", "no-such-program"], code: 127 },
  { args: [...sh("exit 3"), "=", ...sh("exit 4"), "=", "true"], code: 0 },
  {
    args: ["echo", "hello", "=", ...sh("cat >F/out")],
    code: 0,
    out: "hello\n",
  },
  {
    args: [...sh("cat >F/out"), "=", "echo", "hello"],
    code: 0,
    out: "hello\n",
  },
  {
    args: [
      "echo",
      "hello",
      "=}",
      "tr",
      "a-z",
      "A-Z",
      "}=",
      ...sh("cat >F/out"),
    ],
    code: 0,
    out: "HELLO\n",
  },
  {
    args: [
      ...sh("cat >F/out"),
      "={",
      "tr",
      "a-z",
      "A-Z",
      "{=",
      "echo",
      "hello",
    ],
    code: 0,
    out: "HELLO\n",
  },
  {
    args: [
      "echo",
      "hello",
      "=",
      ...sh("cat >&$ALTERNATE_STDOUT"),
      "=",
      ...sh("cat >F/out"),
    ],
    code: 0,
    out: "hello\n",
  },
  // All of them are waited for.
  {
    args: [...sh("sleep 0.3; echo done >F/out"), "=", "true"],
    code: 0,
    out: "done\n",
  },
  { args: ["true", "=", ...sh("exit $#"), "sh", "-h", "-n"], code: 2 },
  {
    args: [...sh('echo "$0$@" >F/out'), "-h", "-n", "=", "true"],
    code: 0,
    out: "-h-n\n",
  },
  {
    args: ["-p", "F/pid", "true", "=", ...sh("cat F/pid >F/out")],
    code: 0,
  },
];

for (const { args, code, out } of SAME) {
  for (const tool of TOOLS) {
    toolTest(tool, `gives ${code} for ${args.join(" ")}`, async (folder) => {
      const given = args.map((arg) => arg.replaceAll("F/", `${folder}/`));
      const result = await run(dpipe(tool, ...given));
      assertEquals(result.code, code, result.stderr);
      if (out === undefined) return;
      assertEquals(await Deno.readTextFile(`${folder}/out`), out);
    });
  }
}

/** Signals 32 and 33 are the C library's. */
const NONE_IGNORED = "grep -q '^SigIgn:.*[08]0000000$' /proc/$$/status";

/** A command line with which ours does something else, and why. */
interface Other {
  readonly name: string;
  readonly args: readonly string[];
  /** Exit status of Debian's. */
  readonly theirs: number;
  readonly ours: number;
  /** What ours says. */
  readonly says?: string;
  /** In a session of its own: Debian's would end the tests, too. */
  readonly session?: boolean;
}

const MISUSES = [
  { args: [], says: "none is given" },
  { args: ["true"], says: "at least two are needed" },
  { args: ["=", "true"], says: 'found none before "="' },
  { args: ["true", "="], says: "found none at the end" },
  { args: ["true", "=", "=", "true"], says: 'found none before "="' },
  { args: ["true", "=}", "true"], says: "found the end" },
  { args: ["true", "=}", "true", "{=", "true"], says: "found none open" },
  { args: ["-p"], says: "without FILE" },
] as const;

const OTHERS: readonly Other[] = [
  ...MISUSES.map(({ args, says }) => ({
    name: `says what is wrong with "${args.join(" ")}"`,
    args,
    theirs: 0,
    ours: 2,
    says,
  })),
  {
    name: "shows its help as a result, and ends nobody else",
    args: ["-h"],
    theirs: 143,
    ours: 0,
    session: true,
  },
  {
    name: "refuses an option that it does not know",
    args: ["-x", "true", "=", "true"],
    theirs: 0,
    ours: 2,
    says: 'option "-x"',
  },
  {
    name: "refuses a sign that would leave a command out",
    args: ["true", "}=", "false", "=", "true"],
    theirs: 0,
    ours: 2,
    says: "found none open",
  },
  {
    name: "fails when the first command does not exist",
    args: ["no-such-program", "=", "true"],
    theirs: 0,
    ours: 127,
    says: 'Cannot start "no-such-program": no such file or directory (ENOENT)',
  },
  {
    name: "says which command it is that does not exist",
    args: ["true", "=", "no-such-program"],
    theirs: 127,
    ours: 127,
    says: 'Cannot start "no-such-program": no such file or directory (ENOENT)',
  },
  {
    name: "says which command it is that does not exist with -n",
    args: ["-n", "true", "=", "no-such-program"],
    theirs: 127,
    ours: 127,
    says: 'Cannot start "no-such-program": no such file or directory (ENOENT)',
  },
  {
    name: "tells a command that cannot be run from one that does not exist",
    args: ["true", "=", "/etc"],
    theirs: 127,
    ours: 126,
    says: 'Cannot start "/etc": permission denied (EACCES)',
  },
  {
    name: "tells of a signal that ended the last command",
    args: ["true", "=", ...sh("kill -KILL $$")],
    theirs: 0,
    ours: 137,
  },
  {
    name: "says which file it cannot write",
    args: ["-p", "/no/such/file", "true", "=", "true"],
    theirs: 0,
    ours: 1,
    says: 'Cannot write process id file "/no/such/file"',
  },
  {
    name: "works as the leader of a session",
    args: ["true", "=", ...sh("exit 7")],
    theirs: 1,
    ours: 7,
    session: true,
  },
  {
    name: "leaves no signal ignored in its commands",
    args: ["true", "=", ...sh(NONE_IGNORED)],
    theirs: 1,
    ours: 0,
  },
  {
    name: "leaves no signal ignored in its last command with -n",
    args: ["-n", "true", "=", ...sh(NONE_IGNORED)],
    theirs: 1,
    ours: 0,
  },
];

for (const { name, args, theirs, ours, says = "", session } of OTHERS) {
  const prefix = session ? ["setsid", "-w"] : [];
  toolTest("ours", name, async () => {
    const { code, stdout, stderr } = await run([
      ...prefix,
      ...dpipe("ours", ...args),
    ]);
    assertEquals(code, ours, stderr);
    assertStringIncludes(stderr, says);
    if (says === "") assertEquals(stderr, "");
    assertEquals(stdout.startsWith("Usage: dpipe "), args[0] === "-h");
  });
  toolTest("C", `does otherwise: ${name}`, async () => {
    const result = await run([...prefix, ...dpipe("C", ...args)]);
    assertEquals(result.code, theirs, result.stderr);
    if (says !== "") assert(!result.stderr.includes(says));
  });
}
