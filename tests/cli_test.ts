/**
 * The program as its users meet it: wrong uses, and how it ends.
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  canMakeTaps,
  type Lab,
  type LabHost,
  labTest,
  peerAvailable,
  prepareVdeplug,
  reasonToSkip,
  spawn,
  vdeplug,
} from "./lab/mod.ts";

const noTaps = await reasonToSkip(canMakeTaps());
const noUsers = await reasonToSkip(canMakeTaps(), peerAvailable("setpriv"));

await prepareVdeplug();

/** A command line that cannot work, and what is to be said about it. */
interface Misuse {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  /** All of these stand on standard error. */
  readonly says: readonly string[];
}

const HINT = 'hint: "vdeplug --help" shows how it is used';

const MISUSES: readonly Misuse[] = [
  {
    name: "no VNL",
    args: [],
    code: 2,
    says: ["no VNL is given", HINT],
  },
  {
    name: "three VNLs",
    args: ["null://", "tap://t0", "udp://1->h:2"],
    code: 2,
    says: ["Cannot join 3 VNLs", "a cable has two ends", HINT],
  },
  {
    name: "two VNLs and a command",
    args: ["null://", "tap://t0", "=", "cat"],
    code: 2,
    says: ["Cannot join 2 VNLs and a command", HINT],
  },
  {
    name: "no command behind =",
    args: ["null://", "="],
    code: 2,
    says: ['nothing stands behind "="', HINT],
  },
  {
    name: "an unknown option",
    args: ["--frobnicate", "null://", "null://"],
    code: 2,
    says: ['option "--frobnicate"', HINT],
  },
  {
    name: "a period that is none",
    args: ["--stats=often", "null://", "null://"],
    code: 2,
    says: ["SECONDS must be more than 0", '"often"'],
  },
  {
    name: "no scheme, and no switch of that name",
    args: ["./mytap", "null://"],
    code: 1,
    says: ["found no switch at", "mytap", 'hint: without "://"'],
  },
  {
    name: "a scheme alone",
    args: ["vxvd", "null://"],
    code: 1,
    says: ["found no switch at", 'perhaps "vxvde://" is meant'],
  },
  {
    name: "an unknown scheme",
    args: ["tapp://t0", "null://"],
    code: 2,
    says: ['"tapp"', 'perhaps "tap"', "tap, udp, vde, vxlan, vxvde"],
  },
  {
    name: "an unknown key",
    args: ["vxvde:///colour=red", "null://"],
    code: 2,
    says: ['"colour"', "v4, v6, port, vni, grp, ttl, if, bind, rcvbuf"],
  },
  {
    name: "a number that is none",
    args: ["vxvde:///port=http", "null://"],
    code: 2,
    says: ["port", '"http"'],
  },
  {
    name: "a number out of range",
    args: ["vxvde:///ttl=256", "null://"],
    code: 2,
    says: ["ttl must be 0 to 255", "256"],
  },
  {
    name: "a vni of more than 24 bits",
    args: ["vxvde:///vni=16777216", "null://"],
    code: 2,
    says: ["vni must be 0 to 16777215", '"16777216"'],
  },
  {
    name: "a group of users that is none",
    args: ["vxvde:///grp=no-such-group", "null://"],
    code: 2,
    says: ["grp must be a group of users", '"no-such-group"'],
  },
  {
    name: "a group that is no group",
    args: ["vxvde://192.0.2.1", "null://"],
    code: 2,
    says: ["must be a multicast address", '"192.0.2.1"'],
  },
  {
    name: "an interface that is none",
    args: ["vxvde:///if=nosuch0", "null://"],
    code: 1,
    says: [
      "if must be an interface of this host",
      '"nosuch0"',
      "hint: ip link",
    ],
  },
  {
    name: "an address that is not this host's",
    args: ["vxvde:///if=lo/bind=198.51.100.7", "null://"],
    code: 1,
    says: ["EADDRNOTAVAIL", "hint: bind must be an address of this host"],
  },
  {
    name: "a group to which no route leads",
    args: ["vxvde://", "null://"],
    code: 1,
    says: ["join group 239.0.0.1", "hint: no route leads to the group", "/if="],
  },
  {
    name: "an interface's name that is too long",
    args: ["tap://sixteen-bytes-it", "null://"],
    code: 2,
    says: ["at most 15 bytes", '"sixteen-bytes-it"'],
  },
  {
    name: "an interface that is no TAP",
    args: ["tap://lo", "null://"],
    code: 1,
    says: ["EINVAL", "hint: an interface of that name exists and is not a TAP"],
  },
  {
    name: "an MTU that is none",
    args: ["tap://t0[mtu=20]", "null://"],
    code: 2,
    says: ["mtu must be 68 to 9216", "20"],
  },
  {
    name: "half a tunnel",
    args: ["udp://5000", "null://"],
    code: 2,
    says: ["[LOCAL:]PORT->REMOTE:PORT", '"5000"'],
  },
  {
    name: "a port out of range",
    args: ["udp://70000->127.0.0.1:1", "null://"],
    code: 2,
    says: ["a port must be 0 to 65535", "70000"],
  },
  {
    name: "a host that has no address",
    args: ["udp://0->no.such.host.invalid:1", "null://"],
    code: 1,
    says: ["a side must have an address", '"no.such.host.invalid"'],
  },
  {
    name: "an address behind a scheme that takes none",
    args: ["null://here", "null://"],
    code: 2,
    says: ['"here"'],
  },
  {
    name: "a command that is not found",
    args: ["null://", "=", "no-such-command", "-x"],
    code: 127,
    says: [
      'Cannot start "no-such-command"',
      "hint: no such program along PATH",
    ],
  },
  {
    name: "a command that may not be run",
    args: ["null://", "=", "/etc/passwd"],
    code: 126,
    says: ['Cannot start "/etc/passwd"', "EACCES"],
  },
];

