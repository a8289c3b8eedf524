import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
} from "@std/assert";
import { EACCES, EISCONN } from "../../../ffi/errno.ts";
import {
  SOCK_SEQPACKET,
  SOCK_STREAM,
  type UnixSocket,
} from "../../../ffi/unix_socket.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import type { Plug } from "../../../lib/plug/plugin.ts";
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

ffiTest(
  "ptp:// that comes first accepts with one zero byte, then sends frames",
  async () => {
    using place = new Place();
    using plug = await place.open();
    using peer = connected(SOCK_SEQPACKET, place.path);
    assertEquals(await nextPacket(peer, [plug]), new Uint8Array([0]));
    assertEquals(plug.send(burstOf([A, B]), 0), 2);
    assertFrames([await nextPacket(peer), await nextPacket(peer)], [A, B]);
    peer.send(B);
    assertFrames(await receiveFrames(plug, 1), [B]);
  },
);

ffiTest(
  "ptp:// that comes first takes a peer in when it has something to send",
  async () => {
    using place = new Place();
    using plug = await place.open();
    using peer = connected(SOCK_SEQPACKET, place.path);
    await until(() => {
      plug.send(burstOf([A]), 0);
      return peer.receive(new Uint8Array(1)) === 1;
    });
    assertFrames([await nextPacket(peer)], [A]);
  },
);

ffiTest(
  "ptp:// that has a peer answers others EISCONN, and hangs up",
  async () => {
    using place = new Place();
    using plug = await place.open();
    using peer = connected(SOCK_SEQPACKET, place.path);
    await nextPacket(peer, [plug]);
    using other = connected(SOCK_SEQPACKET, place.path);
    assertEquals(await nextPacket(other, [plug]), new Uint8Array([EISCONN]));
    assertEquals(await nextPacket(other), new Uint8Array(0));
    peer.send(A);
    assertFrames(await receiveFrames(plug, 1), [A]);
  },
);

ffiTest("ptp:// answers others while frames come without a pause", async () => {
  using place = new Place();
  using plug = await place.open();
  using peer = connected(SOCK_SEQPACKET, place.path);
  await nextPacket(peer, [plug]);
  using other = connected(SOCK_SEQPACKET, place.path);
  const answer = new Uint8Array(1);
  assert(
    await until(() => {
      peer.send(A);
      assertEquals(takeFrames(plug).length, 1);
      return other.receive(answer) === 1;
    }),
    "no answer",
  );
  assertEquals(answer[0], EISCONN);
});

/** What a listener of another make answers. */
const ANSWERS = [
  {
    name: "EISCONN",
    answer: [EISCONN],
    code: "EISCONN",
    words: "another pair",
  },
  {
    name: "another error",
    answer: [EACCES],
    code: "EACCES",
    words: "refuses us",
  },
  {
    name: "more than a byte",
    answer: [0, 0],
    code: "EPROTO",
    words: "no answer",
  },
  { name: "nothing", answer: [], code: "ETIMEDOUT", words: "2000 ms" },
] as const;

for (const { name, answer, code, words } of ANSWERS) {
  ffiTest(
    `ptp:// that comes second and is answered ${name} tells so`,
    async () => {
      using place = new Place();
      using listener = bound(SOCK_SEQPACKET, place.path, 1);
      const begin = performance.now();
      const opening = place.open();
      using peer = listener.accept();
      if (answer.length > 0) peer?.send(new Uint8Array(answer));
      const error = await assertRejects(() => opening, PlugError, words);
      assertEquals(error.code, code);
      const elapsedMs = performance.now() - begin;
      assertLess(elapsedMs, 30_000);
      if (answer.length === 0) assertGreater(elapsedMs, 1900);
      assertEquals(place.names(), ["pair"]);
    },
  );
}

ffiTest(
  "ptp:// that comes second takes no frame for the answer, and loses none behind it",
  async () => {
    using place = new Place();
    using listener = bound(SOCK_SEQPACKET, place.path, 1);
    const opening = place.open();
    using peer = listener.accept();
    peer?.send(new Uint8Array([0]));
    peer?.send(A);
    peer?.send(B);
    using plug = await opening;
    assertFrames(await receiveFrames(plug, 2), [A, B]);
  },
);

ffiTest(
  "ptp:// that was accepted and hung up on at once takes the place when it is free",
  async () => {
    using place = new Place();
    const listener = bound(SOCK_SEQPACKET, place.path, 1);
    const opening = place.open();
    listener.accept()?.[Symbol.dispose]();
    listener[Symbol.dispose]();
    using plug = await opening;
    using peer = await beside([plug], place.open());
    await assertJoined(plug, peer);
  },
);

