import { assert, assertEquals, assertRejects } from "@std/assert";
import { SOCK_DGRAM, SOCK_SEQPACKET } from "../../../ffi/unix_socket.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import { ffiTest } from "../../ffi/case.ts";
import {
  assertFrames,
  burstOf,
  makeFrame,
  receiveFrames,
  takeFrames,
  testOptions,
  until,
} from "../../plugs.ts";
import {
  assertJoined,
  beside,
  bound,
  connected,
  leaveName,
  nextPacket,
  Place,
} from "./places.ts";

const [A, B] = [makeFrame(60, 1), makeFrame(1514, 2)];
const DGRAM = ["dgram"];

ffiTest(
  "ptp://[dgram] that comes first takes PATH, and sends to PATH+",
  async () => {
    using place = new Place();
    const options = testOptions();
    using plug = await place.open(DGRAM, options);
    assertEquals(place.names(), ["pair"]);
    plug.send(burstOf([A]), 0);
    assertEquals(options.sendCounters.snapshot().down, 1);
    using peer = bound(SOCK_DGRAM, `${place.path}+`);
    peer.connect(place.path);
    peer.send(B);
    assertFrames(await receiveFrames(plug, 1), [B]);
    plug.send(burstOf([A]), 0);
    assertFrames([await nextPacket(peer)], [A]);
    assertEquals(options.sendCounters.dropped(), 1);
  },
);

ffiTest("ptp:// that comes second takes PATH+, and sends to PATH", async () => {
  using place = new Place();
  using peer = bound(SOCK_DGRAM, place.path);
  using plug = await place.open();
  assertEquals(place.names(), ["pair", "pair+"]);
  plug.send(burstOf([A]), 0);
  assertFrames([await nextPacket(peer)], [A]);
  peer.connect(`${place.path}+`);
  peer.send(B);
  assertFrames(await receiveFrames(plug, 1), [B]);
});

ffiTest("ptp:// ignores an empty datagram", async () => {
  using place = new Place();
  const options = testOptions();
  using plug = await place.open(DGRAM, options);
  using peer = bound(SOCK_DGRAM, `${place.path}+`);
  peer.connect(place.path);
  peer.send(new Uint8Array(0));
  peer.send(A);
  assertFrames(await receiveFrames(plug, 1), [A]);
  assertEquals(options.receiveCounters.dropped(), 0);
});

ffiTest("ptp:// refuses a third end of datagrams by name", async () => {
  using place = new Place();
  using one = await place.open(DGRAM);
  using other = await place.open();
  await assertJoined(one, other);
  for (const keys of [[], DGRAM]) {
    const error = await assertRejects(
      () => place.open(keys),
      PlugError,
      "another pair uses this path (EISCONN)",
    );
    assertEquals(error.code, "EISCONN");
  }
  await assertJoined(one, other);
  assertEquals(place.names(), ["pair", "pair+"]);
});

ffiTest("ptp://[dgram] joins an end that listens", async () => {
  using place = new Place();
  using one = await place.open();
  using other = await beside([one], place.open(DGRAM));
  await assertJoined(one, other);
  assertEquals(place.names(), ["pair"]);
});

const LEFT = [
  { name: "PATH", left: [""] },
  { name: "PATH+", left: ["+"] },
  { name: "both", left: ["", "+"] },
] as const;

for (const { name, left } of LEFT) {
  ffiTest(
    `ptp:// replaces what dead ends of datagrams left: ${name}`,
    async () => {
      using place = new Place();
      for (const suffix of left) leaveName(SOCK_DGRAM, place.path + suffix);
      using one = await place.open(DGRAM);
      using other = await place.open();
      await assertJoined(one, other);
      assertEquals(place.names(), ["pair", "pair+"]);
    },
  );
}

ffiTest(
  "ptp://[dgram] has one peer after the other, none of which says goodbye",
  async () => {
    using place = new Place();
    using first = await place.open(DGRAM);
    for (let round = 0; round < 3; round++) {
      const peer = bound(SOCK_DGRAM, `${place.path}+`);
      // Until the first end lets go of the dead one, it can hear nobody else.
      await until(() => {
        takeFrames(first);
        try {
          peer.connect(place.path);
          return true;
        } catch {
          return false;
        }
      });
      peer.send(B);
      assertFrames(await receiveFrames(first, 1), [B]);
      first.send(burstOf([A]), 0);
      assertFrames([await nextPacket(peer)], [A]);
      peer[Symbol.dispose]();
      Deno.removeSync(`${place.path}+`);
    }
  },
);

ffiTest(
  "ptp:// joins a first end that holds on to a dead peer, as soon as that lets go",
  async () => {
    using place = new Place();
    // As the C program does: it lets go only when it sends.
    using first = bound(SOCK_DGRAM, place.path);
    const dead = bound(SOCK_DGRAM, `${place.path}+`);
    first.connect(`${place.path}+`);
    dead[Symbol.dispose]();
    const options = testOptions();
    using plug = await place.open([], options);
    plug.send(burstOf([A]), 0);
    assertEquals(options.sendCounters.snapshot().down, 1);
    first.connect(`${place.path}+`);
    first.send(B);
    assertFrames(await receiveFrames(plug, 1), [B]);
    plug.send(burstOf([A]), 0);
    assertFrames([await nextPacket(first)], [A]);
  },
);

ffiTest(
  "ptp:// whose first end of datagrams goes takes its place, of the same kind",
  async () => {
    using place = new Place();
    let first = await place.open(DGRAM);
    for (let round = 0; round < 3; round++) {
      const second = await place.open();
      await assertJoined(first, second);
      first[Symbol.dispose]();
      await until(() => {
        takeFrames(second);
        return place.names().join() === "pair";
      });
      using peer = connected(SOCK_DGRAM, place.path);
      peer.send(A);
      assertFrames(await receiveFrames(second, 1), [A]);
      first = second;
    }
    first[Symbol.dispose]();
    assertEquals(place.names(), []);
  },
);

ffiTest(
  "ptp:// goes over to datagrams, and back, with whom it finds",
  async () => {
    using place = new Place();
    using plug = await place.open();
    Deno.removeSync(place.path);
    {
      using first = await place.open(DGRAM);
      await assertJoined(plug, first);
    }
    await until(() => {
      takeFrames(plug);
      return place.names().join() === "pair";
    });
    Deno.removeSync(place.path);
    using listener = bound(SOCK_SEQPACKET, place.path, 1);
    let came = false;
    await until(() => {
      takeFrames(plug);
      using peer = listener.accept();
      came ||= peer !== undefined;
      return came;
    });
    assert(came, "nobody came");
  },
);

ffiTest("ptp:// removes PATH+ at the end, and nobody else's", async () => {
  using place = new Place();
  using _first = bound(SOCK_DGRAM, place.path);
  const plug = await place.open();
  assertEquals(place.names(), ["pair", "pair+"]);
  plug[Symbol.dispose]();
  assertEquals(place.names(), ["pair"]);
});
