import { assert, assertEquals } from "@std/assert";
import { waitsOver } from "../../../ffi/waiter.ts";
import type { Connection } from "../../../lib/connection/connection.ts";
import { open } from "../../../mod.ts";
import { ffiTest } from "../../ffi/case.ts";
import { assertFrames, makeFrame, openDescriptors } from "../../plugs.ts";
import { isPending, makeFrames, memoryLink } from "./memory_link.ts";

/** More than the threads that Deno has for waiting. */
const MANY = 300;
const CLIENTS = 100;
const BRIDGED = 20_000;

ffiTest(
  `${MANY} connections wait at once, and leave Deno its threads`,
  async () => {
    const before = openDescriptors().length;
    {
      await using closing = new AsyncDisposableStack();
      const links = Array.from(
        { length: MANY },
        () => closing.use(memoryLink({ room: 0 })),
      );
      const received = links.map(({ connection }) => connection.receive());
      const sent = links.map(({ connection }) =>
        connection.send(makeFrame(60, 1))
      );
      assert(await isPending(Promise.race([...received, ...sent])));
      assert((await Deno.readTextFile("deno.json")).length > 0);
      for (const [index, { plug }] of links.entries()) {
        plug.makeRoom(1);
        plug.offer([makeFrame(60, index)]);
      }
      const frames = await Promise.all(received);
      await Promise.all(sent);
      assertFrames(
        frames.map((frame) => frame ?? new Uint8Array()),
        makeFrames(MANY),
      );
    }
    assertEquals(openDescriptors().length, before);
  },
);

ffiTest(
  `${CLIENTS} clients of a switch are opened at once, in the program that has it`,
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "many-" });
    {
      await using closing = new AsyncDisposableStack();
      const network = await open(`switch://${folder}/net`);
      closing.use(network);
      const clients = await Promise.all(
        Array.from({ length: CLIENTS }, () => open(`vde://${folder}/net`)),
      );
      for (const client of clients) closing.use(client);
      const frames = clients.map((client) => client.receive());
      const broadcast = makeFrame(60, 1).fill(0xff, 0, 6);
      await network.send(broadcast);
      for (const frame of await Promise.all(frames)) {
        assertEquals(frame, broadcast);
      }
    }
    await Deno.remove(folder, { recursive: true });
  },
);

/** Hands on all that comes, until the link ends. */
async function carry(from: Connection, to: Connection): Promise<void> {
  for await (const burst of from.bursts()) await to.sendBurst(burst);
}

async function receiveAll(
  connection: Connection,
  count: number,
): Promise<number[]> {
  const numbers: number[] = [];
  for await (const frame of connection) {
    numbers.push(new DataView(frame.buffer).getUint32(14));
    if (numbers.length === count) break;
  }
  return numbers;
}

async function sendAll(connection: Connection, count: number): Promise<void> {
  const frame = makeFrame(200, 1);
  for (let number = 0; number < count; number++) {
    new DataView(frame.buffer).setUint32(14, number);
    await connection.send(frame);
  }
}

ffiTest(
  "A bridge between two connections loses nothing, in either direction",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "bridge-" });
    const openPair = async (name: string) => [
      await open(`ptp://${folder}/${name}`),
      await open(`ptp://${folder}/${name}`),
    ];
    {
      await using closing = new AsyncDisposableStack();
      const [left, inner] = await openPair("left");
      const [outer, right] = await openPair("right");
      const bridge = Promise.all([carry(inner, outer), carry(outer, inner)]);
      for (const one of [left, inner, outer, right]) closing.use(one);
      const wanted = Array.from({ length: BRIDGED }, (_, number) => number);
      const [there, back] = await Promise.all([
        receiveAll(right, BRIDGED),
        receiveAll(left, BRIDGED),
        sendAll(left, BRIDGED),
        sendAll(right, BRIDGED),
      ]);
      assertEquals(there, wanted);
      assertEquals(back, wanted);
      await closing[Symbol.asyncDispose]();
      await bridge;
    }
    await Deno.remove(folder, { recursive: true });
    await waitsOver();
  },
);
