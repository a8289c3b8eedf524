import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertRejects,
} from "@std/assert";
import {
  SOCK_DGRAM,
  SOCK_STREAM,
  UnixSocket,
} from "../../../ffi/unix_socket.ts";
import { PlugError } from "../../../lib/plug/errors.ts";
import {
  joinSwitch,
  type SwitchPort,
  type SwitchWish,
} from "../../../lib/vde/client.ts";
import { packReply, REPLY_BYTES } from "../../../lib/vde/request.ts";
import { ffiTest } from "../../ffi/case.ts";
import { FakeSwitch, TestFolder } from "./fake_switch.ts";

const MODE = 0o700;
const SHORT_MS = 100;
const LONG_MS = 60_000;

function wishOf(
  directory: string,
  wish: Partial<SwitchWish> = {},
): SwitchWish {
  return {
    vnl: "vde://test",
    directories: [directory],
    access: { mode: MODE },
    description: "x user=me pid=1",
    ...wish,
  };
}

/** The sockets of a port, closed at the end. */
function use({ data, control }: SwitchPort): DisposableStack {
  const stack = new DisposableStack();
  stack.use(data);
  stack.use(control);
  return stack;
}

/** The error with which a wish is refused. */
async function refusal(wish: SwitchWish): Promise<PlugError> {
  return await assertRejects(async () => {
    using _port = use(await joinSwitch(wish));
  }, PlugError);
}

const PORTS = [
  { name: "any port", port: undefined, sockets: ["ctl"], asked: undefined },
  { name: "port 0", port: "0", sockets: ["ctl"], asked: 0 },
  { name: "port 12", port: "12", sockets: ["ctl"], asked: 12 },
  {
    name: "a port that has a socket of its own",
    port: "12",
    sockets: ["12"],
    asked: undefined,
  },
  { name: "a port group", port: "red", sockets: ["red"], asked: undefined },
] as const;

for (const { name, port, sockets, asked } of PORTS) {
  ffiTest(`joinSwitch() asks for ${name}`, async () => {
    using folder = new TestFolder();
    using fake = new FakeSwitch(folder.path, sockets[0]);
    const [joined, served] = await Promise.all([
      joinSwitch(wishOf(folder.path, { port })),
      fake.serve(),
    ]);
    using _joined = use(joined);
    const pid = String(Deno.pid).padStart(5, "0");
    assertEquals(served.request, {
      port: asked,
      path: `${folder.path}/.${pid}-00000`,
      description: "x user=me pid=1",
      superframes: false,
    });
    assertEquals(joined.directory, folder.path);
    assertEquals(joined.path, `${folder.path}/001.1`);
    // Its own name is gone, and frames pass all the same.
    assertEquals(folder.names(), ["001.1", sockets[0]].sort());
    assertEquals(joined.data.send(new Uint8Array(60)), 60);
    assertEquals(served.data.send(new Uint8Array(61)), 61);
    const buffer = new Uint8Array(99);
    assertEquals(served.data.receive(buffer), 60);
    assertEquals(joined.data.receive(buffer), 61);
  });
}

ffiTest(
  "joinSwitch() asks where the switch is, among several places",
  async () => {
    using folder = new TestFolder();
    const [none, closed, open] = ["none", "closed", "open"]
      .map((name) => `${folder.path}/${name}`);
    for (const path of [closed, open]) Deno.mkdirSync(path);
    new FakeSwitch(closed)[Symbol.dispose]();
    using fake = new FakeSwitch(open);
    const wish = wishOf(none, { directories: [none, closed, open] });
    const [joined] = await Promise.all([joinSwitch(wish), fake.serve()]);
    using _joined = use(joined);
    assertEquals(joined.directory, open);
  },
);

ffiTest("joinSwitch() tells all places without a switch", async () => {
  const error = await refusal(wishOf("", { directories: ["/no/a", "/no/b"] }));
  assertEquals(
    error.message,
    'Cannot open "vde://test": found no switch at "/no/a" or "/no/b"',
  );
  assertEquals(error.code, "ENOENT");
});

ffiTest(
  "joinSwitch() tells the place that has a switch which refuses",
  async () => {
    using folder = new TestFolder();
    new FakeSwitch(folder.path)[Symbol.dispose]();
    const directories = ["/no/a", folder.path, "/no/b"];
    const error = await refusal(wishOf("", { directories }));
    assertEquals(
      error.message,
      `Cannot open "vde://test": no switch listens at "${folder.path}/ctl"`,
    );
    assertEquals(error.hint, "the one that made it is gone: start it again");
  },
);

