import { assert, assertEquals, assertRejects } from "@std/assert";
import { Connection } from "../../../lib/connection/connection.ts";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
import { open } from "../../../mod.ts";
import { ffiTest } from "../../ffi/case.ts";
import { makeFrame } from "../../plugs.ts";
import { MemoryPlug } from "../cable/memory_plug.ts";
import { altered } from "./memory_link.ts";

/** Sends until the link has ended; what ended it. */
async function sendToTheEnd(connection: Connection): Promise<unknown> {
  const deadline = performance.now() + 10_000;
  try {
    while (performance.now() < deadline) {
      await connection.send(makeFrame(60, 1));
    }
  } catch (error) {
    return error;
  }
  return "no end in ten seconds";
}

for (const receives of [true, false]) {
  const who = receives ? "both receives and sends" : "only sends";
  ffiTest(
    `cmd:// tells a program that ${who} how its command ended`,
    async () => {
      await using network = await open("cmd://sh -c 'exit 3'");
      if (receives) await assertRejects(() => network.receive(), PlugError);
      const error = await sendToTheEnd(network);
      assert(error instanceof PlugError, `${error}`);
      assertEquals(error instanceof LinkEnd, false);
      const { frames } = network.counters.sent.snapshot();
      await assertRejects(() => network.send(makeFrame(60, 1)), PlugError);
      assertEquals(network.counters.sent.snapshot().frames, frames);
      await assertRejects(() => network.receive(), PlugError, error.message);
    },
  );

  ffiTest(
    `vde:// tells a program that ${who} that the switch has closed`,
    async () => {
      const folder = await Deno.makeTempDir({ prefix: "ends-" });
      const network = await open(`switch://${folder}/net`);
      await using client = await open(`vde://${folder}/net`);
      await client.send(makeFrame(60, 1));
      await network.close();
      if (receives) assertEquals(await client.receive(), undefined);
      const error = await sendToTheEnd(client);
      assert(error instanceof PlugError, `${error}`);
      assertEquals(await client.receive().catch(() => undefined), undefined);
      await Deno.remove(folder, { recursive: true });
    },
  );
}

const NEVER_OPEN = 0x7fff_0000;

/** Descriptors of a plug, and what has to do with each. */
const NOT_OPEN: readonly {
  readonly kind: string;
  readonly members: Partial<Plug>;
  readonly call: (connection: Connection) => Promise<unknown>;
}[] = [
  {
    kind: "to receive from",
    members: { fd: NEVER_OPEN },
    call: (connection) => connection.receive(),
  },
  {
    kind: "to send to",
    members: { send: () => 0, writeFd: NEVER_OPEN },
    call: (connection) => connection.send(makeFrame(60, 1)),
  },
  {
    kind: "that tells of a hang-up, to who receives",
    members: { controlFd: NEVER_OPEN },
    call: (connection) => connection.receive(),
  },
  {
    kind: "that tells of a hang-up, to who only sends",
    members: { controlFd: NEVER_OPEN },
    call: sendUntilRefused,
  },
];

async function sendUntilRefused(connection: Connection): Promise<never> {
  throw await sendToTheEnd(connection);
}

for (const { kind, members, call } of NOT_OPEN) {
  ffiTest(
    `Connection tells of a descriptor that is not open: ${kind}`,
    async () => {
      const plug = altered(new MemoryPlug(), members);
      await using connection = new Connection(plug);
      const message = `descriptor ${NEVER_OPEN} is not open`;
      await assertRejects(() => call(connection), PlugError, message);
      await assertRejects(() => connection.receive(), PlugError, message);
      await assertRejects(
        () => connection.send(makeFrame(60, 1)),
        PlugError,
        message,
      );
    },
  );
}