ffiTest("ptp:// refuses a third end by name", async () => {
  using place = new Place();
  using one = await place.open();
  using other = await beside([one], place.open());
  const error = await assertRejects(
    () => beside([one, other], place.open()),
    PlugError,
    "another pair uses this path (EISCONN)",
  );
  assertEquals(error.code, "EISCONN");
  await assertJoined(one, other);
});

ffiTest("ptp:// counts what is sent while nobody is there", async () => {
  using place = new Place();
  const options = testOptions();
  using plug = await place.open([], options);
  assertEquals(plug.send(burstOf([A, B, A]), 1), 2);
  assertEquals(options.sendCounters.snapshot().down, 2);
  using peer = await beside([plug], place.open());
  peer[Symbol.dispose]();
  await until(() => {
    takeFrames(plug);
    return options.lines.some((line) => line.includes("any more"));
  });
  assertEquals(plug.send(burstOf([A]), 0), 1);
  assertEquals(options.sendCounters.snapshot().down, 3);
  assertEquals(options.sendCounters.dropped(), 3);
});

ffiTest("ptp:// waits for the next peer, one after the other", async () => {
  using place = new Place();
  using first = await place.open();
  for (let round = 0; round < 5; round++) {
    using peer = await beside([first], place.open());
    await assertJoined(first, peer);
  }
  assertEquals(place.names(), ["pair"]);
});

ffiTest("ptp:// whose first end goes takes its place, and so on", async () => {
  using place = new Place();
  let first = await place.open();
  for (let round = 0; round < 5; round++) {
    const second = await beside([first], place.open());
    await assertJoined(first, second);
    first[Symbol.dispose]();
    await until(() => {
      takeFrames(second);
      return place.names().includes("pair");
    });
    first = second;
  }
  first[Symbol.dispose]();
  assertEquals(place.names(), []);
});

ffiTest(
  "ptp:// gives what came before the end, also from a peer that left frames unread",
  async () => {
    using place = new Place();
    using plug = await place.open();
    const peer = connected(SOCK_SEQPACKET, place.path);
    await nextPacket(peer, [plug]);
    plug.send(burstOf([A]), 0);
    const frames = Array.from(
      { length: 50 },
      (_, index) => makeFrame(100, index),
    );
    for (const frame of frames) peer.send(frame);
    peer[Symbol.dispose]();
    assertFrames(await receiveFrames(plug, frames.length), frames);
  },
);

ffiTest(
  "ptp:// lets the next peer in though the last frames of the one before are not read yet",
  async () => {
    using place = new Place();
    using plug = await place.open();
    const peer = connected(SOCK_SEQPACKET, place.path);
    await nextPacket(peer, [plug]);
    for (let count = 0; count < 10; count++) peer.send(A);
    peer[Symbol.dispose]();
    using next = connected(SOCK_SEQPACKET, place.path);
    assertEquals(await nextPacket(next, [plug]), new Uint8Array([0]));
  },
);

ffiTest(
  "ptp:// sends a new peer nothing of what the one before did not take",
  async () => {
    using place = new Place();
    using plug = await place.open();
    const stuck = connected(SOCK_SEQPACKET, place.path);
    await nextPacket(stuck, [plug]);
    const burst = burstOf(Array(64).fill(B));
    let taken = burst.count;
    while (taken === burst.count) taken = plug.send(burst, 0);
    stuck[Symbol.dispose]();
    using next = connected(SOCK_SEQPACKET, place.path);
    await nextPacket(next, [plug]);
    assertEquals(plug.send(burstOf([A]), 0), 1);
    assertFrames([await nextPacket(next)], [A]);
  },
);

ffiTest("ptp:// replaces the socket that a dead end left", async () => {
  using place = new Place();
  leaveName(SOCK_SEQPACKET, place.path);
  using one = await place.open();
  using other = await beside([one], place.open());
  await assertJoined(one, other);
});

ffiTest(
  "ptp:// gives an end that has its name but does not listen yet the time to do so",
  async () => {
    using place = new Place();
    using listener = bound(SOCK_SEQPACKET, place.path);
    const opening = place.open();
    listener.listen(1);
    let peer: UnixSocket | undefined;
    await until(() => (peer = listener.accept()) !== undefined);
    using accepted = peer;
    accepted?.send(new Uint8Array([0]));
    using plug = await opening;
    plug.send(burstOf([A]), 0);
    assertFrames([await nextPacket(accepted ?? listener)], [A]);
  },
);

