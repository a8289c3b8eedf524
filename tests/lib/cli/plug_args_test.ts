import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type PlugArgs, readPlugArgs } from "../../../lib/cli/plug_args.ts";
import { ffiTest } from "../../ffi/case.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";

const NO_ACCESS = { port: undefined, group: undefined, mode: undefined };

const STANDARD: PlugArgs = {
  vnls: [],
  command: undefined,
  help: false,
  version: false,
  verbose: false,
  json: false,
  statsSeconds: undefined,
  description: "vdeplug:",
  daemon: false,
  pidFile: undefined,
  log: false,
  ipLog: false,
  plugins: [],
  access: [NO_ACCESS, NO_ACCESS],
};

const [A, B] = ["vxvde://", "tap://t0"];

/** A command line, and what differs from the standard. */
const GOOD: readonly {
  readonly args: readonly string[];
  readonly want: Partial<PlugArgs>;
}[] = [
  { args: [A], want: { vnls: [A] } },
  { args: [A, B], want: { vnls: [A, B] } },
  { args: ["-v", A, B], want: { vnls: [A, B], verbose: true } },
  { args: [A, "-v", B], want: { vnls: [A, B], verbose: true } },
  { args: [A, B, "-v"], want: { vnls: [A, B], verbose: true } },
  { args: [A, B, "--verbose"], want: { vnls: [A, B], verbose: true } },
  { args: ["--stats", A, B], want: { vnls: [A, B], statsSeconds: 1 } },
  { args: [A, "--stats", B], want: { vnls: [A, B], statsSeconds: 1 } },
  { args: [A, B, "--stats"], want: { vnls: [A, B], statsSeconds: 1 } },
  { args: ["--stats=2", A, B], want: { vnls: [A, B], statsSeconds: 2 } },
  { args: [A, "--stats=0.25", B], want: { vnls: [A, B], statsSeconds: 0.25 } },
  { args: ["--stats=86400", A], want: { vnls: [A], statsSeconds: 86400 } },
  { args: ["--stats=3", "--stats=5", A], want: { vnls: [A], statsSeconds: 5 } },
  { args: ["--stats", "2", A], want: { vnls: ["2", A], statsSeconds: 1 } },
  {
    args: ["--plugin", "/a b/x.ts", A, "--plugin=https://x.test/y.js"],
    want: {
      vnls: [A],
      plugins: ["file:///a%20b/x.ts", "https://x.test/y.js"],
    },
  },
  {
    args: ["--plugin=x.js", A],
    want: { vnls: [A], plugins: [`file://${Deno.cwd()}/x.js`] },
  },
  { args: ["--json", A, B], want: { vnls: [A, B], json: true } },
  {
    args: ["--json", "--stats=2", A, "-v", B],
    want: { vnls: [A, B], json: true, statsSeconds: 2, verbose: true },
  },
  { args: ["-D", "me", A, B], want: { vnls: [A, B], description: "me" } },
  {
    args: [A, "--descr", "my name", B],
    want: { vnls: [A, B], description: "my name" },
  },
  { args: ["--descr=a=b", A], want: { vnls: [A], description: "a=b" } },
  {
    args: ["-D", "one", "-D", "two", A],
    want: { vnls: [A], description: "two" },
  },
  { args: ["--descr=", A], want: { vnls: [A], description: "" } },
  { args: ["-D", "7", A], want: { vnls: [A], description: "7" } },
  {
    args: ["-D", "é".repeat(63), A],
    want: { vnls: [A], description: "é".repeat(63) },
  },
  { args: [A, "=", "cat"], want: { vnls: [A], command: ["cat"] } },
  {
    args: ["-v", A, "=", "ssh", "-v", "--stats", "host", "vdeplug", "--help"],
    want: {
      vnls: [A],
      verbose: true,
      command: ["ssh", "-v", "--stats", "host", "vdeplug", "--help"],
    },
  },
  {
    args: [A, "=", "sh", "-c", "x=1", "=", "y"],
    want: { vnls: [A], command: ["sh", "-c", "x=1", "=", "y"] },
  },
  {
    args: [A, "=", "printf", ""],
    want: { vnls: [A], command: ["printf", ""] },
  },
  { args: ["", A], want: { vnls: ["", A] } },
  { args: ["-d", A, B], want: { vnls: [A, B], daemon: true } },
  { args: [A, B, "--daemon"], want: { vnls: [A, B], daemon: true } },
  { args: ["-p", "x.pid", A], want: { vnls: [A], pidFile: "x.pid" } },
  { args: ["-px.pid", A], want: { vnls: [A], pidFile: "x.pid" } },
  { args: ["--pid=x.pid", A], want: { vnls: [A], pidFile: "x.pid" } },
  { args: ["-l", A], want: { vnls: [A], log: true } },
  { args: ["-L", A], want: { vnls: [A], log: true, ipLog: true } },
  {
    args: ["-dlpF", A, B],
    want: { vnls: [A, B], daemon: true, log: true, pidFile: "F" },
  },
  {
    args: ["-g", "0", "-m", "0770", "--port", "12", A, B],
    want: {
      vnls: [A, B],
      plugins: [],
      access: [{ port: 12, group: "0", mode: 0o770 }, NO_ACCESS],
    },
  },
  {
    args: [A, B, "-G0", "-M", "700", "--port2=3"],
    want: {
      vnls: [A, B],
      access: [NO_ACCESS, { port: 3, group: "0", mode: 0o700 }],
    },
  },
  { args: ["-h"], want: { help: true } },
  { args: ["--help"], want: { help: true } },
  { args: ["--help", "vxvde"], want: { help: true, vnls: ["vxvde"] } },
  {
    args: ["vxvde", "--help", "tap", "udp"],
    want: { help: true, vnls: ["vxvde", "tap", "udp"] },
  },
  { args: ["--version"], want: { version: true } },
  { args: ["-hv"], want: { help: true, verbose: true } },
  { args: ["--", A, "-v"], want: { vnls: [A, "-v"] } },
  { args: ["007", "1e3"], want: { vnls: ["007", "1e3"] } },
  { args: ["-"], want: { vnls: ["-"] } },
];

