import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { ETHERNET_HEADER_BYTES } from "../../lib/net/frame.ts";
import {
  canCapture,
  canMakeNamespaces,
  canMakeTaps,
  type Capture,
  capture,
  type LabHost,
  type LabProcess,
  labTest,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { makeFrame } from "../plugs.ts";
import { seededRandom } from "../random.ts";
import {
  address,
  assertPings,
  assertTransfer,
  command,
  eventually,
  lastCounts,
  plugIn,
  prepared,
  start,
} from "./nodes.ts";
import { ROOMY } from "./wire.ts";

const BYTES = 10_000_000;
const SEED = 4711;

const needs = [canMakeTaps(), peerAvailable("ping")];
const noOurs = await reasonToSkip(canMakeNamespaces());
const noTap = await reasonToSkip(...needs);
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));
const noDpipe = noC ?? await reasonToSkip(peerAvailable("dpipe"));
const noCapture = await reasonToSkip(canMakeTaps(), canCapture());

const [C, OURS] = [command("C"), command("ours")];
const [TAP, NET] = ["tap://t0", "vxvde://"];

const PIPELINES = [
  {
    name: "dpipe vde_plug tap = vdeplug vxvde",
    argv: ["dpipe", ...C, TAP, "=", ...OURS, NET],
    skip: noDpipe,
  },
  {
    name: "dpipe vdeplug tap = vde_plug vxvde",
    argv: ["dpipe", ...OURS, TAP, "=", ...C, NET],
    skip: noDpipe,
  },
  {
    name: "dpipe vdeplug vxvde = vdeplug tap",
    argv: ["dpipe", ...OURS, NET, "=", ...OURS, TAP],
    skip: noDpipe,
  },
  {
    name: "vdeplug tap = vde_plug vxvde",
    argv: [...OURS, TAP, "=", ...C, NET],
    skip: noC,
  },
  {
    name: "vdeplug vxvde = vde_plug tap",
    argv: [...OURS, NET, "=", ...C, TAP],
    skip: noC,
  },
  {
    name: "vde_plug vxvde = vdeplug tap",
    // C would take the command's options for its own.
    argv: [...C, "--", NET, "=", ...OURS, TAP],
    skip: noC,
  },
];

for (const { name, argv, skip } of PIPELINES) {
  labTest(`${name} carries pings and 10 MB each way`, skip, async (lab) => {
    await prepared();
    const [a, b] = [await lab.host("a"), await lab.host("b")];
    await lab.link(a, b);
    const cable = a.spawn(argv[0], argv.slice(1), { input: true });
    const settings = { tool: "ours", vnl: NET, number: 1 } as const;
    const here = await address(a, cable, settings);
    const there = await plugIn(b, { ...settings, tool: "C", number: 2 });
    await assertPings(here, there);
    await assertTransfer(here, there, { bytes: BYTES });
    await assertTransfer(there, here, { bytes: BYTES, ipv6: true });
  });
}

labTest(
  "vdeplug vxvde = COMMAND ends its command when told to end",
  noC,
  async (lab) => {
    await prepared();
    const host = await lab.host("a");
    await lab.link(host, await lab.host("b"));
    const cable = await start(host, "ours", NET, "=", ...C, TAP);
    await host.waitForInterface("t0", { madeBy: cable });
    const { code } = await cable.terminate();
    assertEquals(code, 0, cable.report());
    assertEquals(
      cable.stderr.trim().split("\n").at(-1),
      "vdeplug: ended by SIGTERM",
    );
    // The TAP was the command's, and ended with it.
    assertEquals((await host.attempt("ip", ["link", "show", "t0"])).code, 1);
  },
);

/** A host with a TAP that outlives who uses it, up, and what our program puts into it. */
async function watchTap(host: LabHost): Promise<Capture> {
  await host.run("ip", ["tuntap", "add", "dev", "t0", "mode", "tap"]);
  await host.configure("t0");
  return await capture(host, {
    interfaceName: "t0",
    filter: "ether proto 0x88b5",
    args: ["-e", "-t", ...ROOMY],
  });
}

/** Length and seed of each frame of `makeFrame` in a capture. */
function seenFrames(seen: Capture): { length: number; seed: number }[] {
  // What tcpdump cannot take apart it prints, on indented lines.
  const packets = seen.lines.filter((line) => /^\S/.test(line));
  return packets.map((line) => {
    const [, mac, length] = line.match(/^(\S+) >.*?length (\d+)/) ??
      ["", "", "0"];
    return {
      seed: parseInt(mac.replaceAll(":", "").slice(4), 16),
      length: Number(length),
    };
  });
}

async function waitForFrames(seen: Capture, count: number): Promise<void> {
  await eventually(
    `${count} frames`,
    () => seenFrames(seen).length >= count || undefined,
  );
}

