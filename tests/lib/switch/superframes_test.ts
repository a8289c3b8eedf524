import { assert, assertEquals, assertLess } from "@std/assert";
import { makeArena } from "../../../lib/net/arena.ts";
import { Burst, SUPERFRAME_SLOT_BYTES } from "../../../lib/net/burst.ts";
import { completeChecksum } from "../../../lib/net/complete_checksum.ts";
import { MAX_FRAME_BYTES } from "../../../lib/net/frame.ts";
import { PacketPlug } from "../../../lib/packet/packet_plug.ts";
import { SuperframePacketPlug } from "../../../lib/packet/superframe_packet_plug.ts";
import { Counter } from "../../../lib/plug/counters.ts";
import type { Plug, Plugin } from "../../../lib/plug/plugin.ts";
import { MAX_WAIT_MS } from "../../../lib/switch/backlog.ts";
import {
  agreesToSuperframes,
  packRequest,
  parseReply,
  REPLY_BYTES,
} from "../../../lib/vde/request.ts";
import {
  hubPlugin,
  multiPlugin,
  switchPlugin,
} from "../../../plugins/switch.ts";
import { ffiTest } from "../../ffi/case.ts";
import {
  assertFrames,
  type TestOptions,
  testOptions,
  until,
} from "../../plugs.ts";
import { referenceSegments } from "../net/reference_segmenter.ts";
import {
  makePlainFrame,
  makeSuperframe,
  place,
  type TestFrame,
} from "../net/superframes.ts";
import { Caller, makeFolder, openPlug } from "./clients.ts";

const MAX_HEADER_BYTES = 14 + 8 + 60 + 60;

const bigBurst = () => new Burst(1024, makeArena(16 * SUPERFRAME_SLOT_BYTES));

/** A switch and clients, some of which offer superframes. */
class Scene implements Disposable {
  readonly #stack = new DisposableStack();
  readonly clients: Plug[] = [];
  readonly agreements: boolean[] = [];

  private constructor(readonly host: Plug, readonly options: TestOptions) {}

  static async open(
    plugin: Plugin,
    offers: readonly boolean[],
    keys = "",
  ): Promise<Scene> {
    using opening = new DisposableStack();
    const folder = `${opening.use(makeFolder()).path}/net`;
    const options = testOptions();
    const vnl = `${plugin.scheme}://${folder}${keys}`;
    const host = opening.use(await openPlug(plugin, vnl, options));
    const scene = new Scene(host, options);
    for (const offer of offers) {
      const { plug, agreed } = await enter(host, folder, offer);
      scene.clients.push(opening.use(plug));
      scene.agreements.push(agreed);
    }
    scene.#stack.use(opening.move());
    return scene;
  }

