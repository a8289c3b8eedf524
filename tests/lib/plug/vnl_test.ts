import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  parseVnl,
  quoteVnl,
  splitScheme,
  type Vnl,
  type VnlSyntax,
} from "../../../lib/plug/vnl.ts";
import { type SeededRandom, seededRandom } from "../../random.ts";

const SLASH: VnlSyntax = {
  form: "slash",
  address: "GROUP",
  addressOptional: true,
  keys: [
    { name: "v4", type: "flag", summary: "IPv4 only" },
    { name: "v6", type: "flag", summary: "IPv6 only" },
    {
      name: "port",
      type: "integer",
      min: 1,
      max: 65535,
      default: 14789,
      summary: "UDP port",
    },
    { name: "grp", type: "text", summary: "group" },
    { name: "rcvbuf", type: "size", min: 0, max: 2 ** 30, summary: "buffer" },
    {
      name: "expire",
      type: "integer",
      min: -10,
      max: Infinity,
      summary: "age",
    },
    { name: "expiretime", type: "integer", min: 0, max: 10, summary: "age" },
    { name: "if", type: "text", default: "any", summary: "interface" },
  ],
};

const BRACKET: VnlSyntax = {
  form: "bracket",
  address: "DIRECTORY",
  addressOptional: true,
  unnamedKey: "port",
  keys: [
    { name: "port", type: "text", summary: "port or port group" },
    { name: "portgroup", type: "text", summary: "port group" },
    { name: "mode", type: "octal", min: 0, max: 0o777, summary: "mode" },
  ],
};

const NESTED: VnlSyntax = {
  form: "bracket",
  address: "KEYFILE",
  addressOptional: true,
  nested: "optional",
  keys: [{ name: "ethtype", type: "text", summary: "type" }],
};

const NESTED_SLASH: VnlSyntax = {
  ...SLASH,
  nested: "optional",
};
const BARE: VnlSyntax = { form: "slash", keys: [] };
const PATH: VnlSyntax = { form: "bracket", address: "PATH", keys: [] };

/** The values that were given, and address and nested VNL, for comparing. */
function contents(vnl: Vnl, syntax: VnlSyntax): Record<string, unknown> {
  const found: Record<string, unknown> = { address: vnl.address };
  if (vnl.nested !== undefined) found.nested = vnl.nested;
  for (const { name, type } of syntax.keys) {
    if (!vnl.has(name)) continue;
    if (type === "flag") found[name] = vnl.flag(name);
    else if (type === "text") found[name] = vnl.string(name);
    else found[name] = vnl.number(name);
  }
  return found;
}

const SPLIT_CASES = [
  { text: "vde:///tmp/sw", want: { scheme: "vde", rest: "/tmp/sw" } },
  { text: "null://", want: { scheme: "null", rest: "" } },
  { text: "://x", want: { scheme: "", rest: "x" } },
  { text: "a://b://c", want: { scheme: "a", rest: "b://c" } },
  { text: "VDE://x", want: { scheme: "VDE", rest: "x" } },
  { text: "a://x\ny", want: { scheme: "a", rest: "x\ny" } },
  { text: "/tmp/sw", want: undefined },
  { text: "", want: undefined },
  { text: "vde:/tmp", want: undefined },
  { text: "/tmp/a://b", want: undefined },
] as const;

for (const { text, want } of SPLIT_CASES) {
  Deno.test(`splitScheme() parts ${JSON.stringify(text)}`, () => {
    assertEquals(splitScheme(text), want);
  });
}