/** A frame in the stream form. */
function framed(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 + length);
  new DataView(bytes.buffer).setUint16(0, length);
  bytes.set(makeFrame(length, seed), 2);
  return bytes;
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Our program between its standard input and a TAP. */
async function startOnTap(host: LabHost): Promise<LabProcess> {
  await prepared();
  const [program, ...args] = command("ours", TAP);
  return host.spawn(program, args, { input: true });
}

labTest(
  "vdeplug tap delivers what waits when its input ends",
  noCapture,
  async (lab) => {
    const host = await lab.host("a");
    await using seen = await watchTap(host);
    const cable = await startOnTap(host);
    const random = seededRandom(SEED);
    const frames = Array.from({ length: 1000 }, (_, seed) => ({
      length: ETHERNET_HEADER_BYTES + random.below(1501),
      seed,
    }));
    await cable.write(
      joinBytes(frames.map(({ length, seed }) => framed(length, seed))),
    );
    await cable.closeInput();
    assertEquals((await cable.exited).code, 0, cable.report());
    assertEquals(
      cable.stderr,
      "vdeplug: ended as standard input closed the stream\n",
    );
    await waitForFrames(seen, frames.length);
    assertEquals(seenFrames(seen), frames);
  },
);

labTest(
  "vdeplug tap keeps the step when reads cut frames anywhere",
  noCapture,
  async (lab) => {
    const host = await lab.host("a");
    await using seen = await watchTap(host);
    const cable = await startOnTap(host);
    // Each write ends a frame, which shows that it was read, and begins the
    // next one: the next read starts in the middle of it.
    const cuts = [1, 2, 3, 15, 16, 61];
    let rest = framed(60, 0);
    for (const [index, cut] of cuts.entries()) {
      const next = framed(60, index + 1);
      await cable.write(joinBytes([rest, next.subarray(0, cut)]));
      await waitForFrames(seen, index + 1);
      rest = next.subarray(cut);
    }
    await cable.write(rest);
    await waitForFrames(seen, cuts.length + 1);
    const seeds = seenFrames(seen).map(({ seed }) => seed);
    assertEquals(seeds, [0, 1, 2, 3, 4, 5, 6]);
  },
);

labTest(
  "vdeplug tap says when its input is out of step, and finds it again",
  noCapture,
  async (lab) => {
    const host = await lab.host("a");
    await using seen = await watchTap(host);
    const cable = await startOnTap(host);
    await cable.write(
      joinBytes([framed(60, 1), Uint8Array.of(0xff, 0xff, 1, 2, 3)]),
    );
    const said = /^vdeplug: the stream from standard input is out of step/m;
    await cable.waitFor(said);
    await cable.write(framed(60, 2));
    await waitForFrames(seen, 2);
    assertEquals(seenFrames(seen).map(({ seed }) => seed), [1, 2]);
  },
);

