import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { optionNames } from "../../../lib/cli/getopt.ts";
import {
  PING_OPTIONS,
  readPingOptions,
} from "../../../lib/cli/ping_options.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { ip } from "../net/packets.ts";

const DEFAULTS = {
  plugins: [],
  vnl: "vxvde://",
  target: ip("192.0.2.1"),
  from: undefined,
  vlan: 0,
  count: 4,
  intervalMs: 1000,
  timeoutMs: 1000,
};

const GOOD = [
  { args: "vxvde:// 192.0.2.1", want: {} },
  { args: "-c 7 vxvde:// 192.0.2.1", want: { count: 7 } },
  { args: "vxvde:// -c7 192.0.2.1", want: { count: 7 } },
  { args: "vxvde:// 192.0.2.1 -c=7", want: { count: 7 } },
  { args: "vxvde:// 192.0.2.1 -c 0", want: { count: Infinity } },
  { args: "-i 0.01 vxvde:// 192.0.2.1", want: { intervalMs: 10 } },
  {
    args: "-i .5 -W 2. vxvde:// 192.0.2.1",
    want: { intervalMs: 500, timeoutMs: 2000 },
  },
  { args: "-W 60 vxvde:// 192.0.2.1", want: { timeoutMs: 60_000 } },
  {
    args: "--from 192.0.2.9 vxvde:// 192.0.2.1",
    want: { from: ip("192.0.2.9") },
  },
  {
    args: "--from=192.0.2.9 vxvde:// 192.0.2.1",
    want: { from: ip("192.0.2.9") },
  },
  { args: "--vlan 4094 vxvde:// 192.0.2.1", want: { vlan: 4094 } },
  { args: "vxvde:// 2001:DB8::1", want: { target: ip("2001:db8::1") } },
  { args: "vxvde:// -- 192.0.2.1", want: {} },
  { args: "12 192.0.2.1", want: { vnl: "12" } },
] as const;

for (const { args, want } of GOOD) {
  Deno.test(`readPingOptions() reads ${args}`, () => {
    assertEquals<unknown>(readPingOptions(args.split(" ")), {
      ...DEFAULTS,
      ...want,
    });
  });
}

const BAD = [
  { args: "", includes: "received 0 arguments" },
  { args: "vxvde://", includes: "received 1 argument" },
  { args: "vxvde:// 192.0.2.1 192.0.2.2", includes: "received 3 arguments" },
  { args: "vxvde:// host", includes: 'received "host"' },
  { args: "vxvde:// 192.0.2.1/24", includes: 'received "192.0.2.1/24"' },
  { args: "vxvde:// 224.0.0.1", includes: "it is multicast" },
  { args: "vxvde:// ff02::1", includes: "it is multicast" },
  { args: "vxvde:// 255.255.255.255", includes: "it is broadcast" },
  { args: "vxvde:// 127.0.0.1", includes: "it is loopback" },
  { args: "vxvde:// 0.0.0.0", includes: "it is unspecified" },
  { args: "-x vxvde:// 192.0.2.1", includes: 'the option "-x"' },
  { args: "--count 3 vxvde:// 192.0.2.1", includes: 'the option "--count"' },
  { args: "--interval=3 vxvde:// 192.0.2.1", includes: "--interval" },
  { args: "-c -1 vxvde:// 192.0.2.1", includes: '"-1"' },
  { args: "-c vxvde:// 192.0.2.1", includes: "received 1 argument" },
  {
    args: "vxvde:// 192.0.2.1 -c",
    includes: '-c must be a whole number from 0 to 1000000000: received ""',
  },
  { args: "-c 1.5 vxvde:// 192.0.2.1", includes: 'received "1.5"' },
  { args: "-c 0x10 vxvde:// 192.0.2.1", includes: 'received "0x10"' },
  { args: "-c 1e3 vxvde:// 192.0.2.1", includes: 'received "1e3"' },
  { args: "-c 1000000001 vxvde:// 192.0.2.1", includes: "-c must be" },
  { args: "-c 1 -c 2 vxvde:// 192.0.2.1", includes: 'once: received "1", "2"' },
  {
    args: "-i 0 vxvde:// 192.0.2.1",
    includes: "-i must be a number of seconds from 0.001 to 86400",
  },
  { args: "-i . vxvde:// 192.0.2.1", includes: 'received "."' },
  { args: "-i soon vxvde:// 192.0.2.1", includes: 'received "soon"' },
  { args: "-i Infinity vxvde:// 192.0.2.1", includes: "-i must be" },
  {
    args: "-W 61 vxvde:// 192.0.2.1",
    includes: "-W must be a number of seconds from 0.001 to 60",
  },
  {
    args: "--vlan 0 vxvde:// 192.0.2.1",
    includes: "--vlan must be a whole number from 1 to 4094",
  },
  { args: "--vlan 4095 vxvde:// 192.0.2.1", includes: 'received "4095"' },
  { args: "--from me vxvde:// 192.0.2.1", includes: 'received "me"' },
  { args: "--from 224.0.0.1 vxvde:// 192.0.2.1", includes: "it is multicast" },
  { args: "--from ::1 vxvde:// 192.0.2.1", includes: "it is loopback" },
  {
    args: "--from 2001:db8::1 vxvde:// 192.0.2.1",
    includes: "one is IPv4, the other IPv6",
  },
  {
    args: "--from 2001:db8:0::1 vxvde:// 2001:db8::1",
    includes: "they are the same",
  },
] as const;

for (const { args, includes } of BAD) {
  Deno.test(`readPingOptions() refuses ${args || "nothing"}`, () => {
    const error = assertThrows(
      () => readPingOptions(args.split(" ").filter((word) => word !== "")),
      UsageError,
      includes,
    );
    assertMatch(error.message, /^Cannot ping .*[^.]$/);
  });
}

for (const args of [["-h"], ["--help"], ["-h", "x"], ["vxvde://", "--help"]]) {
  Deno.test(`readPingOptions() knows a call for help: ${args.join(" ")}`, () => {
    assertEquals(readPingOptions(args), undefined);
  });
}

/** A value for each option that is shown with one. */
const VALUES: Readonly<Record<string, string>> = {
  ...{ c: "1", i: "1", W: "1", from: "192.0.2.9", vlan: "1" },
  plugin: "/x.ts",
};

for (const spec of PING_OPTIONS) {
  for (const name of optionNames(spec)) {
    Deno.test(`readPingOptions() reads ${name} as it is shown`, () => {
      const value = VALUES[spec.name];
      assertEquals(value !== undefined, spec.value !== undefined);
      const words = value === undefined ? [name] : [name, value];
      const read = readPingOptions([...words, "vxvde://", "192.0.2.1"]);
      assertEquals(read === undefined, spec.name === "help");
      assertEquals(read?.vnl, spec.name === "help" ? undefined : "vxvde://");
    });
  }
}

Deno.test("readPingOptions() names the options that there are", () => {
  assertThrows(
    () => readPingOptions(["--colour"]),
    UsageError,
    "the options are -c, -i, -W, --from, --vlan, --plugin, --help",
  );
});

Deno.test("readPingOptions() reads any number of plugins", () => {
  const args = ["--plugin", "/x.ts", "vxvde://", "192.0.2.1", "--plugin=/y.js"];
  const { plugins } = readPingOptions(args) ?? {};
  assertEquals(plugins, ["file:///x.ts", "file:///y.js"]);
  assertThrows(
    () => readPingOptions(["--plugin=", "vxvde://", "192.0.2.1"]),
    UsageError,
    "Cannot use --plugin",
  );
});
