import "../../ffi/preload.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { LinkEnd, PlugError } from "../../../lib/plug/errors.ts";
import type { OpenOptions, Plug, Plugin } from "../../../lib/plug/plugin.ts";
import { receiveInto } from "../../../lib/plug/plug_calls.ts";
import { Registry } from "../../../lib/plug/registry.ts";
import { type PlugStatus, statusOf } from "../../../lib/plug/status.ts";
import { Burst } from "../../../lib/net/burst.ts";
import type { Vnl } from "../../../lib/plug/vnl.ts";
import { ffiTest } from "../../ffi/case.ts";
import { testOptions } from "../../plugs.ts";

const BUILT_IN = import.meta.resolve("../../../plugins/mod.ts");

/** A plug that tells whether it is open. */
class Leaf implements Plug {
  readonly fd = -1;
  readonly maxFrameBytes = 1514;
  readonly accepts = 0;
  disposals = 0;

  constructor(readonly name: string, readonly options: OpenOptions) {
    leaves.push(this);
  }

  receive(): number {
    throw new TypeError("x is undefined");
  }

  send(burst: Burst, from: number): number {
    return burst.count - from;
  }

  [Symbol.dispose](): void {
    this.disposals++;
    if (this.name === "bad") throw new TypeError("no way to end it");
  }
}

/** All that the test has opened so far. */
const leaves: Leaf[] = [];

/** Times that each leaf was disposed of, the first opened first. */
function disposals(): number[] {
  return leaves.map(({ disposals }) => disposals);
}

type Open = (vnl: Vnl, options: OpenOptions) => Plug | Promise<Plug>;

const ERRORS: Readonly<Record<string, () => unknown>> = {
  type: () => new TypeError("Cannot open it as a type is wrong: received x"),
  range: () => new RangeError("Cannot open it as a range is wrong: found 1"),
  syntax: () => new SyntaxError('Cannot open it as it ends with "{": ""'),
  plug: () =>
    new PlugError("Cannot open it: EPERM", { code: "EPERM", hint: "be root" }),
  end: () => new LinkEnd("Cannot open it: it is over"),
  own: () => new TypeError("x is undefined"),
  text: () => "no error at all",
};

/** A plug before another. */
function before(inner: Plug): Plug {
  return {
    fd: -1,
    maxFrameBytes: 1514,
    accepts: 0,
    receive: () => 0,
    send: (burst, from) => burst.count - from,
    [Symbol.dispose]: () => inner[Symbol.dispose](),
  };
}

const OPENS: Readonly<Record<string, Open>> = {
  leaf: (vnl, options) => new Leaf(vnl.address, options),
  fails: (vnl) => {
    throw ERRORS[vnl.address]();
  },
  filter: async (vnl, { open }) => before(await open(vnl.nested!)),
  alias: (vnl, { open }) => open(vnl.nested!),
  catches: (vnl, { open }) => open(vnl.nested!).catch(() => open("leaf://b")),
  // Opens one, and then cannot go on.
  clumsy: async (vnl, { open }) => {
    await open("leaf://a");
    await open("leaf://bad");
    await open(vnl.nested!);
    throw new PlugError("Cannot open it: there is no time left");
  },
  hasty: (_vnl, { open }) => {
    late = open("leaf://late");
    throw new PlugError("Cannot open it: there is no time left");
  },
  shapeless: async (_vnl, { open }) => {
    await open("leaf://a");
    return {} as Plug;
  },
  itself: (_vnl, { open }) => open("itself://"),
  ping: async (_vnl, { open }) => before(await open("pong://")),
  pong: async (_vnl, { open }) => {
    await open("leaf://a");
    return before(await open("ping://"));
  },
  forgetful: async (_vnl, { open }) => {
    const [one, other] = [open("fails://plug"), open("fails://end")];
    await one;
    return await other;
  },
  described: (vnl, options) =>
    Object.assign(new Leaf(vnl.address, options), { describe: () => STATUS }),
  unawaited: (_vnl, options) =>
    options.kit.frameLink(open("null://") as unknown as Plug, options) as never,
  hurried: (_vnl, { kit }) => {
    using timer = kit.timer();
    return timer.set(-1) as never;
  },
  aimless: (_vnl, { kit }) => kit.anyOf([undefined as never]) as never,
  careless: (_vnl, { open }) => open(undefined as unknown as string),
};