labTest(
  "vdeplug udp = COMMAND leaves no half frame behind for a slow reader",
  noOurs,
  async (lab) => {
    await prepared();
    const host = await lab.host("a");
    const [end, count, length] = [0xffff_ffff, 2500, 1400];
    const script = new URL("stream_reader.ts", import.meta.url).pathname;
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const reader = `echo "asleep $$" >&2; kill -STOP $$; ` +
      `exec "${Deno.execPath()}" run -A --quiet --config "${config}" "${script}" ${end}`;
    const near = [
      "--stats=0.05",
      "--json",
      "udp://127.0.0.1:5000->127.0.0.1:5001",
    ];
    const slow = await start(host, "ours", ...near, "=", "sh", "-c", reader);
    const [, pid] = await slow.waitFor(/^asleep (\d+)$/m);

    const far = [
      "--stats=0.05",
      "--json",
      "udp://127.0.0.1:5001->127.0.0.1:5000",
    ];
    const [program, ...args] = command("ours", ...far);
    const fast = host.spawn(program, args, { input: true });
    await fast.write(
      joinBytes(
        Array.from({ length: count }, (_, seed) => framed(length, seed)),
      ),
    );
    await fast.waitFor(new RegExp(`"backward":\\{"frames":${count},`));
    // More than the pipe holds: a frame is half written by now.
    await slow.waitFor(/"forward":\{"frames":[1-9]\d\d/);
    await host.run("kill", ["-CONT", pid]);

    const found = await eventually("the reader's account", async () => {
      await fast.write(framed(length, end));
      return slow.stderr.match(/^\{"frames":.*"disordered":.*\}$/m) ??
        undefined;
    });
    const { frames, wrong, disordered } = JSON.parse(found[0]);
    assertEquals({ wrong, disordered }, { wrong: 0, disordered: 0 });
    assertGreater(frames, 65536 / length);
    assertEquals((await slow.exited).code, 0, slow.report());
  },
);

labTest(
  "vdeplug tap takes frames in while nobody takes those that it gives out",
  noCapture ?? noTap,
  async (lab) => {
    await prepared();
    const host = await lab.host("a");
    await using seen = await watchTap(host);
    const add = ["address", "add", "192.0.2.1/25", "dev", "t0"];
    await host.run("ip", add);
    const pipeline = ["-c", '"$@" | sleep 1000', "sh", ...OURS, TAP];
    const shell = host.spawn("sh", pipeline, { input: true });
    await shell.write(framed(60, 1));
    await waitForFrames(seen, 1);

    // Once the pipe is full, the TAP's queue fills too, and then it drops.
    const neighbour = ["192.0.2.9", "lladdr", "02:00:00:00:00:09", "dev", "t0"];
    await host.run("ip", ["neigh", "add", ...neighbour]);
    await eventually("a TAP whose queue is full", async () => {
      const flood = ["-q", "-l", "999", "-c", "999", "-s", "1400", "-w", "1"];
      await host.attempt("ping", [...flood, "192.0.2.9"]);
      return (await host.counters("t0")).tx_dropped > 0 || undefined;
    });
    await shell.write(framed(60, 2));
    await waitForFrames(seen, 2);
    assertEquals(seenFrames(seen).map(({ seed }) => seed), [1, 2]);
  },
);

const ENDS = [
  {
    name: "a command that does not exist",
    argv: ["null://", "=", "/no/such/program", "x"],
    code: 127,
    says:
      /Cannot start "\/no\/such\/program": no such file or directory \(ENOENT\)/,
  },
  {
    name: "a command that may not be run",
    argv: ["null://", "=", "/etc/passwd"],
    code: 126,
    says: /Cannot start "\/etc\/passwd": permission denied \(EACCES\)/,
  },
  {
    name: "a command that fails",
    argv: ["null://", "=", "sh", "-c", "exit 7"],
    code: 7,
    says:
      /^vdeplug: ended as .*\nvdeplug: the command ended with exit status 7\n$/,
  },
  {
    name: "a command that is killed",
    argv: ["null://", "=", "sh", "-c", "kill -KILL $$"],
    code: 137,
    says: /the command ended with exit status 137\n/,
  },
  {
    name: "a command that ends well",
    argv: ["null://", "=", "true"],
    code: 0,
    // Whichever of its two pipes is seen closed first.
    says:
      /^vdeplug: ended as (command "true" closed the stream|the other side hung up)\n$/,
  },
];

for (const { name, argv, code, says } of ENDS) {
  Deno.test(`vdeplug ends after ${name} with status ${code}, and says why`, async () => {
    await prepared();
    const [program, ...args] = command("ours", ...argv);
    const child = new Deno.Command(program, { args, stdin: "null" });
    const output = await child.output();
    const stderr = new TextDecoder().decode(output.stderr);
    assertEquals(output.code, code, stderr);
    assertMatch(stderr, says);
  });
}

Deno.test("vdeplug ends with status 1 when its input cannot be read", async () => {
  await prepared();
  // A folder opens, and then each read fails.
  const shell = ["-c", 'exec "$@" </', "sh", ...command("ours", "null://")];
  const output = await new Deno.Command("sh", { args: shell }).output();
  const stderr = new TextDecoder().decode(output.stderr);
  assertEquals(output.code, 1, stderr);
  assertMatch(
    stderr,
    /Cannot read from standard input: is a directory \(EISDIR\)/,
  );
});

for (const source of ["/dev/zero", "/dev/urandom"]) {
  labTest(
    `vdeplug tap = cat ${source} goes on the other way, and ends on SIGTERM`,
    noTap,
    async (lab) => {
      const host = await lab.host("a");
      // Two of them, so that the pipe never runs dry.
      const script = `cat <&0 >/dev/null & cat ${source} & exec cat ${source}`;
      const program = ["sh", "-c", script];
      const cable = await start(host, "ours", "--json", TAP, "=", ...program);
      const settings = { tool: "ours", vnl: TAP, number: 1 } as const;
      await address(host, cable, { ...settings, quiet: true });
      const neighbour = ["192.0.2.9", "lladdr", "02:00:00:00:00:09"];
      await host.run("ip", ["neigh", "add", ...neighbour, "dev", "t0"]);
      const pings = { count: 100, intervalSeconds: 0.01, args: ["-W", "1"] };
      await host.ping("192.0.2.9", pings);
      const { code, signal } = await cable.terminate();
      assertEquals({ code, signal }, { code: 0, signal: null }, cable.report());
      // One by one as they come, not many at once after a long wait.
      const { frames, bursts } = lastCounts(cable).forward;
      assertGreater(frames, 90);
      assertGreater(bursts, frames / 5);
    },
  );
}