const GOOD_CASES: readonly {
  readonly text: string;
  readonly syntax: VnlSyntax;
  readonly want: Record<string, unknown>;
}[] = [
  { text: "a://", syntax: SLASH, want: { address: "" } },
  { text: "a://", syntax: BARE, want: { address: "" } },
  { text: "a:///", syntax: BARE, want: { address: "" } },
  { text: "a://192.0.2.1/", syntax: SLASH, want: { address: "192.0.2.1" } },
  { text: "a://x//v4//", syntax: SLASH, want: { address: "x", v4: true } },
  {
    text: "a://239.0.0.2/v6/port=5/grp=",
    syntax: SLASH,
    want: { address: "239.0.0.2", v6: true, port: 5, grp: "" },
  },
  { text: "a:///grp", syntax: SLASH, want: { address: "", grp: "" } },
  {
    text: "a://[2001:db8::1]:5/if=a=b",
    syntax: SLASH,
    want: { address: "[2001:db8::1]:5", if: "a=b" },
  },
  { text: "a:///v6=1/v4=0", syntax: SLASH, want: flags(false, true) },
  { text: "a:///v6=no/v4=yes", syntax: SLASH, want: flags(true, false) },
  { text: "a:///v=1", syntax: SLASH, want: { address: "", v4: true } },
  { text: "a:///p=7", syntax: SLASH, want: { address: "", port: 7 } },
  { text: "a:///exp=7", syntax: SLASH, want: { address: "", expire: 7 } },
  { text: "a:///expire=7", syntax: SLASH, want: { address: "", expire: 7 } },
  {
    text: "a:///expiret=7",
    syntax: SLASH,
    want: { address: "", expiretime: 7 },
  },
  {
    text: "a:///expire=-10",
    syntax: SLASH,
    want: { address: "", expire: -10 },
  },
  { text: "a:///expire=-0", syntax: SLASH, want: { address: "", expire: 0 } },
  { text: "a:///port=0x10", syntax: SLASH, want: { address: "", port: 16 } },
  { text: "a:///port=0XfF", syntax: SLASH, want: { address: "", port: 255 } },
  { text: "a:///port=010", syntax: SLASH, want: { address: "", port: 8 } },
  { text: "a:///rcvbuf=0", syntax: SLASH, want: { address: "", rcvbuf: 0 } },
  { text: "a:///r=4k", syntax: SLASH, want: { address: "", rcvbuf: 4096 } },
  {
    text: "a:///r=0x2M",
    syntax: SLASH,
    want: { address: "", rcvbuf: 2 ** 21 },
  },
  { text: "a:///r=010K", syntax: SLASH, want: { address: "", rcvbuf: 8192 } },
  { text: "a:///r=1g", syntax: SLASH, want: { address: "", rcvbuf: 2 ** 30 } },
  { text: "a:///r=0T", syntax: SLASH, want: { address: "", rcvbuf: 0 } },
  {
    text: "a:///exp=9007199254740991",
    syntax: SLASH,
    want: { address: "", expire: Number.MAX_SAFE_INTEGER },
  },
  { text: "a://'x/y'", syntax: SLASH, want: { address: "x/y" } },
  { text: 'a://"x/y"/v4', syntax: SLASH, want: { address: "x/y", v4: true } },
  { text: "a://x\\/y", syntax: SLASH, want: { address: "x/y" } },
  { text: "a://x%2fy%2Fz", syntax: SLASH, want: { address: "x/y/z" } },
  { text: "a://'a\\b%41c'd", syntax: SLASH, want: { address: "a\\b%41cd" } },
  { text: "a://a%41%zz%4", syntax: SLASH, want: { address: "aA%zz%4" } },
  { text: "a://100%", syntax: SLASH, want: { address: "100%" } },
  { text: "a://a\\%41", syntax: SLASH, want: { address: "a%41" } },
  { text: "a://'a\"b'\"c'd\"", syntax: SLASH, want: { address: "a\"bc'd" } },
  { text: "a://caf%c3%a9\\é", syntax: SLASH, want: { address: "caféé" } },
  { text: "a://%ef%bb%bfx", syntax: SLASH, want: { address: "\ufeffx" } },
  { text: "a:///'port'=3", syntax: SLASH, want: { address: "", port: 3 } },
  { text: "a:///if='/='", syntax: SLASH, want: { address: "", if: "/=" } },
  { text: "a://x\\{y}", syntax: SLASH, want: { address: "x{y}" } },
  { text: "vde:///tmp/sw", syntax: BRACKET, want: { address: "/tmp/sw" } },
  { text: "vde:///tmp/sw[]", syntax: BRACKET, want: { address: "/tmp/sw" } },
  {
    text: "vde:///t[12]",
    syntax: BRACKET,
    want: { address: "/t", port: "12" },
  },
  { text: "vde://[12]", syntax: BRACKET, want: { address: "", port: "12" } },
  {
    text: "vde:///t[mode=0700/staff]",
    syntax: BRACKET,
    want: { address: "/t", mode: 0o700, port: "staff" },
  },
  {
    text: "vde://[m=700]",
    syntax: BRACKET,
    want: { address: "", mode: 0o700 },
  },
  {
    text: "vde:///t[a[b]c]",
    syntax: BRACKET,
    want: { address: "/t", port: "a[b]c" },
  },
  {
    text: "vde:///t['a]b/c']",
    syntax: BRACKET,
    want: { address: "/t", port: "a]b/c" },
  },
  { text: "vde:///a]b", syntax: BRACKET, want: { address: "/a]b" } },
  { text: "vde:///a\\[b]", syntax: BRACKET, want: { address: "/a[b]" } },
  {
    text: "vde://[portg=mode]",
    syntax: BRACKET,
    want: { address: "", portgroup: "mode" },
  },
  {
    text: "agno://{vde:///tmp/sw[3]}",
    syntax: NESTED,
    want: { address: "", nested: "vde:///tmp/sw[3]" },
  },
  {
    text: "agno:///k[ethtype=copy]{vde:///tmp/sw[3]}",
    syntax: NESTED,
    want: { address: "/k", ethtype: "copy", nested: "vde:///tmp/sw[3]" },
  },
  {
    text: "agno:///k{vde:///tmp/sw[3]}[ethtype={]",
    syntax: NESTED,
    want: { address: "/k", ethtype: "{", nested: "vde:///tmp/sw[3]" },
  },
  {
    text: "agno://{agno://{x://}}",
    syntax: NESTED,
    want: { address: "", nested: "agno://{x://}" },
  },
  {
    text: "agno://{x://'}'%7d\\}é}",
    syntax: NESTED,
    want: { address: "", nested: "x://'}'%7d\\}é" },
  },
  { text: "agno://k{}", syntax: NESTED, want: { address: "k", nested: "" } },
  { text: "agno://k", syntax: NESTED, want: { address: "k" } },
  {
    text: "a://x/v4/if=b{x://y/z}",
    syntax: NESTED_SLASH,
    want: { address: "x", nested: "x://y/z", v4: true, if: "b" },
  },
  {
    text: "a://x{x://y/z}/v4/if=b",
    syntax: NESTED_SLASH,
    want: { address: "x", nested: "x://y/z", v4: true, if: "b" },
  },
];

