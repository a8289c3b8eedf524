import { assert, assertEquals } from "@std/assert";
import { describeSyntax } from "../../../lib/plug/help.ts";
import type { Plugin } from "../../../lib/plug/plugin.ts";
import type { VnlKey, VnlSyntax } from "../../../lib/plug/vnl.ts";

function plugin(scheme: string, summary: string, syntax: VnlSyntax): Plugin {
  return {
    scheme,
    summary,
    syntax,
    open: () => {
      throw new TypeError("Cannot open: it is only described");
    },
  };
}

const SLASH_KEYS: readonly VnlKey[] = [
  { name: "v4", type: "flag", summary: "IPv4 only" },
  {
    name: "port",
    type: "integer",
    min: 1,
    max: 65535,
    default: 14789,
    summary: "UDP port of the group",
  },
  {
    name: "expiretime",
    type: "integer",
    placeholder: "SECONDS",
    min: 0,
    max: Infinity,
    default: 128,
    summary: "how long a station that is silent is remembered",
  },
  {
    name: "rcvbuf",
    type: "size",
    min: 4096,
    max: 2 ** 30,
    summary: "receive buffer",
  },
  { name: "if", type: "text", placeholder: "IFACE", summary: "interface" },
  { name: "to", type: "text", default: "all", summary: "whom to serve" },
];

const SLASH = `\
wire://[GROUP][/v4][/port=N][/expiretime=SECONDS][/rcvbuf=SIZE][/if=IFACE]
      [/to=TEXT]
  A wire for tests, whose summary is long enough to be wrapped at the eightieth
  column, where words part.

  GROUP               multicast group
  v4                  IPv4 only
  port=N              UDP port of the group (1 to 65535, default 14789)
  expiretime=SECONDS  how long a station that is silent is remembered (0 or
                      more, default 128)
  rcvbuf=SIZE         receive buffer (4k to 1g)
  if=IFACE            interface
  to=TEXT             whom to serve (default all)

Examples:
  wire://                                the default group
  wire://192.0.2.1/port=5/expiretime=10  another
  wire://192.0.2.1/port=5/expiretime=10/rcvbuf=4k
                                         a third`;

Deno.test("describeSyntax() describes a scheme of the slash form", () => {
  const described = describeSyntax(plugin(
    "wire",
    "A wire for tests, whose summary is long enough to be wrapped at the eightieth column, where words part.",
    {
      form: "slash",
      address: "GROUP",
      addressOptional: true,
      addressSummary: "multicast group",
      keys: SLASH_KEYS,
      examples: [
        { vnl: "wire://", summary: "the default group" },
        { vnl: "wire://192.0.2.1/port=5/expiretime=10", summary: "another" },
        {
          vnl: "wire://192.0.2.1/port=5/expiretime=10/rcvbuf=4k",
          summary: "a third",
        },
      ],
    },
  ));
  assertEquals(described, SLASH);
});

const BRACKET = `\
seal://DIRECTORY[PORT/mode=OCTAL]{VNL}
  A door.

  DIRECTORY   of the switch (may be left out)
  port=PORT   port of the switch ("port=" may be left out)
  mode=OCTAL  mode of the socket (0 to 0777, default 0700)
  {VNL}       a VNL of its own, in braces`;

Deno.test("describeSyntax() describes a scheme of the bracket form", () => {
  const described = describeSyntax(plugin("seal", "A door.", {
    form: "bracket",
    address: "DIRECTORY",
    addressOptional: true,
    addressSummary: "of the switch",
    unnamedKey: "port",
    nested: "required",
    keys: [
      {
        name: "port",
        type: "text",
        placeholder: "PORT",
        summary: "port of the switch",
      },
      {
        name: "mode",
        type: "octal",
        min: 0,
        max: 0o777,
        default: 0o700,
        summary: "mode of the socket",
      },
    ],
  }));
  assertEquals(described, BRACKET);
});

const DESCRIBED = `\
wire://NAME
  A wire.

  It is of copper, which is a metal that is not cheap, and it is as long as need
  be.

  Nobody may cut it.

  NAME      address`;

Deno.test("describeSyntax() has the paragraphs of a description behind the summary", () => {
  const described = describeSyntax({
    ...plugin("wire", "A wire.", { form: "slash", address: "NAME", keys: [] }),
    description: [
      "It is of copper, which is a metal that is not cheap, and it is as long as need be.",
      "Nobody may cut it.",
    ],
  });
  assertEquals(described, DESCRIBED);
});

Deno.test("describeSyntax() describes a scheme with nothing to say", () => {
  const described = describeSyntax(
    plugin("null", "Nothing.", { form: "slash", keys: [] }),
  );
  assertEquals(described, "null://\n  Nothing.");
});

Deno.test("describeSyntax() keeps to 80 columns as far as words allow", () => {
  const keys: VnlKey[] = [];
  for (let length = 1; length < 60; length++) {
    keys.push({
      name: "k".repeat(length),
      type: "text",
      summary: Array.from({ length }, (_, at) => "w".repeat(at % 9 + 1)).join(
        " ",
      ),
    });
  }
  for (const form of ["slash", "bracket"] as const) {
    const described = describeSyntax(
      plugin("x", "Summary.", { form, address: "NAME", keys }),
    );
    for (const line of described.split("\n")) {
      assert(line.length <= 80, line);
      assertEquals(line, line.trimEnd());
    }
    for (const key of keys) assert(described.includes(`${key.name}=TEXT`));
  }
});
