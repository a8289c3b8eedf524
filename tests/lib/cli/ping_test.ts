import { ffiTest } from "../../ffi/case.ts";
import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { EventFd } from "../../../ffi/eventfd.ts";
import { closeFd, pipe } from "../../../ffi/fd.ts";
import { PollSet } from "../../../ffi/poll.ts";
import type { CommandIo } from "../../../lib/cli/io.ts";
import { ping } from "../../../lib/cli/ping.ts";
import { openDescriptors } from "../../plugs.ts";
import { opened } from "./memory_plugin.ts";

// The C library stays open once it is: that is no test's leak.
new EventFd()[Symbol.dispose]();
await new PollSet(1).waitAsync(0);
pipe().forEach(closeFd);

const MODULES = [
  import.meta.resolve("./memory_plugin.ts"),
  import.meta.resolve("../../../plugins/mod.ts"),
];

/** What a run printed and returned. */
interface Run {
  readonly status: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

interface RunOptions {
  /** Stops the command when a line is printed. */
  readonly stopAt?: (line: string, lines: number) => boolean;
  readonly stop?: AbortController;
}

async function run(args: string, options: RunOptions = {}): Promise<Run> {
  const { stopAt = () => false, stop = new AbortController() } = options;
  const out: string[] = [];
  const err: string[] = [];
  const io: CommandIo = {
    out: (line) => {
      out.push(line);
      if (stopAt(line, out.length)) stop.abort();
    },
    err: (line) => void err.push(line),
    data: (line) => void err.push(line),
    stop: stop.signal,
    pluginModules: MODULES,
  };
  const words = args.split(" ").filter((word) => word !== "");
  const status = await ping(words, io);
  return { status, out, err };
}

const QUICK = "-i 0.01 -W 0.2 --from 192.0.2.200";
const HELLO = "the memory plugin says hello";

function reply(address: string, sequence: number, hops = "ttl"): RegExp {
  return new RegExp(
    `^${address} replied: seq=${sequence} time=\\d+\\.\\d{3} ms ${hops}=64$`,
  );
}

const TIMES = /^round trip min\/avg\/max [\d.]+\/[\d.]+\/[\d.]+ ms$/;

/** Asserts that lines are these texts, or match these patterns. */
function assertLines(
  lines: readonly string[],
  wanted: readonly (string | RegExp)[],
): void {
  assertEquals(lines.length, wanted.length, lines.join("\n"));
  for (const [index, want] of wanted.entries()) {
    if (typeof want === "string") assertEquals(lines[index], want);
    else assertMatch(lines[index], want);
  }
}

Deno.test("ping() pings through a probe, and sums up", async () => {
  const before = openDescriptors();
  const { status, out, err } = await run(
    `${QUICK} probe://192.0.2.1 192.0.2.1`,
  );
  assertLines(out, [
    "Pinging 192.0.2.1 from 192.0.2.200 through probe://192.0.2.1",
    ...[1, 2, 3, 4].map((sequence) => reply("192.0.2.1", sequence)),
    "4 sent, 4 received, 0% lost",
    TIMES,
  ]);
  assertEquals([status, err], [0, []]);
  assertEquals(openDescriptors(), before);
});

Deno.test("ping() pings over IPv6", async () => {
  const { status, out } = await run(
    "-c 2 -i 0.01 --from 2001:db8::9 probe://2001:db8::1 2001:DB8:0::1",
  );
  assertLines(out, [
    "Pinging 2001:db8::1 from 2001:db8::9 through probe://2001:db8::1",
    reply("2001:db8::1", 1, "hops"),
    reply("2001:db8::1", 2, "hops"),
    "2 sent, 2 received, 0% lost",
    TIMES,
  ]);
  assertEquals(status, 0);
});

const SOURCES = [
  { target: "192.0.2.1", from: /from 192\.0\.2\.\d+ through/ },
  {
    target: "2001:db8::1",
    from: /from 2001:db8::[0-9a-f:]*ff:fe[0-9a-f:]+ through/,
  },
  {
    target: "fe80::4:c0ff:fe00:201",
    from: /from fe80::[0-9a-f:]*ff:fe[0-9a-f:]+ through/,
  },
] as const;

for (const { target, from } of SOURCES) {
  Deno.test(`ping() finds an address to ping ${target} from`, async () => {
    const vnl = "probe://192.0.2.1,2001:db8::1";
    const { status, out } = await run(`-c 1 ${vnl} ${target}`);
    assertMatch(out[0], from);
    assert(!out[0].includes(`from ${target} `));
    assertEquals(out[2], "1 sent, 1 received, 0% lost");
    assertEquals(status, 0);
  });
}

Deno.test("ping() in a VLAN tags its frames", async () => {
  const { status, out } = await run(
    `${QUICK} -c 2 --vlan 7 memory://192.0.2.1 192.0.2.1`,
  );
  assertEquals(out.at(-2), "2 sent, 2 received, 0% lost");
  assertEquals(status, 0);
  const { taken } = opened[opened.length - 1];
  assertEquals(taken.length, 3);
  for (const frame of taken) {
    assertEquals(frame.slice(12, 16), Uint8Array.of(0x81, 0, 0, 7));
  }
});

Deno.test("ping() passes the plugin's warnings on, and disposes of the plug", async () => {
  const { err } = await run(`${QUICK} memory://192.0.2.1 192.0.2.1`);
  assertEquals(err, [HELLO]);
  const plug = opened[opened.length - 1];
  assert(!plug.isOpen);
  assertEquals(plug.options.description, "vdeplug ping:");
});

for (const kind of ["source", "sink", "control"]) {
  ffiTest(
    `ping() ends at a descriptor that is not open: the ${kind}`,
    async () => {
      const plugin = "tests/lib/cable/faulty_plugins.ts";
      const { status, err } = await run(
        `${QUICK} --plugin ${plugin} faulty://closed-${kind} 192.0.2.1`,
      );
      assertEquals(status, 1);
      assertStringIncludes(err[0], "is not open");
    },
  );
}

Deno.test("ping() tells of a lost ping", async () => {
  const { status, out } = await run(
    "-i 0.01 -W 2 --from 192.0.2.200 -c 3 memory://192.0.2.1/lose=2 192.0.2.1",
  );
  assertEquals(out.length, 6);
  assertMatch(out[1], reply("192.0.2.1", 1));
  // The third ping does not wait for the second to be given up.
  assertMatch(out[2], reply("192.0.2.1", 3));
  assertEquals(out[3], "192.0.2.1 did not reply within 2 s: seq=2");
  assertEquals(out[4], "3 sent, 2 received, 33.3% lost");
  assertEquals(status, 0);
});

Deno.test("ping() tells when nobody has the address, and fails", async () => {
  const { status, out } = await run(
    `-c 2 -i 0.01 -W 0.05 --from 192.0.2.200 probe://192.0.2.1 192.0.2.2`,
  );
  assertLines(out, [
    "Pinging 192.0.2.2 from 192.0.2.200 through probe://192.0.2.1",
    "nobody on the network has 192.0.2.2, asked within 0.05 s: seq=1",
    "nobody on the network has 192.0.2.2, asked within 0.05 s: seq=2",
    "2 sent, 0 received, 100% lost",
  ]);
  assertEquals(status, 1);
});

Deno.test("ping() through a plug that never has anything fails in time", async () => {
  const { status, out } = await run(
    `-c 1 -W 0.05 --from 192.0.2.200 null:// 192.0.2.2`,
  );
  assertEquals(out.at(-1), "1 sent, 0 received, 100% lost");
  assertEquals(status, 1);
});

Deno.test("ping() marks repeated replies, and counts each ping once", async () => {
  const { status, out } = await run(
    `${QUICK} -c 1 memory://192.0.2.1/twice 192.0.2.1`,
  );
  assertLines(out, [
    /^Pinging/,
    reply("192.0.2.1", 1),
    /^192\.0\.2\.1 replied: seq=1 .* ttl=64 \(again\)$/,
    "1 sent, 1 received, 0% lost, 1 received again",
    TIMES,
  ]);
  assertEquals(status, 0);
});

Deno.test("ping() goes on while a plug takes one frame a call", async () => {
  const { status, out } = await run(
    `-c 20 -i 0.001 -W 2 --from 192.0.2.200 memory://192.0.2.1/narrow 192.0.2.1`,
  );
  assertEquals(out.at(-2), "20 sent, 20 received, 0% lost");
  assertEquals(status, 0);
});

Deno.test("ping() through a plug that takes nothing does not spin, and ends", async () => {
  const start = performance.now();
  const { status, out } = await run(
    `-c 2 -i 0.1 -W 0.3 --from 192.0.2.200 memory://192.0.2.1/stuck 192.0.2.1`,
  );
  const tookMs = performance.now() - start;
  assertEquals(out.at(-1), "2 sent, 0 received, 100% lost");
  assertEquals(status, 1);
  const { taken, calls } = opened[opened.length - 1];
  assertEquals(taken, []);
  // A turn every 20 ms, and some more for what comes due.
  assertLess(calls, tookMs / 20 * 2 + 20);
});

Deno.test("ping() with -c 0 goes on until it is stopped, then sums up", async () => {
  const { status, out } = await run(
    `${QUICK} -c 0 probe://192.0.2.1 192.0.2.1`,
    { stopAt: (_, lines) => lines === 8 },
  );
  assertEquals(out.length, 10);
  assertMatch(out[7], reply("192.0.2.1", 7));
  assertEquals(out[8], "7 sent, 7 received, 0% lost");
  assertEquals(status, 0);
});

Deno.test("ping() is stopped at once while it waits", async () => {
  const stop = new AbortController();
  const start = performance.now();
  const { status, out } = await run(
    "-W 60 --from 192.0.2.200 null:// 192.0.2.2",
    {
      stop,
      stopAt: (_, lines) => {
        if (lines === 1) setTimeout(() => stop.abort(), 0);
        return false;
      },
    },
  );
  assertLess(performance.now() - start, 30_000);
  assertLines(out, [/^Pinging/, "1 sent, 0 received, 100% lost"]);
  assertEquals(status, 1);
});

Deno.test("ping() that was stopped before it began sends nothing", async () => {
  const stop = new AbortController();
  stop.abort();
  const { status, out } = await run("memory://192.0.2.1 192.0.2.1", { stop });
  assertEquals(out, ["0 sent, 0 received, 0% lost"]);
  assertEquals(status, 1);
  assertEquals(opened[opened.length - 1].taken, []);
});

Deno.test("ping() leaves no listener on the stop signal", async () => {
  const stop = new AbortController();
  for (let round = 0; round < 3; round++) {
    await run(`${QUICK} -c 1 probe://192.0.2.1 192.0.2.1`, { stop });
  }
  const before = openDescriptors();
  stop.abort();
  assertEquals(openDescriptors(), before);
});

Deno.test("ping() finds no address when all are in use", async () => {
  const { status, out, err } = await run(
    "memory://192.0.2.1/crowded 192.0.2.1",
  );
  assertLines(err, [
    HELLO,
    /^Cannot find a free address to ping "192\.0\.2\.1" from: all of (192\.0\.2\.\d+(, )?){8} are in use$/,
    "hint: give a free one with --from",
  ]);
  assertEquals([status, out], [1, []]);
});

const ENDS = [
  { vnl: "memory://192.0.2.1/end=2", includes: "Cannot go on: the peer left" },
  {
    vnl: "memory://192.0.2.1/break=2",
    includes: "Cannot go on: the link broke",
  },
] as const;

for (const { vnl, includes } of ENDS) {
  Deno.test(`ping() says why the link ended, and sums up: ${vnl}`, async () => {
    // It ends long before the second ping is due.
    const { status, out, err } = await run(
      `-i 600 --from 192.0.2.200 ${vnl} 192.0.2.1`,
    );
    assertEquals(err, [HELLO, includes]);
    assertEquals(out.at(-2), "1 sent, 1 received, 0% lost");
    assertEquals(status, 0);
  });
}

Deno.test("ping() fails when the link ends before it began", async () => {
  const { status, out, err } = await run("memory://192.0.2.1/end=0 192.0.2.1");
  assertEquals(err, [HELLO, "Cannot go on: the peer left"]);
  assertEquals([status, out], [1, []]);
});

Deno.test("ping() ends when the other side hangs up", async () => {
  const { status, err } = await run(
    "-W 60 --from 192.0.2.200 memory://192.0.2.1/hangup 192.0.2.2",
  );
  assertEquals(err, [HELLO, "Cannot ping any longer: the other side is gone"]);
  assertEquals(status, 1);
});

Deno.test("ping() gives a plug's hint when it does not open", async () => {
  const { status, out, err } = await run("memory://192.0.2.1/refuse 192.0.2.1");
  assertEquals(err, [
    'Cannot open "memory://192.0.2.1/refuse": EPERM',
    "hint: ask nicely",
  ]);
  assertEquals([status, out], [1, []]);
});

const USAGE_HINT = 'hint: "vdeplug ping --help" shows how it is used';

const MISUSES = [
  { args: "", includes: "it takes a VNL and an address", hint: true },
  {
    args: "probe://192.0.2.1 host",
    includes: "an IPv4 or IPv6 address",
    hint: true,
  },
  {
    args: "-z probe://192.0.2.1 192.0.2.1",
    includes: 'the option "-z"',
    hint: true,
  },
  { args: "nosuch:// 192.0.2.1", includes: '"nosuch"', hint: false },
  {
    args: "probe://192.0.2.1/colour=red 192.0.2.1",
    includes: '"colour"',
    hint: false,
  },
  { args: "probe://999 192.0.2.1", includes: '"999"', hint: false },
] as const;

for (const { args, includes, hint } of MISUSES) {
  Deno.test({
    name: `ping() returns 2 for wrong use: ${args || "no arguments"}`,
    // A scheme of no module is looked for among native plugins: libraries stay.
    sanitizeResources: false,
    fn: async () => {
      const { status, out, err } = await run(args);
      assertEquals([status, out], [2, []]);
      assertMatch(err[0], /^Cannot .*[^.]$/);
      assertStringIncludes(err[0], includes);
      assertEquals(err.slice(1), hint ? [USAGE_HINT] : []);
    },
  });
}

ffiTest(
  "ping() takes a word without a scheme for a switch, and doubts it",
  async () => {
    const { status, out, err } = await run("./vxvd 192.0.2.1");
    assertEquals([status, out], [1, []]);
    assertStringIncludes(err[0], "found no switch");
    assertStringIncludes(err[1], 'without "://", "./vxvd" is the folder');
  },
);

Deno.test("ping() prints its help", async () => {
  const { status, out, err } = await run("--help");
  assertEquals([status, err], [0, []]);
  assertMatch(out[0], /^Usage: vdeplug ping /);
});