function flags(v4: boolean, v6: boolean): Record<string, unknown> {
  return { address: "", v4, v6 };
}

for (const { text, syntax, want } of GOOD_CASES) {
  Deno.test(`parseVnl() reads ${text} in ${syntax.form} form`, () => {
    const vnl = parseVnl(text, syntax);
    assertEquals(contents(vnl, syntax), want);
    assertEquals(vnl.scheme, text.slice(0, text.indexOf(":")));
    assertEquals(vnl.text, text);
    assertEquals(`${vnl}`, text);
  });
}

const BAD_CASES: readonly {
  readonly text: string;
  readonly syntax: VnlSyntax;
  readonly error: new (message: string) => Error;
  readonly includes: string;
}[] = [
  bad("/tmp/x", SLASH, SyntaxError, "found no scheme"),
  bad("://x", SLASH, SyntaxError, "found no scheme"),
  bad("A://x", SLASH, SyntaxError, "found no scheme"),
  bad("a://x'y", SLASH, SyntaxError, "found the end after 'y"),
  bad('a:///if="', SLASH, SyntaxError, 'found the end after "'),
  bad("a://x\\", SLASH, SyntaxError, "backslash quotes the character"),
  bad("a://%ff", SLASH, SyntaxError, 'UTF-8: received "%ff"'),
  bad("a:///if=%c3", SLASH, SyntaxError, 'UTF-8: received "%c3"'),
  bad("a://%00", SLASH, SyntaxError, "NUL"),
  bad("a:///if=a%00", SLASH, SyntaxError, "NUL"),
  bad("a:///if=a\0", SLASH, SyntaxError, "NUL"),
  bad("a://\ud800", SLASH, SyntaxError, "surrogate"),
  bad(
    "a://{x://}",
    SLASH,
    TypeError,
    'takes no nested VNL, and other braces are quoted: found "{x://}"',
  ),
  bad("a:///if={x", SLASH, TypeError, "takes no nested VNL"),
  bad("vde://[a{b]", BRACKET, TypeError, "takes no nested VNL"),
  bad(
    "vde:///t[3",
    BRACKET,
    SyntaxError,
    'bracket must be closed: found no "]" in "[3"',
  ),
  bad("vde:///t[3']'", BRACKET, SyntaxError, "bracket must be closed"),
  bad(
    "vde:///t[3]x",
    BRACKET,
    SyntaxError,
    'behind the closing bracket or brace: found "x"',
  ),
  bad("vde:///t[3] ", BRACKET, SyntaxError, 'found " "'),
  bad(
    "agno://{x",
    NESTED,
    SyntaxError,
    'brace must be closed: found no "}" in "{x"',
  ),
  bad("agno://[e=1{x}", NESTED, SyntaxError, "bracket must be closed"),
  bad("agno://{x}y", NESTED, SyntaxError, 'found "y"'),
  bad("agno://[e=1]{x}[e=2]", NESTED, SyntaxError, 'found "[e=2]"'),
  bad("a://x/v4{y}/v6", NESTED_SLASH, SyntaxError, 'found "/v6"'),
  bad("null://x", BARE, TypeError, 'null takes no address: received "x"'),
  bad("null:///v4", BARE, TypeError, 'null has no key "v4": it has no keys'),
  bad(
    "tap://",
    PATH,
    TypeError,
    "tap needs an address, tap://PATH: received none",
  ),
  bad("tap://''", PATH, TypeError, "needs an address"),
  bad(
    "a:///foo=1",
    SLASH,
    TypeError,
    'a has no key "foo": its keys are v4, v6, port, grp, rcvbuf, expire, expiretime, if',
  ),
  bad("a:///portx=1", SLASH, TypeError, 'no key "portx"'),
  bad("a:///PORT=1", SLASH, TypeError, 'no key "PORT"'),
  bad("a:///=1", SLASH, TypeError, 'no key ""'),
  bad("vde:///t[=1]", BRACKET, TypeError, 'no key ""'),
  bad(
    "a:///port=1/p=2",
    SLASH,
    TypeError,
    "each key may be given once: found port again",
  ),
  bad("vde://[1/2]", BRACKET, TypeError, "found port again"),
  bad(
    "a:///v4=maybe",
    SLASH,
    TypeError,
    'v4 must be 1, yes, 0, no or without a value: received "maybe"',
  ),
  bad(
    "a:///port",
    SLASH,
    TypeError,
    'port must be a whole number, 1 to 65535: received ""',
  ),
  bad("a:///port=", SLASH, TypeError, 'received ""'),
  bad("a:///port=08", SLASH, TypeError, 'received "08"'),
  bad("a:///port=1e3", SLASH, TypeError, 'received "1e3"'),
  bad("a:///port=1.5", SLASH, TypeError, 'received "1.5"'),
  bad("a:///port=+1", SLASH, TypeError, 'received "+1"'),
  bad("a:///port= 1", SLASH, TypeError, 'received " 1"'),
  bad("a:///port=0x", SLASH, TypeError, 'received "0x"'),
  bad("a:///port=0o7", SLASH, TypeError, 'received "0o7"'),
  bad("a:///port=5k", SLASH, TypeError, 'received "5k"'),
  bad("a:///port=0", SLASH, RangeError, "port must be 1 to 65535: received 0"),
  bad(
    "a:///port=65536",
    SLASH,
    RangeError,
    "port must be 1 to 65535: received 65536",
  ),
  bad("a:///port=-1", SLASH, RangeError, "received -1"),
  bad(
    "a:///expire=-11",
    SLASH,
    RangeError,
    "expire must be -10 or more: received -11",
  ),
  bad(
    "a:///expire=9007199254740993",
    SLASH,
    RangeError,
    "received 9007199254740993",
  ),
  bad(`a:///expire=${"9".repeat(400)}`, SLASH, RangeError, "received 999"),
  bad(`a:///expire=0${"7".repeat(400)}`, SLASH, RangeError, "received 0777"),
  bad(
    "a:///rcvbuf=k",
    SLASH,
    TypeError,
    'rcvbuf must be a size like 4096 or 64k, 0 to 1g: received "k"',
  ),
  bad("a:///rcvbuf=", SLASH, TypeError, 'received ""'),
  bad("a:///rcvbuf=4kk", SLASH, TypeError, 'received "4kk"'),
  bad("a:///rcvbuf=4kb", SLASH, TypeError, 'received "4kb"'),
  bad(
    "a:///rcvbuf=1t",
    SLASH,
    RangeError,
    "rcvbuf must be 0 to 1g: received 1t",
  ),
  bad(
    "vde://[mode=8]",
    BRACKET,
    TypeError,
    'mode must be an octal number, 0 to 0777: received "8"',
  ),
  bad("vde://[mode=0x7]", BRACKET, TypeError, 'received "0x7"'),
  bad("vde://[mode=-1]", BRACKET, TypeError, 'received "-1"'),
  bad(
    "vde://[mode=1000]",
    BRACKET,
    RangeError,
    "mode must be 0 to 0777: received 1000",
  ),
];

