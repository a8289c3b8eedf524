import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  type LabProcess,
  peerAvailable,
  reasonToSkip,
  spawn,
  vdeplug,
} from "../lab/mod.ts";
import { eventually, prepared } from "./nodes.ts";
import { canMakePeers, type Load, send, startSink, tally } from "./vdepeer.ts";

/** Moderate, and every third of the lengths that a network with an MTU of 9000 has. */
const LOAD: Load = { count: 3003, rate: 2000, sizes: "14-9018/3" };
/** What Debian's vde_switch carries: it cuts what is longer. */
const SHORT_LOAD: Load = { count: 1505, rate: 1000, sizes: "14-1518/1" };

/** One way for frames. */
interface Way {
  readonly name: string;
  /** Names in the test's folder that our cable joins, as VNLs without a folder: `switch://a`. */
  readonly cable: readonly [string, string];
  /** Where vde_switch serves. */
  readonly switches?: readonly string[];
  readonly source: string;
  readonly sinks: readonly string[];
  /** Sinks that are there before our cable is. */
  readonly sinksFirst?: boolean;
  /** Each sink gets its share, not all. */
  readonly shared?: boolean;
  readonly load?: Load;
}

const WAYS: readonly Way[] = [
  {
    name: "switch://, from a port to others",
    cable: ["null://", "switch://a"],
    source: "vde://a",
    sinks: ["vde://a", "vde://a"],
  },
  {
    name: "hub://, from a port to others",
    cable: ["null://", "hub://a"],
    source: "vde://a",
    sinks: ["vde://a", "vde://a"],
  },
  {
    name: "multi://, from a port to the host",
    cable: ["multi://a", "switch://b"],
    source: "vde://a",
    sinks: ["vde://b"],
  },
  {
    name: "multi://, from the host to ports",
    cable: ["multi://a", "switch://b"],
    source: "vde://b",
    sinks: ["vde://a", "vde://a"],
  },
  {
    name: "bonding://, from a port to the host",
    cable: ["bonding://a", "switch://b"],
    source: "vde://a",
    sinks: ["vde://b"],
  },
  {
    name: "bonding://, from the host to ports in turn",
    cable: ["bonding://a", "switch://b"],
    source: "vde://b",
    sinks: ["vde://a", "vde://a"],
    shared: true,
  },
  {
    name: "ptp:// of datagrams, ours first",
    cable: ["ptp://a[dgram]", "ptp://b[dgram]"],
    source: "ptp://a",
    sinks: ["ptp://b"],
  },
  {
    name: "ptp:// of datagrams, ours second",
    cable: ["ptp://a[dgram]", "ptp://b"],
    source: "ptp://a",
    sinks: ["ptp://b"],
    sinksFirst: true,
  },
  {
    name: "vde:// between two of vde_switch",
    cable: ["vde://a", "vde://b"],
    switches: ["a", "b"],
    source: "vde://a",
    sinks: ["vde://b"],
    load: SHORT_LOAD,
  },
];

const noPeers = await reasonToSkip(canMakePeers());
const noSwitch = await reasonToSkip(
  canMakePeers(),
  peerAvailable("vde_switch"),
);

/** Nothing but what was sent, all of it, and in its order. */
const GOOD = {
  reordered: 0,
  duplicated: 0,
  truncated: 0,
  corrupt: 0,
  foreign: 0,
};

/** Settles when a socket, or a folder with one, is there. */
async function waitForName(path: string, made: LabProcess): Promise<void> {
  await eventually(`"${path}" (${made.title})`, async () => {
    assertEquals(made.status, undefined, made.report());
    return await Deno.lstat(path).catch(() => undefined);
  });
}

/** Settles when our cable's end is there for others. */
async function waitUntilOpen(
  vnl: string,
  folder: string,
  cable: LabProcess,
): Promise<void> {
  const [, scheme, name] = vnl.match(/^(\w+):\/\/(\w*)/)!; // all of the table are so
  if (scheme === "vde") {
    await cable.waitFor(new RegExp(`/${name} is connected to `));
  } else if (name !== "") await waitForName(join(folder, name), cable);
}

async function carry(way: Way, folder: string): Promise<void> {
  const { load = LOAD, switches = [], shared = false } = way;
  const inFolder = (vnl: string) => vnl.replace(/:\/\/(?=\w)/, `://${folder}/`);
  await using running = new AsyncDisposableStack();
  const start = (command: readonly string[]) =>
    running.use(spawn(command, { input: true }));
  const sinks: LabProcess[] = [];
  const startSinks = async () => {
    for (const vnl of way.sinks) {
      sinks.push(running.use(await startSink(inFolder(vnl), load)));
    }
  };
  for (const name of switches) {
    const path = join(folder, name);
    await waitForName(`${path}/ctl`, start(["vde_switch", "-s", path]));
  }
  if (way.sinksFirst) await startSinks();
  const cable = start(vdeplug("--verbose", ...way.cable.map(inFolder)));
  for (const vnl of way.cable) await waitUntilOpen(vnl, folder, cable);
  if (!way.sinksFirst) await startSinks();
  await send(inFolder(way.source), load, { sinks, shared });
  const tallies = await Promise.all(sinks.map(tally));
  for (const { received: _, lost: __, ...faults } of tallies) {
    assertEquals(faults, GOOD);
  }
  const received = tallies.map((each) => each.received);
  const each = shared ? load.count / sinks.length : load.count;
  const wanted = sinks.map((_, index) =>
    index === 0 ? Math.ceil(each) : Math.floor(each)
  );
  assertEquals(received.sort((a, b) => b - a), wanted);
}

for (const way of WAYS) {
  const skip = way.switches === undefined ? noPeers : noSwitch;
  Deno.test({
    name: `libvdeplug's frames pass ${way.name}` +
      (skip === undefined ? "" : ` (skipped: ${skip})`),
    ignore: skip !== undefined,
    fn: async () => {
      await prepared();
      const folder = await Deno.makeTempDir({ prefix: "peers-" });
      try {
        await carry(way, folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
