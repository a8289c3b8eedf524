/**
 * What `dpipe` is to connect: commands with `=` between them.
 *
 * A command has its left neighbour on standard input and output, and its right
 * neighbour on two descriptors more, the alternate ones; the first command has
 * its right neighbour on the standard ones. A **filter** stands in one of the
 * two directions only: `=}` opens a part of filters from left to right, which
 * `}=` closes; `={` and `{=` do the same from right to left. One sign may do
 * both, `}={`, and a plain `=` inside a part stands between two of its filters.
 *
 *     a =} b }={ c {= d        a → b → d → c → a
 *
 * @module
 */

import { UsageError } from "./usage_error.ts";

/** A command and the pipes at its descriptors, by their numbers. */
export interface PlannedCommand {
  /** Name and arguments. */
  readonly argv: readonly string[];
  /** Pipe that it reads from as standard input. */
  readonly input: number;
  /** Pipe that it writes to as standard output. */
  readonly output: number;
  /** The same towards its right neighbour, for a command between two others. */
  readonly alternate?: { readonly input: number; readonly output: number };
}

/** Commands in the order of the command line, and the number of pipes between them. */
export interface PipePlan {
  readonly commands: readonly PlannedCommand[];
  readonly pipes: number;
}

/** A sign between two commands: what it closes and what it opens. */
const SIGN = /^(?<closes>[{}]?)=(?<opens>[{}]?)$/;

type Direction = "both" | "right" | "left";

/** A command and which way frames go through it. */
interface Stage {
  readonly argv: readonly string[];
  readonly direction: Direction;
}

/**
 * Reads what stands behind the options.
 *
 * @throws {UsageError} If the signs do not match, or a command is missing.
 */
export function planPipes(words: readonly string[]): PipePlan {
  return connect(readStages(words));
}

function readStages(words: readonly string[]): Stage[] {
  const stages: Stage[] = [];
  let argv: string[] = [];
  let direction: Direction = "both";
  const endStage = (sign: string) => {
    if (argv.length === 0) throw missing(stages, sign);
    stages.push({ argv, direction });
    argv = [];
  };
  for (const word of words) {
    const groups = SIGN.exec(word)?.groups;
    if (groups === undefined) {
      argv.push(word);
      continue;
    }
    endStage(`before "${word}"`);
    direction = turn(direction, word, groups);
  }
  endStage("at the end");
  if (direction !== "both") {
    const [open, close] = direction === "right" ? ["=}", "}="] : ["={", "{="];
    throw new UsageError(
      `Cannot connect the commands as a part that "${open}" opens ends with "${close}": found the end`,
    );
  }
  if (stages.length < 2) {
    throw new UsageError(
      `Cannot connect the commands as at least two are needed, with "=" between them: found "${
        words.join(" ")
      }" alone`,
    );
  }
  return stages;
}

function missing(stages: readonly Stage[], where: string): UsageError {
  return new UsageError(
    stages.length === 0 && where === "at the end"
      ? "Cannot connect the commands: none is given"
      : `Cannot connect the commands as one stands on each side of a "=": found none ${where}`,
  );
}

/** The direction of the command behind a sign. */
function turn(
  direction: Direction,
  sign: string,
  { closes, opens }: Readonly<Record<string, string>>,
): Direction {
  if (closes !== "" && directionOf(closes) !== direction) {
    const wanted = closes === "}" ? "=}" : "={";
    throw new UsageError(
      `Cannot connect the commands as "${sign}" closes a part that "${wanted}" opens: found none open`,
    );
  }
  if (opens !== "") return directionOf(opens);
  return closes === "" ? direction : "both";
}

function directionOf(mark: string): Direction {
  return mark === "}" ? "right" : "left";
}

/** Lays the pipes. */
function connect(stages: readonly Stage[]): PipePlan {
  const ends = stages.map(() => ({ standard: [-1, -1], alternate: [-1, -1] }));
  let pipes = 0;
  /** Lays pipes along a way of commands; `near` has them at its alternate descriptors. */
  const lay = (way: readonly number[], near: number) => {
    for (let at = 1; at < way.length; at++) {
      const [from, to] = [way[at - 1], way[at]];
      ends[to][to === near ? "alternate" : "standard"][0] = pipes;
      ends[from][from === near ? "alternate" : "standard"][1] = pipes;
      pipes++;
    }
  };
  const whole = filtersOf(stages, "both", 0, stages.length);
  for (let at = 1; at < whole.length; at++) {
    const [left, right] = [whole[at - 1], whole[at]];
    const near = at === 1 ? -1 : left;
    lay([left, ...filtersOf(stages, "right", left, right), right], near);
    const back = filtersOf(stages, "left", left, right).reverse();
    lay([right, ...back, left], near);
  }
  return {
    pipes,
    commands: stages.map(({ argv }, index) => {
      const { standard: [input, output], alternate } = ends[index];
      return alternate[0] < 0 ? { argv, input, output } : {
        argv,
        input,
        output,
        alternate: { input: alternate[0], output: alternate[1] },
      };
    }),
  };
}

/** Indexes, from `from` on and below `to`, of the commands of a direction. */
function filtersOf(
  stages: readonly Stage[],
  direction: Direction,
  from: number,
  to: number,
): number[] {
  const indexes = stages.map((_, index) => index).slice(from, to);
  return indexes.filter((index) => stages[index].direction === direction);
}
