/**
 * `deno task bench`: throughput and cost against the C tool and the kernel's
 * own device, on this machine, in network namespaces.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { LabError, prepareVdeplug } from "../lab/mod.ts";
import { canMeasure, measureRow, type SystemResult } from "./measure.ts";
import { judge, type Verdict } from "./goals.ts";
import {
  machine,
  ratioNote,
  rowTable,
  sampleLine,
  summaryLines,
  verdictLines,
} from "./report.ts";
import type { Row, SystemName } from "./row.ts";
import { ROWS } from "./rows.ts";
import { setOurCommand, SYSTEMS, titleOf } from "./systems.ts";

const DEFAULT_ROUNDS = 5;
const DEFAULT_SECONDS = 2;

const HELP = `deno task bench [options]
  --row NAME       only this row; may be given again
  --systems A,B    only these of ${Object.keys(SYSTEMS).join(", ")}
  --rounds N       measurements of each system, in turn (${DEFAULT_ROUNDS})
  --seconds S      length of each (${DEFAULT_SECONDS})
  --ours PROGRAM   measure this build of vdeplug, e.g. dist/vdeplug
  --json           results for machines on standard output

Rows:
${ROWS.map((row) => `  ${row.name.padEnd(16)} ${row.summary}`).join("\n")}`;

interface Settings {
  readonly rows: readonly Row[];
  readonly systems: readonly SystemName[] | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly json: boolean;
  readonly ours: string | undefined;
}

function settingsOf(args: readonly string[]): Settings {
  const parsed = parseArgs(args, {
    boolean: ["json", "help"],
    string: ["row", "systems", "rounds", "seconds", "ours"],
    collect: ["row"],
    unknown: (arg) => refuse(`"${arg}"`, "an option", "no such option"),
  });
  if (parsed.help) {
    console.log(HELP);
    Deno.exit(0);
  }
  const rows = (parsed.row as string[]).map(rowNamed);
  return {
    rows: rows.length > 0 ? rows : ROWS,
    systems: (parsed.systems as string | undefined)?.split(",").map(
      systemNamed,
    ),
    rounds: positive("rounds", parsed.rounds, DEFAULT_ROUNDS),
    seconds: positive("seconds", parsed.seconds, DEFAULT_SECONDS),
    json: parsed.json as boolean,
    ours: parsed.ours as string | undefined,
  };
}

function refuse(what: string, wanted: string, found: string): never {
  console.error(`Cannot take ${what} as ${wanted}: ${found}\n\n${HELP}`);
  Deno.exit(2);
}

function rowNamed(name: string): Row {
  const names = ROWS.map((row) => row.name).join(", ");
  return ROWS.find((row) => row.name === name) ??
    refuse(`"${name}"`, "a row", `the rows are ${names}`);
}

function systemNamed(name: string): SystemName {
  if (Object.hasOwn(SYSTEMS, name)) return name as SystemName;
  return refuse(
    `"${name}"`,
    "a system",
    `the systems are ${Object.keys(SYSTEMS).join(", ")}`,
  );
}

function positive(name: string, text: unknown, standard: number): number {
  const value = text === undefined ? standard : Number(text);
  if (value > 0) return value;
  return refuse(`"${text}"`, name, "it must be a number over 0");
}

/** The command that measures a row again, alone. */
function repeatCommand(row: Row, { rounds, seconds, ours }: Settings): string {
  const extra = ours === undefined ? "" : ` --ours ${ours}`;
  return `deno task bench --row ${row.name} --rounds ${rounds} --seconds ${seconds}${extra}`;
}

async function systemsOf(row: Row, wanted: readonly SystemName[] | undefined) {
  const able: SystemName[] = [];
  for (const system of wanted ?? row.systems) {
    const possible = await canMeasure(row, system);
    if (possible.ok) able.push(system);
    else {console.error(
        `${row.name}: skips ${titleOf(system)}: ${possible.reason}`,
      );}
  }
  return able;
}

async function bench(row: Row, settings: Settings): Promise<SystemResult[]> {
  const { rounds, seconds } = settings;
  return await measureRow(row, {
    rounds,
    seconds,
    systems: await systemsOf(row, settings.systems),
    progress: (system, round, sample) =>
      console.error(
        `${row.name} ${round}/${rounds} ${titleOf(system)}: ${
          sampleLine(row, sample)
        }`,
      ),
  });
}

/** A row that fails spoils no other; the exit status tells of it. */
async function tryBench(row: Row, settings: Settings): Promise<SystemResult[]> {
  try {
    return await bench(row, settings);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    console.error(`${row.name}: ${error.message}`);
    Deno.exitCode = 1;
    return [];
  }
}

function show(
  row: Row,
  results: readonly SystemResult[],
  repeat: string,
): void {
  console.log(`${row.name}: ${row.summary}\n${rowTable(row, results)}`);
  console.log(`${ratioNote(row)}\n${verdictLines(judge(row, results))}`);
  console.log(`again: ${repeat}\n`);
}

async function main(): Promise<void> {
  const settings = settingsOf(Deno.args);
  if (settings.ours === undefined) await prepareVdeplug();
  else setOurCommand([settings.ours]);

  const about = await machine();
  if (!settings.json) console.log(`${about}\n`);
  const rows: Record<string, unknown>[] = [];
  const judged: { name: string; verdicts: readonly Verdict[] }[] = [];
  for (const row of settings.rows) {
    const results = await tryBench(row, settings);
    const verdicts = judge(row, results);
    const repeat = repeatCommand(row, settings);
    const { name, summary, load: { unit, amountUnit } } = row;
    rows.push({ name, summary, unit, amountUnit, repeat, results, verdicts });
    judged.push({ name, verdicts });
    if (!settings.json && results.length > 0) show(row, results, repeat);
  }
  if (!settings.json) console.log(summaryLines(judged));
  if (settings.json) {
    console.log(JSON.stringify({ machine: about, rows }, undefined, 2));
  }
}

if (import.meta.main) await main();
