import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
} from "@std/assert";
import {
  cleanProgramPages,
  residentFileBytes,
  returnMemory,
} from "../../ffi/resident_memory.ts";
import { ffiTest } from "./case.ts";

const PROGRAM = "/usr/bin/a program";

interface RecordOptions {
  readonly at?: string;
  readonly permissions?: string;
  readonly offset?: string;
  readonly path?: string;
  readonly rss?: number;
  readonly anonymous?: number;
}

/** One record of /proc/pid/smaps, as proc(5) shows it, without the fields that do not matter. */
function record(
  {
    at = "55d40b9a0000-55d40b9b0000",
    permissions = "r-xp",
    offset = "00000000",
    path = PROGRAM,
    rss = 4096,
    anonymous = 0,
  }: RecordOptions = {},
): string {
  const [first, end] = at.split("-").map((digits) => parseInt(digits, 16));
  return `${at} ${permissions} ${offset} fe:00 1450061        ${path}
Size:     ${String((end - first) / 1024).padStart(14)} kB
Rss:            ${String(rss).padStart(8)} kB
Pss:                 100 kB
Anonymous:      ${String(anonymous).padStart(8)} kB
VmFlags: rd ex mr mw me
`;
}

const FIRST = { address: 0x55d40b9a0000, bytes: 0x10000 };
const NEXT = {
  at: "55d40b9c0000-55d40b9e0000",
  offset: "00030000",
} as const;
const SECOND = { address: 0x55d40b9c0000, bytes: 0x20000 };
const HEAP = record({
  at: "1d2440000000-1d2440040000",
  permissions: "rw-p",
  path: "",
  anonymous: 256,
});

const CASES = [
  { name: "finds code", smaps: [record()], want: [FIRST] },
  {
    name: "finds constants",
    smaps: [record({ permissions: "r--p" })],
    want: [FIRST],
  },
  {
    name: "finds what comes after, in the same piece and in the next",
    smaps: [HEAP + HEAP, HEAP + record(), record(NEXT) + HEAP],
    want: [FIRST, SECOND],
  },
  {
    name: "leaves what can be written to",
    smaps: [record({ permissions: "rw-p" }) + record(NEXT)],
    want: [SECOND],
  },
  {
    name: "leaves what was written to",
    smaps: [record({ anonymous: 4 }) + record(NEXT)],
    want: [SECOND],
  },
  {
    name: "leaves what is shared",
    smaps: [record({ permissions: "r-xs" })],
    want: [],
  },
  {
    name: "leaves what is hardly resident",
    smaps: [record({ rss: 1020 })],
    want: [],
  },
  {
    name: "leaves other files",
    smaps: [record({ path: `${PROGRAM}2` })],
    want: [],
  },
  {
    name: "leaves a program that was deleted",
    smaps: [record({ path: `${PROGRAM} (deleted)` })],
    want: [],
  },
  {
    name: "leaves pieces of the program that are mapped before it",
    smaps: [record({ offset: "00030000" })],
    want: [],
  },
  {
    name: "leaves pieces of the program that are mapped behind something else",
    smaps: [record(), HEAP, record(NEXT)],
    want: [FIRST],
  },
  { name: "finds nothing in nothing", smaps: [], want: [] },
] as const;

for (const { name, smaps, want } of CASES) {
  Deno.test(`cleanProgramPages() ${name}`, () => {
    assertEquals(cleanProgramPages(smaps, PROGRAM), [...want]);
  });
}

Deno.test("cleanProgramPages() leaves a record that is cut off anywhere", () => {
  const whole = record();
  const told = whole.indexOf("\n", whole.indexOf("Anonymous"));
  for (let length = 1; length < told; length++) {
    const pieces = [whole.slice(0, length), whole.slice(length)];
    assertEquals(cleanProgramPages(pieces, PROGRAM), []);
  }
});

ffiTest("residentFileBytes() tells what proc(5) tells", () => {
  const status = Deno.readTextFileSync("/proc/self/status");
  const kB = Number(status.match(/^RssFile:\s+(\d+) kB$/m)?.[1]);
  // Another page or two may have come in between.
  assertAlmostEquals(residentFileBytes(), kB * 1024, 5e6);
});

ffiTest("returnMemory() lets go of code, and does so again", () => {
  const before = residentFileBytes();
  assertGreater(returnMemory(), 0);
  assertLess(residentFileBytes(), before);
  assertGreater(returnMemory(), 0);
  assertLess(residentFileBytes(), before);
});