ffiTest(
  "ptp:// neither ends nor spins while there are no descriptors for a peer",
  async () => {
    const root = new URL("../../../", import.meta.url).pathname;
    const run = ["run", "-A", "--quiet", "--config", `${root}deno.json`];
    const script = `${root}tests/lib/ptp/no_descriptors.ts`;
    const limited = ["-c", 'ulimit -n 200 && exec "$@"', "sh"];
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: [...limited, Deno.execPath(), ...run, script],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { held, turns, answer } = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    assertGreater(held, 50);
    assertLess(turns, 50);
    assertEquals(answer, 0);
  },
);

/** What no pair can meet at; each is left as it is. */
const OTHERS: readonly {
  readonly name: string;
  readonly make: (path: string) => Disposable | void;
}[] = [
  { name: "a file", make: (path) => Deno.writeTextFileSync(path, "text") },
  { name: "a folder", make: (path) => Deno.mkdirSync(path) },
  {
    name: "a link to nowhere",
    make: (path) => Deno.symlinkSync(`${path}-nowhere`, path),
  },
  {
    name: "a link to a dead end's socket",
    make: (path) => {
      leaveName(SOCK_SEQPACKET, `${path}-dead`);
      Deno.symlinkSync(`${path}-dead`, path);
    },
  },
  { name: "a stream's socket", make: (path) => bound(SOCK_STREAM, path, 1) },
];

for (const { name, make } of OTHERS) {
  ffiTest(`ptp:// refuses ${name}, and leaves it`, async () => {
    using place = new Place();
    using _other = make(place.path) ?? undefined;
    const names = place.names();
    const { ino } = Deno.lstatSync(place.path);
    await assertRejects(() => place.open(), PlugError, "Cannot open");
    assertEquals(place.names(), names);
    assertEquals(Deno.lstatSync(place.path).ino, ino);
  });
}

ffiTest("ptp:// removes its name at the end, and nobody else's", async () => {
  using place = new Place();
  const plug = await place.open();
  assertEquals(place.names(), ["pair"]);
  Deno.renameSync(place.path, `${place.path}-moved`);
  using _other = bound(SOCK_SEQPACKET, place.path, 1);
  plug[Symbol.dispose]();
  assertEquals(place.names(), ["pair", "pair-moved"]);
});

ffiTest("ptp:// whose name somebody removed takes it again", async () => {
  using place = new Place();
  using plug = await place.open();
  Deno.removeSync(place.path);
  using peer = await beside([plug], place.open());
  await assertJoined(plug, peer);
});

ffiTest("ptp:// whose name somebody else has now joins him", async () => {
  using place = new Place();
  using plug = await place.open();
  Deno.removeSync(place.path);
  using listener = bound(SOCK_SEQPACKET, place.path, 1);
  let peer: UnixSocket | undefined;
  await until(() => {
    takeFrames(plug);
    return (peer = listener.accept()) !== undefined;
  });
  using accepted = peer;
  accepted?.send(new Uint8Array([0]));
  accepted?.send(A);
  assertFrames(await receiveFrames(plug, 1), [A]);
});

/** Runs with a umask that takes nearly everything away. */
async function withUmask(run: () => Promise<void>): Promise<void> {
  const before = Deno.umask(0o077);
  try {
    await run();
  } finally {
    Deno.umask(before);
  }
}

const ACCESS = [
  { name: "700 unless told", keys: [], access: undefined, mode: 0o700 },
  {
    name: "the key's",
    keys: ["mode=0660"],
    access: { mode: 0o600 },
    mode: 0o660,
  },
  {
    name: "the command line's",
    keys: [],
    access: { mode: 0o777 },
    mode: 0o777,
  },
] as const;

for (const kind of [[], ["dgram"]]) {
  for (const { name, keys, access, mode } of ACCESS) {
    ffiTest(
      `ptp:// (${kind.join() || "packets"}) makes its socket with mode ${name}`,
      async () => {
        using place = new Place();
        await withUmask(async () => {
          const options = { ...testOptions(), access };
          using _plug = await place.open([...kind, ...keys], options);
          const found = Deno.lstatSync(place.path);
          assertEquals((found.mode ?? 0) & 0o7777, mode);
        });
      },
    );
  }
}

ffiTest(
  "ptp:// gives its socket the group asked for",
  async () => {
    using place = new Place();
    using plug: Plug = await place.open(["group=1/dgram"]);
    assertEquals(Deno.lstatSync(place.path).gid, 1);
    using _second = await beside([plug], place.open(["group=2"]));
    assertEquals(Deno.lstatSync(`${place.path}+`).gid, 2);
  },
  { skip: Deno.uid() === 0 ? undefined : "not root" },
);
