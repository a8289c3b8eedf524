import { assert, assertEquals } from "@std/assert";
import { ECONNREFUSED, ENOENT } from "../../ffi/errno.ts";
import { SystemError } from "../../ffi/libc.ts";
import { SOCK_DGRAM } from "../../ffi/unix_socket.ts";
import type { Plug } from "../../lib/plug/plugin.ts";
import { ffiTest } from "../ffi/case.ts";
import {
  canMakeTaps,
  type Lab,
  type LabHost,
  labTest,
  PATIENCE_MS,
  peerAvailable,
  reasonToSkip,
} from "../lab/mod.ts";
import { connected, Place } from "../lib/ptp/places.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  takeFrames,
  until,
} from "../plugs.ts";
import {
  assertPings,
  assertTransfer,
  eventually,
  type Node,
  plugIn,
  type Tool,
} from "./nodes.ts";
import { canMakePeers, startEcho } from "./vdepeer.ts";

const BYTES = 20_000_000;
const LONG_MTU = 9000;
/** Of a ping that fills a packet of that length. */
const LONG_PING_BYTES = LONG_MTU - 28;

const needs = [canMakeTaps(), peerAvailable("ping")];
const noOurs = await reasonToSkip(...needs);
const noC = await reasonToSkip(...needs, peerAvailable("vde_plug"));
const noPeers = await reasonToSkip(canMakePeers());

/** Who comes first, and who second. */
interface Couple {
  readonly name: string;
  readonly tools: readonly [Tool, Tool];
  /** Keys of each one's VNL. */
  readonly keys: readonly [string, string];
}

const COUPLES: readonly Couple[] = [
  { name: "ours, then ours", tools: ["ours", "ours"], keys: ["", ""] },
  {
    name: "ours with datagrams, then ours",
    tools: ["ours", "ours"],
    keys: ["[dgram]", ""],
  },
  { name: "C, then ours", tools: ["C", "ours"], keys: ["", ""] },
  {
    name: "ours with datagrams, then C",
    tools: ["ours", "C"],
    keys: ["[dgram]", ""],
  },
];

/** A couple of TAPs, each on a host of its own. */
class Scene {
  readonly hosts: LabHost[] = [];
  readonly nodes: Node[] = [];

  constructor(readonly place: Place, readonly couple: Couple) {}

  static async make(lab: Lab, place: Place, couple: Couple): Promise<Scene> {
    const scene = new Scene(place, couple);
    for (const [index, name] of ["first", "second"].entries()) {
      scene.hosts.push(await lab.host(name));
      await scene.join(index);
    }
    return scene;
  }

  /** Starts an end, for the first time or once more. */
  async join(index: number): Promise<void> {
    const { tools, keys } = this.couple;
    const tool = tools[index];
    if (tool === "C") await this.#letGo();
    this.nodes[index] = await plugIn(this.hosts[index], {
      tool,
      vnl: `ptp://${this.place.path}${keys[index]}`,
      number: index + 1,
    });
  }

  /** C ends for good if the other end has not let go of a dead peer yet. */
  async #letGo(): Promise<void> {
    const { path } = this.place;
    await eventually(
      "an end that takes a peer",
      () => takesPeers(path) || undefined,
    );
  }
}

/** Whether nobody is at a path, or an end that is not connected to another one. */
function takesPeers(path: string): boolean {
  try {
    using _socket = connected(SOCK_DGRAM, path);
    return true;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return error.errno === ENOENT || error.errno === ECONNREFUSED;
  }
}

// Libraries are opened at first use, and stay: no test is to blame.
takesPeers("/nowhere");

function ptpTest(
  name: string,
  couple: Couple,
  run: (scene: Scene) => Promise<void>,
): void {
  const skip = couple.tools.includes("C") ? noC : noOurs;
  labTest(`ptp:// ${name}: ${couple.name}`, skip, async (lab) => {
    using place = new Place();
    await run(await Scene.make(lab, place, couple));
  });
}

for (const couple of COUPLES) {
  ptpTest("carries pings and TCP, both ways", couple, async ({ nodes }) => {
    const [one, other] = nodes;
    await assertPings(one, other);
    await assertTransfer(one, other, { bytes: BYTES });
    await assertTransfer(other, one, { bytes: BYTES, ipv6: true });
  });

  ptpTest("carries packets of 9000 bytes", couple, async ({ nodes }) => {
    const [one, other] = nodes;
    await assertPings(one, other);
    for (const { host, tap } of nodes) {
      await host.configure(tap, { mtu: LONG_MTU });
    }
    const whole = ["-M", "do", "-s", `${LONG_PING_BYTES}`];
    const ping = ["-n", "-c", "1", "-W", "10", ...whole, other.address];
    const { code, stdout } = await one.host.attempt("ping", ping);
    assertEquals(code, 0, stdout);
    await assertTransfer(one, other, { bytes: BYTES });
  });

  for (const [index, who] of ["first", "second"].entries()) {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      ptpTest(
        `joins again when the ${who} end had ${signal}`,
        couple,
        async (scene) => {
          const { nodes, couple: { tools } } = scene;
          for (let round = 0; round < 2; round++) {
            // C notices that its peer is gone when it sends: so who stayed begins.
            await assertPings(nodes[1 - index], nodes[index]);
            const status = await nodes[index].cable.terminate(signal);
            const isClean = signal === "SIGTERM" && tools[index] === "ours";
            if (isClean) assertEquals(status.code, 0);
            await scene.join(index);
          }
          await assertPings(nodes[1 - index], nodes[index]);
          for (const { tool, cable } of nodes) {
            assertEquals(cable.status, undefined, cable.report());
            const { code } = await cable.terminate();
            if (tool === "ours") assertEquals(code, 0, cable.report());
          }
          assertEquals(scene.place.names(), []);
        },
      );
    }
  }
}

/** One length after the other, not all: each takes its time. */
function lengths(): number[] {
  const found = [];
  for (let length = 14; length < 9018; length += 7) found.push(length);
  return [...found, 9017, 9018];
}

/** Sends frames to a peer that echoes them, each when the one before is back. */
async function assertEchoes(plug: Plug): Promise<void> {
  for (const length of lengths()) {
    const sent = makeFrame(length, length);
    const burst = burstOf([sent]);
    assertEquals(plug.send(burst, 0), 1);
    const wanted = sent.slice();
    wanted.set(sent.subarray(6, 12), 0);
    wanted.set(sent.subarray(0, 6), 6);
    const got: Uint8Array[] = [];
    assert(
      await until(() => got.push(...takeFrames(plug)) > 0, PATIENCE_MS),
      `a frame of ${length} bytes does not come back`,
    );
    assertFrames(got, [wanted]);
  }
}

const noPeersOption = { skip: noPeers };

ffiTest(
  "ptp:// exchanges frames of all lengths with a program of libvdeplug that comes first",
  async () => {
    using place = new Place();
    await using _peer = await startEcho(place.vnl());
    using plug = await place.open();
    await assertEchoes(plug);
  },
  noPeersOption,
);

ffiTest(
  "ptp://[dgram] exchanges frames of all lengths with a program of libvdeplug that comes second",
  async () => {
    using place = new Place();
    using plug = await place.open(["dgram"]);
    await using _peer = await startEcho(place.vnl());
    await assertEchoes(plug);
  },
  noPeersOption,
);