  /** Lets the switch have its turns; gives the frames for the host. */
  settle(): TestFrame[] {
    const frames: TestFrame[] = [];
    for (let turn = 0; turn < 4; turn++) frames.push(...takeAll(this.host));
    return frames;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

async function enter(
  host: Plug,
  folder: string,
  superframes: boolean,
): Promise<{ plug: Plug; agreed: boolean }> {
  using opening = new DisposableStack();
  const caller = opening.use(new Caller(folder));
  const { control, data, path } = caller;
  data.setBuffers(1 << 20);
  control.send(packRequest({ path, description: "client", superframes }));
  const reply = new Uint8Array(REPLY_BYTES);
  const isAnswered = await until(() => {
    takeAll(host);
    return control.receive(reply) === REPLY_BYTES;
  });
  assert(isAnswered, "the switch answers");
  const answer = parseReply(reply);
  assert(answer !== undefined, "the answer names a socket");
  data.connect(answer);
  Deno.removeSync(path);
  opening.move();
  const agreed = agreesToSuperframes(reply);
  const link = { socket: data, control, peer: "switch" };
  const plug = agreed
    ? new SuperframePacketPlug(link, testOptions())
    : new PacketPlug(link, testOptions());
  return { plug, agreed };
}

/** Received into by all, one after the other: it is large. */
const scratch = bigBurst();

/** What waits at a plug, and what the burst says of it. */
function takeAll(plug: Plug): TestFrame[] {
  const burst = scratch;
  burst.clear();
  plug.receive(burst);
  return Array.from({ length: burst.count }, (_, index) => {
    const isSuperframe = burst.kind[index] !== 0;
    const isUnsummed = burst.checksumStart[index] !== 0;
    return {
      bytes: burst.frame(index).slice(),
      kind: burst.kind[index],
      segmentSize: isSuperframe ? burst.segmentSize[index] : 0,
      checksumStart: burst.checksumStart[index],
      checksumOffset: isUnsummed ? burst.checksumOffset[index] : 0,
    };
  });
}

function send(plug: Plug, ...frames: readonly TestFrame[]): void {
  const burst = bigBurst();
  for (const frame of frames) place(burst, frame, burst.tail);
  assertEquals(plug.send(burst, 0), frames.length);
}

function cut(frame: TestFrame): Uint8Array[] {
  return referenceSegments(frame, MAX_FRAME_BYTES, MAX_HEADER_BYTES);
}

const bytesOf = (frames: readonly TestFrame[]) =>
  frames.map(({ bytes }) => bytes);

const TCP = makeSuperframe({ payload: new Uint8Array(8000).fill(1) }, 1448);
const TCP6 = makeSuperframe({
  version: 6,
  tags: "8100 0007",
  payload: new Uint8Array(7000).fill(2),
}, 1400);
const PLAIN = makePlainFrame({ payload: new Uint8Array(100).fill(3) });
const UNSUMMED = makePlainFrame({
  transport: "udp",
  payload: new Uint8Array(100).fill(4),
  complete: false,
});

/** A frame as it is once its checksum is computed. */
function summed(frame: TestFrame): TestFrame {
  const burst = bigBurst();
  place(burst, frame, 0);
  assert(completeChecksum(burst, 0), "it is well-formed");
  const bytes = burst.frame(0).slice();
  return { ...frame, bytes, checksumStart: 0, checksumOffset: 0 };
}

const AGREEMENTS = [
  {
    name: "agrees to superframes with whoever offers them",
    keys: "",
    offers: [true, false],
    want: [true, false],
  },
  {
    name: "agrees to none with offload=0",
    keys: "[offload=0]",
    offers: [true],
    want: [false],
  },
];

for (const { name, keys, offers, want } of AGREEMENTS) {
  ffiTest(`switch:// ${name}`, async () => {
    using scene = await Scene.open(switchPlugin, offers, keys);
    assertEquals(scene.agreements, want);
  });
}

for (const [version, frame] of [[4, TCP], [6, TCP6]] as const) {
  ffiTest(
    `hub:// hands a client's superframe of IPv${version} on: whole, cut, and to the host`,
    async () => {
      using scene = await Scene.open(hubPlugin, [true, true, false]);
      const [from, whole, plain] = scene.clients;
      send(from, frame);
      assertEquals(scene.settle(), [frame]);
      assertEquals(takeAll(whole), [frame]);
      assertFrames(bytesOf(takeAll(plain)), cut(frame));
      assertEquals(takeAll(from), []);
    },
  );

  ffiTest(
    `hub:// hands the host's superframe of IPv${version} on: whole, and cut`,
    async () => {
      using scene = await Scene.open(hubPlugin, [true, false]);
      const [whole, plain] = scene.clients;
      send(scene.host, frame);
      assertEquals(takeAll(whole), [frame]);
      assertFrames(bytesOf(takeAll(plain)), cut(frame));
    },
  );
}

ffiTest(
  "hub:// hands plain frames on between both kinds of client",
  async () => {
    using scene = await Scene.open(hubPlugin, [true, false]);
    const [whole, plain] = scene.clients;
    send(plain, PLAIN);
    assertEquals(scene.settle(), [PLAIN]);
    assertEquals(takeAll(whole), [PLAIN]);
    send(whole, PLAIN, PLAIN);
    assertEquals(scene.settle(), [PLAIN, PLAIN]);
    assertEquals(takeAll(plain), [PLAIN, PLAIN]);
  },
);

ffiTest("hub:// computes a checksum once, for everybody", async () => {
  using scene = await Scene.open(hubPlugin, [true, true, false]);
  const [from, whole, plain] = scene.clients;
  const want = [summed(UNSUMMED)];
  send(from, UNSUMMED);
  assertEquals(scene.settle(), want);
  assertEquals(takeAll(whole), want);
  assertEquals(takeAll(plain), want);
});

ffiTest("multi:// leaves a checksum for the host as it is", async () => {
  using scene = await Scene.open(multiPlugin, [true]);
  send(scene.clients[0], UNSUMMED, TCP);
  assertEquals(scene.settle(), [UNSUMMED, TCP]);
});

ffiTest(
  "switch:// sends a superframe to the one that it is for, uncut",
  async () => {
    using scene = await Scene.open(switchPlugin, [true, true, false]);
    const [from, whole, plain] = scene.clients;
    const bytes = PLAIN.bytes.slice();
    bytes.set(PLAIN.bytes.subarray(0, 6), 6);
    bytes.set(PLAIN.bytes.subarray(6, 12), 0);
    // With this, the switch learns where the station is.
    send(whole, { ...PLAIN, bytes });
    scene.settle();
    for (const client of scene.clients) takeAll(client);
    send(from, TCP);
    assertEquals(scene.settle(), []);
    assertEquals(takeAll(whole), [TCP]);
    assertEquals(takeAll(plain), []);
  },
);

ffiTest(
  "hub:// lets superframes wait for a slow client, in order",
  async () => {
    // The kernel's queue holds a dozen.
    const frames = Array.from(
      { length: 40 },
      (_, seed) =>
        makeSuperframe({ payload: new Uint8Array(4000).fill(seed) }, 1448),
    );
    const got: TestFrame[] = [];
    let tookMs = Infinity;
    // What took longer than a client is waited for shows nothing.
    for (let tries = 0; tries < 100 && tookMs >= MAX_WAIT_MS; tries++) {
      using scene = await Scene.open(hubPlugin, [true, true]);
      const [from, slow] = scene.clients;
      got.length = 0;
      const start = performance.now();
      for (const frame of frames) {
        send(from, frame);
        scene.settle();
      }
      for (let turn = 0; turn < frames.length; turn++) {
        got.push(...takeAll(slow));
        scene.settle();
      }
      tookMs = performance.now() - start;
    }
    assertLess(tookMs, MAX_WAIT_MS);
    assertEquals(got, frames);
  },
);

ffiTest("hub:// drops and counts a header that lies", async () => {
  using scene = await Scene.open(hubPlugin, [true, true, false]);
  const [from, whole, plain] = scene.clients;
  const lie = { ...TCP, segmentSize: 0 };
  const broken = { ...TCP, bytes: TCP.bytes.slice().fill(0, 14, 40) };
  send(from, lie, broken, PLAIN);
  assertEquals(scene.settle().at(-1), PLAIN);
  assertEquals(takeAll(whole).at(-1), PLAIN);
  assertEquals(takeAll(plain), [PLAIN]);
  const { cells } = scene.options.receiveCounters;
  assertEquals(cells[Counter.malformed], 2);
});