/** Runs it to its end; `before` stands before the command line. */
async function run(
  host: LabHost,
  args: readonly string[],
  before: readonly string[] = [],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [program, ...rest] = [...before, ...vdeplug(...args)];
  await using process = host.spawn(program, rest);
  const { code } = await process.exited;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

async function interfaces(host: LabHost): Promise<string[]> {
  const { stdout } = await host.attempt("ip", ["-brief", "link"]);
  return stdout.trim().split("\n").map((line) => line.split(/\s/)[0]);
}

for (const { name, args, code, says } of MISUSES) {
  labTest(`vdeplug refuses ${name}`, noTaps, async (lab) => {
    const host = await lab.host("a");
    const before = await interfaces(host);
    // The first side is open when the second one is found to be wrong.
    const turned = code !== 2 && !args.includes("=")
      ? [...args.slice(1), args[0]]
      : args;
    for (const line of [args, turned]) {
      const { code: got, stderr, stdout } = await run(host, line);
      for (const text of says) assertStringIncludes(stderr, text);
      assertEquals([got, stdout], [code, ""], stderr);
      assert(!stderr.includes("    at "), `a stack is no message: ${stderr}`);
    }
    assertEquals(await interfaces(host), before);
  });
}

labTest(
  "vdeplug leaves nothing of its first side when the second one fails",
  noTaps,
  async (lab) => {
    const host = await lab.host("a");
    const before = await interfaces(host);
    for (const other of ["vxvde://", "tap://lo", "udp://1->h.invalid:2"]) {
      const { code, stderr } = await run(host, ["tap://first", other]);
      assertEquals(code, 1, stderr);
      assertEquals(await interfaces(host), before);
    }
  },
);

labTest("vdeplug says that a TAP is busy", noTaps, async (lab) => {
  const host = await lab.host("a");
  const [program, ...args] = vdeplug("null://", "tap://t0");
  await using holder = host.spawn(program, args);
  await host.waitForInterface("t0", { madeBy: holder });
  const { code, stderr } = await run(host, ["null://", "tap://t0"]);
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "EBUSY");
  assertStringIncludes(stderr, "hint: another program holds this interface");
});