function bad(
  text: string,
  syntax: VnlSyntax,
  error: new (message: string) => Error,
  includes: string,
) {
  return { text, syntax, error, includes };
}

for (const { text, syntax, error, includes } of BAD_CASES) {
  const name = JSON.stringify(text).slice(0, 60);
  Deno.test(`parseVnl() refuses ${name} in ${syntax.form} form`, () => {
    const thrown = assertThrows(() => parseVnl(text, syntax), error, includes);
    assertStringIncludes(
      thrown.message,
      `Cannot open "${text.toWellFormed()}" as `,
    );
  });
}

Deno.test("Vnl gives defaults where a key is absent", () => {
  const vnl = parseVnl("a://", SLASH);
  assertEquals(vnl.number("port"), 14789);
  assertEquals(vnl.number("rcvbuf"), undefined);
  assertEquals(vnl.string("if"), "any");
  assertEquals(vnl.string("grp"), "");
  assertEquals(vnl.flag("v4"), false);
  assertEquals(vnl.has("port"), false);
});

Deno.test("Vnl gives what was given before the default, empty text included", () => {
  const vnl = parseVnl("a:///if/expire=0", SLASH);
  assertEquals(vnl.string("if"), "");
  assertEquals(vnl.number("expire"), 0);
});

Deno.test("Vnl refuses to read what the syntax does not declare so", () => {
  const vnl = parseVnl("a://", SLASH);
  for (
    const read of [
      () => vnl.has("foo"),
      () => vnl.flag("port"),
      () => vnl.string("port"),
      () => vnl.number("if"),
      () => vnl.number("v4"),
    ]
  ) {
    assertThrows(read, TypeError, "Cannot read key");
  }
});