for (const { args, want } of GOOD) {
  ffiTest(`readPlugArgs() reads ${JSON.stringify(args)}`, () => {
    assertEquals(readPlugArgs(args), { ...STANDARD, ...want });
  });
}

const BAD = [
  { args: [], includes: "no VNL is given" },
  { args: ["-v"], includes: "no VNL is given" },
  { args: ["=", "cat"], includes: "no VNL is given" },
  { args: [A, "="], includes: 'nothing stands behind "="' },
  {
    args: [A, B, "x://"],
    includes: 'a cable has two ends; received "vxvde://" "tap://t0" "x://"',
  },
  { args: [A, B, "=", "cat"], includes: "Cannot join 2 VNLs and a command" },
  { args: ["--nonsense", A], includes: 'option "--nonsense"' },
  { args: [A, B, "-x"], includes: 'option "-x"' },
  { args: ["--v", A], includes: "found --verbose, --version" },
  { args: ["--verbose=1", A], includes: '"--verbose" with a value' },
  { args: [A, "-D"], includes: 'option "-D" without TEXT' },
  { args: [A, "--pidfile"], includes: 'option "--pidfile" without FILE' },
  { args: ["-p", "", A], includes: 'FILE is a path: received ""' },
  { args: ["--port", "x", A], includes: "--port as N must be 0 to 16777215" },
  { args: ["--port2=-1", A], includes: "--port2 as N must be 0 to" },
  { args: ["--port=16777216", A], includes: 'received "16777216"' },
  { args: ["-m", "0788", A], includes: '0 to 777: received "0788"' },
  { args: ["-M", "1777", A], includes: "--mod2 as OCTAL must be" },
  { args: ["-mod", "0700", A], includes: 'received "od"' },
  { args: ["-g", "no-such-group", A], includes: '"no-such-group"' },
  { args: ["-d", "--stats", A, B], includes: "in the background" },
  { args: ["-d", "--json", A, B], includes: "in the background" },
  { args: ["--Stats", A], includes: 'option "--Stats"' },
  {
    args: ["--stats=", A],
    includes: 'more than 0 and at most 86400: received ""',
  },
  { args: ["--stats=0", A], includes: 'received "0"' },
  { args: ["--stats=-1", A], includes: 'received "-1"' },
  { args: ["--stats=2s", A], includes: 'received "2s"' },
  { args: ["--stats=1e3", A], includes: 'received "1e3"' },
  { args: ["--stats=86401", A], includes: 'received "86401"' },
  { args: ["--stats=Infinity", A], includes: 'received "Infinity"' },
  {
    args: ["-D", "x".repeat(128), A],
    includes: "at most 127 bytes: received 128",
  },
  {
    args: ["-D", "é".repeat(64), A],
    includes: "at most 127 bytes: received 128",
  },
] as const;

for (const { args, includes } of BAD) {
  ffiTest(`readPlugArgs() refuses ${JSON.stringify(args).slice(0, 60)}`, () => {
    const error = assertThrows(() => readPlugArgs(args), UsageError);
    assertStringIncludes(error.message, includes);
  });
}
