import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertRejects,
} from "@std/assert";
import {
  canCapture,
  canMakeNamespaces,
  canMakeTaps,
  capture,
  cpuSeconds,
  Lab,
  LabError,
  type LabHost,
  labTest,
  median,
  PATIENCE_MS,
  peerAvailable,
  reasonToSkip,
  rssBytes,
  spawn,
  throughput,
  transfer,
} from "./mod.ts";

const noLab = await reasonToSkip(canMakeNamespaces());
const noPing = await reasonToSkip(canMakeNamespaces(), peerAvailable("ping"));
const noCapture = await reasonToSkip(canCapture(), peerAvailable("ping"));
const noVde = await reasonToSkip(
  canMakeTaps(),
  peerAvailable("ping"),
  peerAvailable("vde_plug"),
);
const noUserNamespace = await reasonToSkip(canMakeUserNamespaces());

async function canMakeUserNamespaces() {
  try {
    await using _lab = await Lab.create({ unprivileged: true });
    return { ok: true } as const;
  } catch (error) {
    return { ok: false, reason: (error as Error).message } as const;
  }
}

async function twoHosts(lab: Lab): Promise<[LabHost, LabHost]> {
  const [a, b] = [await lab.host("a"), await lab.host("b")];
  await lab.link(a, b);
  return [a, b];
}

Deno.test("peerAvailable() finds a shell, and names what it does not find", async () => {
  assertEquals(await peerAvailable("sh"), { ok: true });
  assertEquals(await peerAvailable("no-such-program"), {
    ok: false,
    reason: "no-such-program is not installed",
  });
});

Deno.test("waitFor() takes whole lines only", async () => {
  await using process = spawn(
    ["sh", "-c", "printf 'port 12'; read _; echo 34"],
    { input: true },
  );
  const match = process.waitFor(/^port (\d+)$/m);
  await process.write(new TextEncoder().encode("\n"));
  assertEquals((await match)[1], "1234");
});

Deno.test("waitFor() tells what a process that ended without the line has said", async () => {
  await using process = spawn(["sh", "-c", "echo oh dear >&2; exit 3"]);
  const error = await assertRejects(
    () => process.waitFor(/ready/),
    LabError,
    "before it ended",
  );
  assertMatch(error.message, /ended with status 3[^]*oh dear/);
});

Deno.test("waitFor() gives up when its time is over", async () => {
  await using process = spawn(["cat"], { input: true });
  await assertRejects(
    () => process.waitFor(/ready/, 10),
    LabError,
    "after 10 ms",
  );
});

Deno.test("terminate() kills what does not listen, and is harmless afterwards", async () => {
  await using process = spawn(["sh", "-c", "trap '' TERM; echo deaf; read _"], {
    input: true,
  });
  await process.waitFor(/^deaf$/m);
  assertEquals((await process.terminate("SIGTERM", 10)).signal, "SIGKILL");
  assertEquals((await process.terminate()).signal, "SIGKILL");
});

const MEDIANS = [
  { name: "one number", values: [3], want: 3 },
  { name: "an odd count, unsorted", values: [9, 1, 10], want: 9 },
  {
    name: "an even count, by the mean of two",
    values: [4, 1, 2, 100],
    want: 3,
  },
] as const;

for (const { name, values, want } of MEDIANS) {
  Deno.test(`median() takes the middle of ${name}`, () => {
    assertEquals(median(values), want);
  });
}

Deno.test("cpuSeconds() and rssBytes() see this process", async () => {
  assertGreater(await cpuSeconds(Deno.pid), 0);
  assertGreater(await rssBytes(Deno.pid), 1e6);
});

labTest("run() throws with what the command wrote", noLab, async (lab) => {
  const host = await lab.host("a");
  assertEquals(await host.run("echo", ["hello"]), "hello\n");
  const failing = () => host.run("sh", ["-c", "echo oh dear >&2; exit 3"]);
  const error = await assertRejects(failing, LabError, "status 3");
  assertMatch(error.message, /on host "a": status 3\noh dear/);
});

labTest(
  "waitForInterface() gives up when its time is over",
  noLab,
  async (lab) => {
    const host = await lab.host("a");
    const waiting = () => host.waitForInterface("t0", { timeoutMs: 10 });
    await assertRejects(
      waiting,
      LabError,
      `interface "t0" on host "a": not there after 10 ms`,
    );
  },
);

labTest(
  "waitForInterface() ends with the process that it waits on",
  noLab,
  async (lab) => {
    const host = await lab.host("a");
    const madeBy = host.spawn("sh", ["-c", "echo oh dear >&2; exit 3"]);
    await assertRejects(
      () => host.waitForInterface("t0", { madeBy }),
      LabError,
      "oh dear",
    );
  },
);

labTest(
  "link() joins two hosts, for IPv4, IPv6 and multicast",
  noPing,
  async (lab) => {
    const [a, b] = [await lab.host("a"), await lab.host("b")];
    const [near, far] = await lab.link(a, b, { mtu: 1400 });
    for (const address of [far.address, far.address6]) {
      assertEquals((await a.ping(address, { count: 1 })).received, 1);
    }
    assertMatch(
      await b.run("ip", ["link", "show", near.interfaceName]),
      /mtu 1400 /,
    );
    assertMatch(
      await a.run("ip", ["route", "get", "239.0.0.1"]),
      / dev wire0 /,
    );
    assertMatch(
      await a.run("ip", ["-6", "route", "get", "ff05:56de::1"]),
      / dev wire0 /,
    );
  },
);