function randomText(
  random: SeededRandom,
  alphabet: readonly string[],
): string {
  let text = "";
  for (let left = random.below(24); left > 0; left--) {
    text += alphabet[random.below(alphabet.length)];
  }
  return text;
}

/** Parses; anything but a VNL or a documented error fails the test. */
function parseOrRefuse(text: string, syntax: VnlSyntax): Vnl | undefined {
  try {
    return parseVnl(text, syntax);
  } catch (error) {
    const documented = error instanceof SyntaxError ||
      error instanceof RangeError || error instanceof TypeError;
    assert(
      documented && error.message.startsWith('Cannot open "'),
      `${JSON.stringify(text)}: ${error}`,
    );
    return undefined;
  }
}

const SYNTAXES = [SLASH, BRACKET, NESTED, NESTED_SLASH, BARE, PATH];

Deno.test("parseVnl() gives a VNL or a documented error for random text", () => {
  const seed = 0x5eed1;
  const random = seededRandom(seed);
  const alphabet = [
    ..."/[]{}'\"\\%=:",
    ..."/[]{}=",
    ..."0179aféx\0 k-\ud800",
    ..."%c3%2f",
    "v4",
    "port",
    "mode=",
    "://",
  ];
  let parsed = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = "a://" + randomText(random, alphabet);
    for (const syntax of SYNTAXES) {
      const vnl = parseOrRefuse(text, syntax);
      if (vnl === undefined) continue;
      parsed++;
      assert(
        !vnl.address.includes("\0"),
        `seed ${seed}: ${JSON.stringify(text)}`,
      );
    }
  }
  assert(parsed > 1000, `only ${parsed} texts of seed ${seed} were good`);
});