/** Things that stand where a switch should. */
const PLACES: readonly {
  readonly name: string;
  readonly make: (path: string) => void;
  readonly port?: string;
  /** What is found; `$` stands for the place. */
  readonly found: string;
}[] = [
  {
    name: "nothing",
    make: () => {},
    found: 'found no switch at "$"',
  },
  {
    name: "an empty folder",
    make: (path) => Deno.mkdirSync(path),
    found: 'found no socket "ctl" in "$"',
  },
  {
    name: "an empty folder, for a port number",
    make: (path) => Deno.mkdirSync(path),
    port: "7",
    found: 'found no socket "ctl" in "$"',
  },
  {
    name: "a folder without the port group",
    make: (path) => Deno.mkdirSync(path),
    port: "red",
    found: 'switch "$" has no port group "red"',
  },
  {
    name: "a file",
    make: (path) => Deno.writeTextFileSync(path, ""),
    found: 'a switch is a directory: "$" is a file',
  },
  {
    name: "a socket",
    make: (path) => bindTo(path, SOCK_STREAM),
    found: 'a switch is a directory: "$" is a socket',
  },
  {
    name: "a folder with a file",
    make: (path) => {
      Deno.mkdirSync(path);
      Deno.writeTextFileSync(`${path}/ctl`, "");
    },
    found: 'a switch listens at a socket: "$/ctl" is a file',
  },
  {
    name: "a folder in the place of a port group",
    make: (path) => Deno.mkdirSync(`${path}/red`, { recursive: true }),
    port: "red",
    found: 'a switch listens at a socket: "$/red" is a directory',
  },
  {
    name: "a data socket in the place of a port group",
    make: (path) => {
      Deno.mkdirSync(path);
      bindTo(`${path}/001.1`, SOCK_DGRAM);
    },
    port: "001.1",
    found: '"$/001.1" is no control socket of a switch',
  },
];

const left: UnixSocket[] = [];

/** A socket that stays open until the test is over. */
function bindTo(path: string, type: number): void {
  const socket = UnixSocket.make(type);
  socket.bind(path);
  left.push(socket);
}

for (const { name, make, port, found } of PLACES) {
  ffiTest(`joinSwitch() finds ${name}, and says so`, async () => {
    using folder = new TestFolder();
    using sockets = new DisposableStack();
    sockets.defer(() =>
      left.splice(0).forEach((socket) => socket[Symbol.dispose]())
    );
    const place = `${folder.path}/place`;
    make(place);
    const { message } = await refusal(wishOf(place, { port }));
    assertEquals(
      message,
      `Cannot open "vde://test": ${found.replace("$", place)}`,
    );
  });
}

ffiTest(
  "joinSwitch() refuses a path that is too long for a socket",
  async () => {
    await assertRejects(
      () => joinSwitch(wishOf(`/${"x".repeat(104)}`)),
      RangeError,
      "as a socket's path has at most 107 bytes: received 109",
    );
  },
);