labTest(
  "vdeplug tells a user without rights how to get a TAP",
  noUsers,
  async (lab) => {
    const host = await lab.host("a");
    const powerless = ["setpriv", "--bounding-set", "-net_admin"];
    const { code, stderr } = await run(
      host,
      ["tap://t0", "null://"],
      [...powerless, "--inh-caps", "-all"],
    );
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, "EPERM");
    for (const remedy of ["root", "CAP_NET_ADMIN", "ip tuntap add"]) {
      assertStringIncludes(stderr, remedy);
    }
  },
);

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

for (const signal of SIGNALS) {
  labTest(`vdeplug ends in good order on ${signal}`, noTaps, async (lab) => {
    const host = await lab.host("a");
    await start(host, lab, async (process) => {
      process.signal(signal);
      const { code } = await process.exited;
      assertEquals(code, 0, process.report());
      assertStringIncludes(process.stderr, `vdeplug: ended by ${signal}\n`);
    });
    assertEquals(await interfaces(host), ["lo"]);
  });
}

/** Runs a cable between a TAP and a node that is on its own. */
async function start(
  host: LabHost,
  _lab: Lab,
  use: (process: ReturnType<LabHost["spawn"]>) => Promise<void>,
): Promise<void> {
  const alone = "vxvde:///if=lo/bind=127.0.0.1";
  const [program, ...args] = vdeplug("--verbose", "--stats", alone, "tap://t0");
  await using process = host.spawn(program, args);
  await process.waitFor(/is interface "t0"/);
  await use(process);
}

/** How a command behind `=` ends, and what is made of it. */
const COMMANDS = [
  { name: "ends well", command: ["true"], code: 0 },
  { name: "fails", command: ["sh", "-c", "exit 7"], code: 7 },
  { name: "is killed", command: ["sh", "-c", "kill -KILL $$"], code: 137 },
] as const;

for (const { name, command, code } of COMMANDS) {
  Deno.test(`vdeplug gives the exit status of a command that ${name}`, async () => {
    await using process = spawn(vdeplug("null://", "=", ...command));
    assertEquals((await process.exited).code, code, process.report());
    // Which of its two pipes is seen to end first is chance.
    assertMatch(process.stderr, /ended as (command ".*" closed|.* hung up)/);
  });
}

/** Words on standard output, and status 0. */
const ANSWERS = [
  { args: ["--version"], says: [/^vdeplug \d+\.\d+\.\d+\n$/] },
  {
    args: ["--help"],
    says: [/vxvde:\/\//, /tap:\/\//, /udp:\/\//, /probe:\/\//, /null:\/\//],
  },
  { args: ["-h"], says: [/Usage:/, /Examples:/, /Exit status:/] },
  { args: ["--help", "vxvde"], says: [/expiretime=SECONDS/, /default 14789/] },
  { args: ["ping", "--help"], says: [/Usage: vdeplug ping/] },
] as const;

for (const { args, says } of ANSWERS) {
  Deno.test(`vdeplug ${args.join(" ")} answers on standard output`, async () => {
    await using process = spawn(vdeplug(...args));
    const { code } = await process.exited;
    assertEquals([code, process.stderr], [0, ""]);
    for (const pattern of says) {
      assert(pattern.test(process.stdout), `${pattern}`);
    }
    const widest = Math.max(...process.stdout.split("\n").map((l) => l.length));
    assert(widest <= 80, `a line of ${widest} columns`);
  });
}

Deno.test("vdeplug ends in good order when its input does", async () => {
  await using process = spawn(vdeplug("--json", "null://"));
  const { code } = await process.exited;
  assertEquals(code, 0, process.report());
  assertStringIncludes(process.stderr, "standard input closed the stream");
  const line = process.stderr.split("\n").find((each) => each.includes("{"));
  const { forward, backward } = JSON.parse(
    line?.slice(line.indexOf("{")) ?? "",
  );
  assertEquals([forward.frames, backward.frames], [0, 0]);
});
