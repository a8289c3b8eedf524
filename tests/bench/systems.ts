/**
 * The systems that are compared.
 *
 * @module
 */

import { type LabProcess, peerAvailable, vdeplug } from "../lab/mod.ts";
import type { Program, Row, Side, SystemName } from "./row.ts";

const c: Program = {
  title: "C vde_plug",
  switchCommand: (path) => ["vde_switch", "-s", path],
  available: () => peerAvailable("vde_plug"),
  join: (side, row) => plug(["vde_plug"], side, row),
};

const ours: Program = {
  title: "vdeplug",
  switchCommand: (path) => [...ourCommand, "null://", `switch://${path}`],
  available: () => Promise.resolve({ ok: true }),
  join: (side, row) => plug(ourCommand, side, row),
};

/** Of use where another build is compared with it. */
const tree: Program = {
  title: "vdeplug, deno run",
  switchCommand: (path) => [...vdeplug(), "null://", `switch://${path}`],
  available: () =>
    Promise.resolve(
      isOtherBuild ? { ok: true } : {
        ok: false,
        reason: "without --ours it is the same as vdeplug",
      },
    ),
  join: (side, row) => plug(vdeplug(), side, row),
};

const kernel: Program = {
  title: "kernel device",
  available: () => Promise.resolve({ ok: true }),
  async join(side, row) {
    const device = row.kernelDevice?.(side) ?? [];
    await side.host.run("ip", ["link", "add", "t0", "type", ...device]);
    return undefined;
  },
};

/** What sits on host a and on host b, by the name that `--systems` takes. */
export const SYSTEMS = {
  c: [c, c],
  ours: [ours, ours],
  tree: [tree, tree],
  kernel: [kernel, kernel],
  "c-ours": [c, ours],
  "ours-c": [ours, c],
} as const satisfies Record<SystemName, readonly [Program, Program]>;

/** What the others are compared with. */
export const BASELINE: SystemName = "c";

/** Command of the switch between the hosts of a row. */
export function switchCommand(
  between: NonNullable<Row["between"]>,
  system: SystemName,
  path: string,
): readonly string[] {
  const program = between === "own switch" ? SYSTEMS[system][0] : c;
  if (program.switchCommand !== undefined) return program.switchCommand(path);
  throw new TypeError(
    `Cannot start a switch of "${program.title}": it has none`,
  );
}

let ourCommand: readonly string[] = vdeplug();
let isOtherBuild = false;

/** Measures another build of ours than this tree: a compiled binary, say. */
export function setOurCommand(command: readonly string[]): void {
  ourCommand = command;
  isOtherBuild = true;
}

/** Title of a system, for people. */
export function titleOf(system: SystemName): string {
  const [left, right] = SYSTEMS[system];
  return left === right ? left.title : `${left.title} to ${right.title}`;
}

function plug(
  command: readonly string[],
  side: Side,
  row: Row,
): Promise<LabProcess> {
  const [program, ...args] = command;
  return Promise.resolve(
    side.host.spawn(program, [...args, row.vnl(side), "tap://t0"]),
  );
}