const STATUS: PlugStatus = { vnl: "described://x", ports: [], stations: [] };

/** What `hasty://` did not wait for. */
let late: Promise<Plug> | undefined;

/** What makes this file a plugin module. */
export const plugins = Object.fromEntries(
  Object.entries(OPENS).map(([scheme, open]) => {
    const plugin: Plugin = {
      scheme,
      summary: "For tests.",
      syntax: {
        form: "slash",
        address: "NAME",
        addressOptional: true,
        nested: "optional",
        keys: [],
      },
      open,
    };
    return [scheme, () => Promise.resolve(plugin)];
  }),
);

async function open(vnl: string, options = testOptions()): Promise<Plug> {
  leaves.length = 0;
  const registry = new Registry([BUILT_IN, import.meta.url]);
  return await registry.open(vnl, options);
}

Deno.test("options.open() opens what the registry knows, told what the outer one is", async () => {
  const { open: _, ...told } = testOptions();
  const access = { port: 3 };
  using _plug = await open("filter://{leaf://x}", {
    ...told,
    access,
    open: _,
  });
  const { open: inner, ...options } = leaves[0].options;
  assertEquals(options, { ...told, access });
  assertStrictEquals(options.receiveCounters, told.receiveCounters);
  assertStrictEquals(options.log, told.log);
  assertEquals(typeof inner, "function");
});

const OPENING = [
  { name: "a built-in one", vnl: "filter://{null://}", opened: [] },
  { name: "one of a plugin's", vnl: "filter://{leaf://x}", opened: ["x"] },
  {
    name: "several in one another",
    vnl: "filter://{filter://{filter://{leaf://x}}}",
    opened: ["x"],
  },
  {
    name: "another one after a failure",
    vnl: "catches://{fails://plug}",
    opened: ["b"],
  },
];

for (const { name, vnl, opened } of OPENING) {
  Deno.test(`options.open() opens ${name}, which the outer plug closes`, async () => {
    const plug = await open(vnl);
    assertEquals(leaves.map(({ name }) => name), opened);
    assertEquals(disposals(), opened.map(() => 0));
    plug[Symbol.dispose]();
    assertEquals(disposals(), opened.map(() => 1));
  });
}

Deno.test("options.open() leaves its name to a plug that is handed on as it came", async () => {
  using plug = await open("alias://{leaf://x}");
  assertStrictEquals(plug, leaves[0]);
  await assertRejects(
    // deno-lint-ignore require-await -- what is thrown is to be a rejection
    async () => receiveInto(plug, new Burst()),
    PlugError,
    'Cannot receive from "leaf://x": ',
  );
});

const FAILURES = [
  { of: "type", kind: TypeError },
  { of: "range", kind: RangeError },
  { of: "syntax", kind: SyntaxError },
  { of: "plug", kind: PlugError, code: "EPERM", hint: "be root" },
  { of: "end", kind: LinkEnd },
] as const;

for (const { of, kind, ...also } of FAILURES) {
  for (
    const [outer, inner] of [
      [`filter://{fails://${of}}`, `fails://${of}`],
      [`filter://{alias://{filter://{fails://${of}}}}`, `fails://${of}`],
    ]
  ) {
    Deno.test(`options.open() names "${outer}" and what it needs, once`, async () => {
      const error = await assertRejects(() => open(outer), kind);
      const { message } = ERRORS[of]() as Error;
      assertEquals(
        error.message,
        `Cannot open "${outer}" as it needs "${inner}": ${message}`,
      );
      assertStrictEquals(error.constructor, kind);
      assertInstanceOf(error.cause, kind);
      if (error instanceof PlugError) {
        const { code = "", hint = "" } = { code: "", hint: "", ...also };
        assertEquals([error.code, error.hint], [code, hint]);
      }
    });
  }
}

for (const fault of ["own", "text"]) {
  Deno.test(`options.open() names the plugin whose fault it is: ${fault}`, async () => {
    const error = await assertRejects(
      () => open(`filter://{fails://${fault}}`),
      PlugError,
      `Cannot open "filter://{fails://${fault}}" as it needs "fails://${fault}": ` +
        `Cannot open "fails://${fault}": the plugin of `,
    );
    assert(error.message.includes("inner_plugs_test.ts"), error.message);
  });
}