labTest("link() gives each wire addresses of its own", noPing, async (lab) => {
  const [a, b, c] = [
    await lab.host("a"),
    await lab.host("b"),
    await lab.host("c"),
  ];
  await lab.link(a, b);
  const [, far] = await lab.link(b, c);
  assertEquals(far.address, "192.0.2.146");
  assertEquals((await b.ping(far.address6, { count: 1 })).received, 1);
  await assertRejects(
    () => a.ping(far.address, { count: 1 }),
    LabError,
    "Cannot ping",
  );
});

labTest("bridge() joins three hosts", noPing, async (lab) => {
  const hosts = [await lab.host("a"), await lab.host("b"), await lab.host("c")];
  const ports = await lab.bridge(hosts);
  for (const { address, address6 } of ports) {
    assertEquals((await hosts[0].ping(address, { count: 1 })).received, 1);
    assertEquals((await hosts[2].ping(address6, { count: 1 })).received, 1);
  }
});

labTest("counters() count the packets of a ping", noPing, async (lab) => {
  const [a, b] = await twoHosts(lab);
  await a.ping(b.port.address, { count: 3, intervalSeconds: 0.01 });
  assertGreater((await b.counters("wire0")).rx_packets, 2);
});

labTest(
  "capture() shows the packets on an interface",
  noCapture,
  async (lab) => {
    const [a, b] = await twoHosts(lab);
    await using icmp = await capture(b, {
      interfaceName: "wire0",
      filter: "icmp",
    });
    await a.ping(b.port.address, { count: 2 });
    await icmp.waitFor(/echo reply.* seq 2/);
    assertEquals(icmp.lines.length, 4);
  },
);

labTest(
  "transfer() compares a stream's bytes on both sides",
  noLab,
  async (lab) => {
    const [a, b] = await twoHosts(lab);
    for (const address of [b.port.address, b.port.address6]) {
      const { bytes, sha256Equal } = await transfer(a, b, {
        address,
        bytes: 1_234_567,
      });
      assertEquals({ bytes, sha256Equal }, {
        bytes: 1_234_567,
        sha256Equal: true,
      });
    }
  },
);

labTest("transfer() fails when nobody can be reached", noLab, async (lab) => {
  const [a, b] = await twoHosts(lab);
  const nowhere = { address: "192.0.2.9", bytes: 1 };
  await assertRejects(
    () => transfer(a, b, nowhere),
    LabError,
    "before it ended",
  );
});

labTest(
  "throughput() measures for the time it is given",
  noLab,
  async (lab) => {
    const [a, b] = await twoHosts(lab);
    const result = await throughput(a, b, {
      address: b.port.address,
      seconds: 1,
    });
    assertGreater(result.bitsPerSecond, 1e6);
    assertGreater(result.seconds, 0.1);
  },
);

labTest(
  "dispose() ends what runs on the hosts, daemons included",
  noLab,
  async (lab) => {
    const host = await lab.host("a");
    const sleeper = host.spawn("sh", ["-c", "echo here; exec sleep 1000"]);
    await sleeper.waitFor(/^here$/m);
    const daemon = await host.run("sh", [
      "-c",
      "setsid sleep 1000 >/dev/null 2>&1 & echo $!",
    ]);
    assert(await isAlive(Number(daemon)));
    await lab[Symbol.asyncDispose]();
    assertEquals(sleeper.status?.signal, "SIGKILL");
    await untilGone([host.pid, sleeper.pid, Number(daemon)]);
  },
);

for (
  const { how, skip } of [
    { how: "root", skip: noLab },
    { how: "user", skip: noUserNamespace },
  ]
) {
  Deno.test({
    name:
      `a lab leaves nothing behind when its maker is killed, made as "${how}"` +
      (skip ? ` (skipped: ${skip})` : ""),
    ignore: skip !== undefined,
    fn: async () => {
      const script = new URL("abandon.ts", import.meta.url).pathname;
      await using maker = spawn([Deno.execPath(), "run", "-A", script, how]);
      const pids: number[] = JSON.parse((await maker.waitFor(/^\[.*\]$/m))[0]);
      for (const pid of pids) assert(await isAlive(pid), `${pid} runs`);
      await maker.terminate("SIGKILL");
      await untilGone(pids);
    },
  });
}

labTest(
  "two C plugs on one vxvde network carry pings and 5 MB",
  noVde,
  async (lab) => {
    const [a, b] = await twoHosts(lab);
    for (const [index, host] of [a, b].entries()) {
      host.spawn("vde_plug", ["vxvde://", "tap://t0"]);
      const addresses = [
        `192.0.2.${index + 1}/25`,
        `2001:db8:1::${index + 1}/64`,
      ];
      await host.configure("t0", { addresses, mtu: 1450 });
    }
    await a.waitForAnswer("192.0.2.2");
    // One by one: ping(8) gives up on a late answer to the last of several soon.
    for (let ping = 0; ping < 3; ping++) {
      assertEquals((await a.ping("192.0.2.2", { count: 1 })).received, 1);
      assertEquals((await b.ping("2001:db8:1::1", { count: 1 })).received, 1);
    }
    const result = await transfer(a, b, {
      address: "192.0.2.2",
      bytes: 5_000_000,
    });
    assertEquals(result.sha256Equal, true);
  },
);

/** Whether a process exists that has not ended: a zombie has nothing left to leave behind. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (const pid of pids) {
    while (await isAlive(pid)) {
      assert(performance.now() < deadline, `process ${pid} is still there`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