ffiTest("joinSwitch() takes an answer in pieces", async () => {
  using folder = new TestFolder();
  using fake = new FakeSwitch(folder.path);
  fake.dataSocket("x");
  const serve = async () => {
    const { control } = await fake.hear();
    const reply = packReply(`${folder.path}/x`);
    for (const at of [0, 1, 2, 50]) {
      const end = at === 50 ? REPLY_BYTES : at === 2 ? 50 : at + 1;
      control.send(reply.slice(at, end));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  const [joined] = await Promise.all([
    joinSwitch(wishOf(folder.path)),
    serve(),
  ]);
  using _joined = use(joined);
  assertEquals(joined.path, `${folder.path}/x`);
});

/** What a switch does in place of an answer. */
const SILENCES: readonly {
  readonly name: string;
  readonly serve: (fake: FakeSwitch) => Promise<unknown>;
  /** How long it is waited for; as long as can be where that is not what ends it. */
  readonly timeoutMs?: number;
  readonly message: string;
  readonly code: string;
}[] = [
  {
    name: "says nothing",
    serve: (fake) => fake.hear(),
    timeoutMs: SHORT_MS,
    message: "gave no answer within 0.1 s",
    code: "ETIMEDOUT",
  },
  {
    name: "takes no calls",
    serve: () => Promise.resolve(),
    timeoutMs: SHORT_MS,
    message: "gave no answer within 0.1 s",
    code: "ETIMEDOUT",
  },
  {
    name: "says half of it",
    serve: async (fake) => {
      const { control } = await fake.hear();
      control.send(packReply("/x").slice(0, 60));
    },
    // It is not gone before it has heard that half.
    timeoutMs: 2000,
    message: "gave no answer within 2 s",
    code: "ETIMEDOUT",
  },
  {
    name: "hangs up",
    serve: async (fake) => {
      (await fake.hear()).control[Symbol.dispose]();
    },
    message: "hung up instead of an answer",
    code: "ECONNRESET",
  },
  {
    name: "hangs up without listening",
    serve: async (fake) => {
      (await fake.answer())[Symbol.dispose]();
    },
    message: "hung up instead of an answer",
    code: "ECONNRESET",
  },
  {
    name: "hangs up in the middle",
    serve: async (fake) => {
      const { control } = await fake.hear();
      control.send(packReply("/x").slice(0, 60));
      control[Symbol.dispose]();
    },
    message: "hung up instead of an answer",
    code: "ECONNRESET",
  },
];

for (
  const { name, serve, timeoutMs = LONG_MS, message, code } of SILENCES
) {
  ffiTest(`joinSwitch() gives up on a switch that ${name}`, async () => {
    using folder = new TestFolder();
    using fake = new FakeSwitch(folder.path);
    const start = performance.now();
    const wish = wishOf(folder.path, { timeoutMs, port: "40" });
    const [error] = await Promise.all([refusal(wish), serve(fake)]);
    assertEquals(
      error.message,
      `Cannot open "vde://test": switch "${folder.path}" ${message}`,
    );
    assertEquals(error.code, code);
    assertEquals(
      error.hint,
      "perhaps it has no port 40, or keeps it for others",
    );
    assertLess(performance.now() - start, LONG_MS);
    assertEquals(folder.names(), ["ctl"]);
  });
}

/** Answers that lead nowhere. */
const ANSWERS = [
  {
    name: "no path",
    reply: new Uint8Array(REPLY_BYTES),
    found: "names no data socket",
  },
  {
    name: "a path where nothing is",
    reply: packReply("/no/such/socket"),
    found: 'cannot connect to "/no/such/socket": ',
  },
] as const;

for (const { name, reply, found } of ANSWERS) {
  ffiTest(`joinSwitch() refuses an answer with ${name}`, async () => {
    using folder = new TestFolder();
    using fake = new FakeSwitch(folder.path);
    const serve = async () => {
      (await fake.hear()).control.send(reply);
    };
    const [error] = await Promise.all([
      refusal(wishOf(folder.path)),
      serve(),
    ]);
    assert(error.message.includes(found), error.message);
    assertEquals(folder.names(), ["ctl"]);
  });
}

ffiTest("joinSwitch() waits for a switch that is busy", async () => {
  using folder = new TestFolder();
  using fake = new FakeSwitch(folder.path, "ctl", 0);
  using first = UnixSocket.make(SOCK_STREAM);
  first.connect(`${folder.path}/ctl`);
  const joining = joinSwitch(wishOf(folder.path));
  // Nothing more can be heard of the second caller until the first is taken.
  (await fake.answer())[Symbol.dispose]();
  const [joined] = await Promise.all([joining, fake.serve()]);
  use(joined).dispose();
});

ffiTest("joinSwitch() gives up on a switch that stays busy", async () => {
  using folder = new TestFolder();
  using _fake = new FakeSwitch(folder.path, "ctl", 0);
  using first = UnixSocket.make(SOCK_STREAM);
  first.connect(`${folder.path}/ctl`);
  const start = performance.now();
  const error = await refusal(
    wishOf(folder.path, { timeoutMs: SHORT_MS }),
  );
  assertGreaterOrEqual(performance.now() - start, SHORT_MS - 1);
  assertEquals(
    error.message,
    `Cannot open "vde://test": switch "${folder.path}" takes no more callers`,
  );
  assertEquals(folder.names(), ["ctl"]);
});

ffiTest(
  "joinSwitch() tells that a group cannot be given, and leaves nothing",
  async () => {
    using folder = new TestFolder();
    using fake = new FakeSwitch(folder.path);
    const access = { mode: MODE, gid: 1 };
    const [error] = await Promise.all([
      refusal(wishOf(folder.path, { access })),
      fake.answer(),
    ]);
    assertEquals(
      error.message,
      'Cannot open "vde://test": cannot set group and mode of its data socket: EPERM',
    );
    assertEquals(error.hint, "this user is not in group 1");
    assertEquals(folder.names(), ["ctl"]);
  },
  { skip: Deno.uid() === 0 ? "root gives every group" : undefined },
);
