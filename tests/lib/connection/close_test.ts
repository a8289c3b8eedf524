import { assert, assertEquals, assertRejects } from "@std/assert";
import { Connection } from "../../../lib/connection/connection.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";
import { makeFrame, openDescriptors, until } from "../../plugs.ts";
import { MemoryPlug } from "../cable/memory_plug.ts";
import { altered, isPending, memoryLink, take } from "./memory_link.ts";

ffiTest(
  "Connection.close() ends what waits, and gives every descriptor back",
  async () => {
    const before = openDescriptors();
    const { connection } = memoryLink({ room: 0 });
    const loop = take(connection, 1);
    const frame = connection.receive();
    const bursts = connection.bursts();
    const burst = bursts.next();
    const sent = connection.send(makeFrame(60, 1));
    const rejected = assertRejects(() => sent, PlugError, "is closed");
    assert(await isPending(Promise.race([loop, frame, burst, sent])));
    await connection.close();
    assertEquals(openDescriptors(), before);
    assertEquals(await loop, []);
    assertEquals(await frame, undefined);
    assertEquals((await burst).done, true);
    await rejected;
    await connection.close();
  },
);

ffiTest(
  "Connection closes the plug once, whoever closes how often",
  async () => {
    let closed = 0;
    const plug = new MemoryPlug();
    const connection = new Connection(altered(plug, {
      [Symbol.dispose]: () => {
        closed++;
        plug[Symbol.dispose]();
      },
    }));
    {
      using _one = connection;
      await using _other = connection;
    }
    await connection.close();
    assertEquals(closed, 1);
  },
);

ffiTest(
  "Connection ends what waits when `using` leaves, and gives every descriptor back",
  async () => {
    const before = openDescriptors();
    let waiting: Promise<unknown>;
    {
      using connection = memoryLink().connection;
      waiting = connection.receive();
      assert(await isPending(waiting));
    }
    assertEquals(await waiting, undefined);
    assert(await until(() => openDescriptors().length === before.length));
  },
);

ffiTest(
  "Connection forgets frames that nobody took when it is closed",
  async () => {
    const { connection, plug } = memoryLink();
    plug.offer([makeFrame(60, 1), makeFrame(60, 2)]);
    assertEquals((await take(connection, 1)).length, 1);
    await connection.close();
    assertEquals(await take(connection, 1), []);
    assertEquals(connection.status(), undefined);
  },
);

ffiTest(
  "Connection is closed by its signal, and rejects with its reason",
  async () => {
    const abort = new AbortController();
    const { connection } = memoryLink({ room: 0 }, { signal: abort.signal });
    const waiting = [connection.receive(), connection.send(makeFrame(60, 1))];
    const rejected = waiting.map((one) =>
      assertRejects(() => one, RangeError, "enough")
    );
    assert(await isPending(Promise.race(waiting)));
    abort.abort(new RangeError("enough"));
    await Promise.all(rejected);
    await assertRejects(() => take(connection, 1), RangeError, "enough");
    await connection.close();
  },
);

ffiTest(
  "Connection is closed from the beginning by a signal that was aborted before",
  async () => {
    const { connection } = memoryLink({}, { signal: AbortSignal.abort() });
    await assertRejects(() => connection.receive(), DOMException);
    await connection.close();
  },
);

ffiTest(
  "Connection listens to its signal no longer than it is open",
  async () => {
    const abort = new AbortController();
    const { connection } = memoryLink({}, { signal: abort.signal });
    await connection.close();
    abort.abort();
    assertEquals(await connection.receive(), undefined);
  },
);
