import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { O_NONBLOCK } from "../../../ffi/fd.ts";
import config from "../../../deno.json" with { type: "json" };
import {
  type Availability,
  type LabProcess,
  peerAvailable,
  reasonToSkip,
  spawn,
  type SpawnOptions,
  vdeplug,
} from "../../lab/mod.ts";
import { encode } from "../plug/stream_reference.ts";
import { makeFrame } from "../../plugs.ts";

/** Runs the program to its end. */
async function run(
  args: readonly string[],
  { wrapper = [], ...options }: SpawnOptions & {
    readonly wrapper?: readonly string[];
  } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  await using process = spawn([...wrapper, ...vdeplug(...args)], options);
  const { code } = await process.exited;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

/** Wrong uses, none of which may reach a network; and what they come to. */
const WRONG = [
  { args: [], code: 2, includes: ["no VNL is given", "vdeplug --help"] },
  {
    args: ["vxvd://", "null://"],
    code: 2,
    includes: ['"vxvd"', 'perhaps "vxvde"', "tap, udp, vde, vxlan, vxvde"],
  },
  {
    args: ["null://", "vxvde:///prt=1"],
    code: 2,
    includes: ['no key "prt"', "port, vni, grp, ttl"],
  },
  {
    args: ["null://", "vxvde:///port=many"],
    code: 2,
    includes: ["port must be a whole number, 1 to 65535", '"many"'],
  },
  {
    args: ["null://", "vxvde:///ttl=256"],
    code: 2,
    includes: ["ttl must be 0 to 255", "received 256"],
  },
  {
    args: ["null://", "vxvde:///vni=16777216"],
    code: 2,
    includes: ["vni must be 0 to 16777215"],
  },
  {
    args: ["null://", "tap://a-name-that-is-too-long"],
    code: 2,
    includes: ["at most 15 bytes", "23 bytes"],
  },
  {
    args: ["null://", "vxvde:///if=no-such-if"],
    code: 1,
    includes: ['"no-such-if"', "hint: ip link lists"],
  },
  { args: ["null://", "="], code: 2, includes: ['nothing stands behind "="'] },
  {
    args: ["null://", "=", "no-such-command"],
    code: 127,
    includes: ['Cannot start "no-such-command"', "along PATH"],
  },
  {
    args: ["null://", "=", "/etc/passwd"],
    code: 126,
    includes: ['Cannot start "/etc/passwd"', "EACCES"],
  },
  {
    args: ["null://", "=", "sh", "-c", "exit 7"],
    code: 7,
    includes: ["exit status 7"],
  },
  {
    args: ["--stats=x", "null://"],
    code: 2,
    includes: ["SECONDS must be more than 0"],
  },
] as const;

for (const { args, code, includes } of WRONG) {
  Deno.test(`vdeplug ${args.join(" ")} exits with ${code} and says why`, async () => {
    const result = await run(args);
    assertEquals([result.code, result.stdout], [code, ""], result.stderr);
    for (const part of includes) assertStringIncludes(result.stderr, part);
    for (const line of result.stderr.trimEnd().split("\n")) {
      assertMatch(line, /^vdeplug: /, "no stack, no bare line");
    }
  });
}

Deno.test("vdeplug --version and --help print to standard output", async () => {
  assertEquals(await run(["--version"]), {
    code: 0,
    stdout: `vdeplug ${config.version}\n`,
    stderr: "",
  });
  const { code, stdout, stderr } = await run(["--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "vxvde://");
});

/** Starts the program, and waits until its cable is open. */
async function opened(
  args: readonly string[],
  wrapper: readonly string[] = [],
): Promise<LabProcess> {
  const command = vdeplug("--stats=0.02", ...args);
  const process = spawn([...wrapper, ...command]);
  await process.waitFor(/^vdeplug: 0:0\d/m);
  return process;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`vdeplug ends with status 0 when ${signal} comes, and says so`, async () => {
    await using process = await opened(["null://", "null://"]);
    const status = await process.terminate(signal);
    assertEquals([status.code, status.signal], [0, null], process.report());
    assertMatch(
      process.stderr,
      new RegExp(`^vdeplug: ended by ${signal}$`, "m"),
    );
  });
}

Deno.test("vdeplug ends with a status of its own while signals keep coming", async () => {
  // A program that is deaf for a moment is met there now and then.
  for (let round = 0; round < 10; round++) {
    await using process = await opened(["null://", "null://"]);
    // One a millisecond; without a pause, not even a thread could be started.
    const flood = `while kill -HUP ${process.pid}; do /bin/true; done`;
    await using flooding = spawn(["sh", "-c", flood]);
    const { code, signal } = await process.exited;
    // 130: it took so long that the later ones were a second wish.
    assert(signal === null && (code === 0 || code === 130), process.report());
    await flooding.exited;
  }
});

Deno.test("vdeplug does not signal its process group, which may hold a shell", async () => {
  for (const signal of ["INT", "TERM", "HUP"]) {
    // The shell leads a group of its own, and would tell of any signal.
    const script = `
      for name in INT TERM HUP; do trap "echo hit by $name" $name; done
      "$@" </dev/null 2>/dev/null &
      while [ ! -e "$READY" ] && kill -0 $!; do sleep 0.02; done
      kill -${signal} $!
      wait $!
      echo "status $?"`;
    const folder = await Deno.makeTempDir({ prefix: "vdeplug" });
    const ready = `${folder}/ready`;
    // Once the command runs, the cable is open; it goes with its input.
    const command = ["=", "sh", "-c", `: >${ready}; cat >/dev/null`];
    await using shell = spawn([
      ...["setsid", "sh", "-c", script, "sh"],
      ...vdeplug("null://", ...command),
    ], { env: { READY: ready } });
    await shell.exited;
    await Deno.remove(folder, { recursive: true });
    assertEquals(shell.stdout, "status 0\n", shell.report());
  }
});

Deno.test("vdeplug VNL carries what standard input holds, and ends with it", async () => {
  await using process = spawn(vdeplug("--json", "null://"), { input: true });
  for (let seed = 0; seed < 100; seed++) {
    await process.write(encode(makeFrame(1000, seed)));
  }
  await process.closeInput();
  const { code } = await process.exited;
  assertEquals(code, 0, process.report());
  const lines = process.stderr.trimEnd().split("\n");
  const { backward } = JSON.parse(lines[0]);
  assertEquals([backward.frames, backward.bytes], [100, 100_000]);
  assertEquals(lines[1], "vdeplug: ended as standard input closed the stream");
});

Deno.test("vdeplug VNL gives standard input back as it was: blocking", async () => {
  const script = `"$@"; cat /proc/self/fdinfo/0`;
  await using shell = spawn(
    ["sh", "-c", script, "sh", ...vdeplug("null://")],
    { input: true },
  );
  await shell.closeInput();
  await shell.exited;
  const flags = shell.stdout.match(/^flags:\s*(\d+)$/m)?.[1] ?? "";
  assertEquals(parseInt(flags, 8) & O_NONBLOCK, 0, shell.report());
});

Deno.test("vdeplug goes on when nobody reads what it prints", async () => {
  const file = await Deno.makeTempFile({ prefix: "vdeplug" });
  // Standard error has no reader any more from its second line on; standard
  // output, which carries frames, is another matter.
  const script =
    `{ "$@" 2>&1 >/dev/null; echo "status $?" >"$FILE"; } | head -n 1`;
  await using shell = spawn(
    ["sh", "-c", script, "sh", ...vdeplug("--stats=0.02", "null://")],
    { input: true, env: { FILE: file } },
  );
  await shell.waitFor(/→ 0 frames/);
  for (let seed = 0; seed < 10; seed++) {
    await shell.write(encode(makeFrame(1000, seed)));
  }
  await shell.closeInput();
  await shell.exited;
  assertEquals(await Deno.readTextFile(file), "status 0\n", shell.report());
  await Deno.remove(file);
});

/** A way to run the program without CAP_NET_ADMIN, on this host. */
async function withoutPrivilege(): Promise<
  Availability & { wrapper: readonly string[] }
> {
  if (Deno.uid() !== 0) return { ok: true, wrapper: [] };
  const wrapper = [
    "setpriv",
    "--bounding-set",
    "-net_admin",
    "--inh-caps",
    "-net_admin",
  ];
  const setpriv = await peerAvailable("setpriv");
  if (!setpriv.ok) return { ...setpriv, wrapper };
  await using probe = spawn([...wrapper, "true"]);
  const { success } = await probe.exited;
  return success
    ? { ok: true, wrapper }
    : { ok: false, reason: probe.stderr.trim(), wrapper };
}

const unprivileged = await withoutPrivilege();
const noPrivilege = await reasonToSkip(unprivileged);

Deno.test({
  name: "vdeplug says what a TAP needs when it may not make one" +
    (noPrivilege ? ` (skipped: ${noPrivilege})` : ""),
  ignore: noPrivilege !== undefined,
  fn: async () => {
    const { wrapper } = unprivileged;
    const { code, stderr } = await run(["null://", "tap://vdeplugno0"], {
      wrapper,
    });
    assertEquals(code, 1, stderr);
    const [first, hint] = stderr.split("\n");
    assertMatch(
      first,
      /^vdeplug: Cannot open "tap:\/\/vdeplugno0": .*\((EPERM|EACCES|ENOENT)\)$/,
    );
    assertMatch(hint, /^vdeplug: hint: /);
    if (first.includes("EPERM")) {
      const ways = [
        "run as root",
        "CAP_NET_ADMIN",
        "ip tuntap add NAME mode tap user",
      ];
      for (const way of ways) assertStringIncludes(hint, way);
    }
    assert(stderr.trimEnd().split("\n").length === 2, stderr);
  },
});
