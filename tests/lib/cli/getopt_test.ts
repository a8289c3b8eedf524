import { assertEquals, assertThrows } from "@std/assert";
import {
  optionNames,
  type OptionSpec,
  readOptions,
} from "../../../lib/cli/getopt.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";

const SPECS: readonly OptionSpec[] = ([
  { name: "all", letter: "a" },
  { name: "back", letter: "b" },
  { name: "file", letter: "f", value: "FILE" },
  { name: "port", value: "N" },
  { name: "port2", value: "N" },
  { name: "stats", letter: "s", value: "SECONDS", standard: "1" },
  { name: "q" },
  { name: "z", value: "N" },
] as const).map((spec) => ({ ...spec, summary: `does ${spec.name}` }));

const GOOD: readonly {
  readonly args: readonly string[];
  readonly given?: Readonly<Record<string, string>>;
  readonly operands?: readonly string[];
  readonly stopEarly?: boolean;
}[] = [
  { args: [] },
  { args: ["x", "", "-"], operands: ["x", "", "-"] },
  { args: ["-a", "x"], given: { all: "" }, operands: ["x"] },
  { args: ["x", "-a", "y"], given: { all: "" }, operands: ["x", "y"] },
  { args: ["-qa"], given: { q: "", all: "" } },
  { args: ["-z7", "-q"], given: { z: "7", q: "" } },
  { args: ["-z", "-1"], given: { z: "-1" } },
  { args: ["-ab"], given: { all: "", back: "" } },
  { args: ["-abfF"], given: { all: "", back: "", file: "F" } },
  { args: ["-bf", "F"], given: { back: "", file: "F" } },
  { args: ["-f=F"], given: { file: "=F" } },
  { args: ["-f", "-a"], given: { file: "-a" } },
  { args: ["-f", "--"], given: { file: "--" } },
  { args: ["-f", ""], given: { file: "" } },
  { args: ["--file", "F"], given: { file: "F" } },
  { args: ["--file=F=G"], given: { file: "F=G" } },
  { args: ["--file="], given: { file: "" } },
  { args: ["--fi", "F"], given: { file: "F" } },
  { args: ["--f=F"], given: { file: "F" } },
  { args: ["--port", "1"], given: { port: "1" } },
  { args: ["--port2", "1"], given: { port2: "1" } },
  { args: ["--port=1", "--port=2"], given: { port: "2" } },
  { args: ["--stats", "x"], given: { stats: "1" }, operands: ["x"] },
  { args: ["--stats=7", "x"], given: { stats: "7" }, operands: ["x"] },
  { args: ["-s", "x"], given: { stats: "1" }, operands: ["x"] },
  { args: ["-s7", "x"], given: { stats: "7" }, operands: ["x"] },
  {
    args: ["-a", "--", "-b", "--"],
    given: { all: "" },
    operands: ["-b", "--"],
  },
  {
    args: ["-a", "x", "-b", "--", "y"],
    given: { all: "" },
    operands: ["x", "-b", "--", "y"],
    stopEarly: true,
  },
  { args: ["-f", "x"], given: { file: "x" }, stopEarly: true },
];

for (const { args, given = {}, operands = [], stopEarly } of GOOD) {
  const how = stopEarly ? " to the first operand" : "";
  Deno.test(`readOptions() reads ${JSON.stringify(args)}${how}`, () => {
    const read = readOptions(args, SPECS, { stopEarly });
    assertEquals(Object.fromEntries(read.given), given);
    assertEquals(read.operands, operands);
  });
}

const BAD = [
  { args: ["-x"], says: 'option "-x": there is none' },
  { args: ["-ax"], says: 'option "-x": there is none' },
  { args: ["--x"], says: 'option "--x": there is none' },
  { args: ["--filet=x"], says: 'option "--filet=x": there is none' },
  { args: ["--q"], says: 'option "--q": there is none' },
  { args: ["-z"], says: '"-z" without N' },
  { args: ["--po=1"], says: "found --port, --port2" },
  { args: ["--=1"], says: "short for more than one" },
  { args: ["--all=1"], says: '"--all" with a value: received "1"' },
  { args: ["-f"], says: '"-f" without FILE' },
  { args: ["-af"], says: '"-f" without FILE' },
  { args: ["--file"], says: '"--file" without FILE' },
] as const;

for (const { args, says } of BAD) {
  Deno.test(`readOptions() refuses ${JSON.stringify(args)}`, () => {
    assertThrows(() => readOptions(args, SPECS), UsageError, says);
  });
}

const NAMES = [
  { name: "all", want: ["-a", "--all"] },
  { name: "port", want: ["--port"] },
  { name: "z", want: ["-z"] },
] as const;

for (const { name, want } of NAMES) {
  Deno.test(`optionNames() is ${want.join(", ")}`, () => {
    const [spec] = SPECS.filter((spec) => spec.name === name);
    assertEquals(optionNames(spec), [...want]);
  });
}

Deno.test("readOptions() keeps all values of an option", () => {
  const args = ["--port=1", "x", "--port", "2", "--po=3", "--stats", "-s7"];
  const specs = SPECS.filter(({ name }) => name !== "port2");
  const { all } = readOptions(args, specs);
  assertEquals(all("port"), ["1", "2", "3"]);
  assertEquals(all("stats"), ["1", "7"]);
  assertEquals(all("file"), []);
});