Deno.test("parseVnl() gives a VNL or a documented error for random text without a scheme", () => {
  const random = seededRandom(0x5eed2);
  const alphabet = [..."/[]{}'\"\\%=:a:://"];
  for (let round = 0; round < 5_000; round++) {
    parseOrRefuse(randomText(random, alphabet), SLASH);
  }
});

Deno.test("parseVnl() survives every truncation of good VNLs", () => {
  for (const { text, syntax } of GOOD_CASES) {
    for (let length = 0; length <= text.length; length++) {
      parseOrRefuse(text.slice(0, length), syntax);
    }
  }
});

Deno.test("quoteVnl() leaves plain text as it is", () => {
  assertEquals(
    quoteVnl("192.0.2.1:5->host name_é"),
    "192.0.2.1:5->host name_é",
  );
  assertEquals(quoteVnl("/tmp/sw", "path"), "/tmp/sw");
  assertEquals(quoteVnl("/a[b", "path"), "/a%5bb");
  assertEquals(quoteVnl("/a"), "%2fa");
});

for (const text of ["a\0", "\ud800"]) {
  Deno.test(`quoteVnl() refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => quoteVnl(text), TypeError, "Cannot quote");
  });
}

Deno.test("quoteVnl() parses back unchanged wherever a VNL has text", () => {
  const seed = 0x5eed3;
  const random = seededRandom(seed);
  const alphabet = [..."/[]{}'\"\\%=:%41 aé€\u{1f50c}\x01\x7f\x85\n\ufeff"];
  for (let round = 0; round < 5_000; round++) {
    const text = randomText(random, alphabet);
    const quoted = quoteVnl(text);
    const path = quoteVnl(text, "path");
    const about = `seed ${seed}: ${JSON.stringify(text)}`;
    const slash = parseVnl(`a://${quoted}/if=${quoted}`, SLASH);
    assertEquals([slash.address, slash.string("if")], [text, text], about);
    const bracket = parseVnl(`a://${path}[${quoted}]`, BRACKET);
    assertEquals(
      [bracket.address, bracket.string("port")],
      [text, text],
      about,
    );
    const nested = parseVnl(`a://${path}{x://${quoted}}`, NESTED);
    assertEquals(nested.nested, `x://${quoted}`, about);
  }
});