for (
  const { scheme, says } of [
    { scheme: "unawaited", says: "it is a promise, to be awaited" },
    { scheme: "hurried", says: "its delay must be 0 to 4294967295" },
    { scheme: "aimless", says: "-1 for none: received undefined" },
  ]
) {
  ffiTest(
    `a plugin's misuse of the kit is its own fault, not the VNL's: ${scheme}`,
    async () => {
      const error = await assertRejects(() => open(`${scheme}://`), PlugError);
      const begin = `Cannot open "${scheme}://": the plugin of `;
      assertEquals(error.message.slice(0, begin.length), begin);
      for (const part of [says, "inner_plugs_test.ts"]) {
        assertStringIncludes(error.message, part);
      }
    },
  );
}

const BAD_INNER = [
  {
    vnl: "filter://{nul://}",
    kind: TypeError,
    includes:
      'as it needs "nul://": Cannot find a plugin for the scheme "nul", perhaps "null" is meant',
  },
  {
    vnl: "filter://{leaf://x/foo}",
    kind: TypeError,
    includes: 'as it needs "leaf://x/foo": ',
  },
  {
    vnl: "careless://",
    kind: TypeError,
    includes:
      'Cannot open "careless://" as it needs "undefined": a VNL is a string: received undefined',
  },
] as const;

for (const { vnl, kind, includes } of BAD_INNER) {
  Deno.test(`options.open() refuses what stands in "${vnl}"`, async () => {
    await assertRejects(() => open(vnl), kind, includes);
  });
}

const LEFT = [
  {
    name: "whose open throws afterwards",
    vnl: "clumsy://{leaf://c}",
    message: "Cannot open it: there is no time left",
    closed: 3,
  },
  {
    name: "that cannot open the next one",
    vnl: "clumsy://{fails://plug}",
    message:
      'Cannot open "clumsy://{fails://plug}" as it needs "fails://plug": Cannot open it: EPERM',
    closed: 2,
  },
  {
    name: "which is none",
    vnl: "shapeless://",
    message: "must return a plug: found no function receive",
    closed: 1,
  },
];

for (const { name, vnl, message, closed } of LEFT) {
  Deno.test(`options.open() leaves nothing open for a plug ${name}`, async () => {
    await assertRejects(() => open(vnl), PlugError, message);
    assertEquals(disposals(), new Array(closed).fill(1));
  });
}

Deno.test("options.open() ends no program when nobody waits for its error", async () => {
  await assertRejects(() => open("forgetful://"), PlugError, "EPERM");
  // What nobody has handled by then ends the test.
  await new Promise((resolve) => setTimeout(resolve, 0));
});

Deno.test("statusOf() looks through plugs that stand before others", async () => {
  using plug = await open("filter://{filter://{described://x}}");
  assertStrictEquals(statusOf(plug), STATUS);
  using other = await open("filter://{leaf://x}");
  assertEquals(statusOf(other), undefined);
});

Deno.test("options.open() closes what comes when nobody wants it any more", async () => {
  await assertRejects(() => open("hasty://"), PlugError, "no time left");
  await late;
  assertEquals(disposals(), [1]);
});

Deno.test("options.open() refuses a plugin that opens itself without end", async () => {
  const error = await assertRejects(() => open("itself://"), PlugError);
  assertEquals(
    error.message,
    'Cannot open "itself://" as it needs "itself://": ' +
      "at most 16 plugs stand in one another, and this is one more",
  );
  assertEquals(error.code, "ELOOP");
});

Deno.test("options.open() refuses plugins that open one another, and closes all", async () => {
  await assertRejects(
    () => open("ping://"),
    PlugError,
    'Cannot open "ping://" as it needs "leaf://a": at most 16 plugs',
  );
  assertEquals(disposals(), new Array(7).fill(1));
});

for (
  const { depth, opens } of [{ depth: 15, opens: true }, {
    depth: 16,
    opens: false,
  }]
) {
  Deno.test(`options.open() ${opens ? "opens" : "refuses"} a plug in ${depth} others`, async () => {
    const vnl = "filter://{".repeat(depth) + "leaf://x" + "}".repeat(depth);
    if (!opens) return void await assertRejects(() => open(vnl), PlugError);
    (await open(vnl))[Symbol.dispose]();
    assertEquals(disposals(), [1]);
  });
}
