/**
 * Reads the values of a VNL's keys, and writes numbers the same way for help
 * texts and errors.
 *
 * @module
 */

import type { NumberKey, VnlKey } from "./vnl_syntax.ts";

/** A key's value: a flag, a text or a number. */
export type Value = boolean | string | number;

/**
 * Writes a number the way its key is written in a VNL: octal with a leading
 * 0, a size with the greatest suffix that leaves it whole.
 */
export function formatNumber(value: number, type: NumberKey["type"]): string {
  if (type === "octal") return "0" + (value === 0 ? "" : value.toString(8));
  if (type === "integer" || value === 0) return String(value);
  let whole = value;
  let power = 0;
  while (power < SIZE_SUFFIXES.length && whole % 1024 === 0) {
    whole /= 1024;
    power++;
  }
  return power === 0 ? String(value) : `${whole}${SIZE_SUFFIXES[power - 1]}`;
}

/** Says which numbers a key takes, written as in a VNL: `1 to 65535`, `0 or more`. */
export function formatRange(key: NumberKey): string {
  const min = formatNumber(key.min, key.type);
  // More than can be written in a VNL is no bound that anybody could meet.
  if (key.max >= Number.MAX_SAFE_INTEGER) return `${min} or more`;
  return `${min} to ${formatNumber(key.max, key.type)}`;
}

const FLAG_VALUES: ReadonlyMap<string, boolean> = new Map([
  ["", true],
  ["1", true],
  ["yes", true],
  ["0", false],
  ["no", false],
]);

/**
 * Reads a value as its key wants it.
 *
 * @param value Quoting undone; "" for a key without a value.
 * @param key What it should be.
 * @param text The whole VNL, which error texts repeat.
 * @throws {TypeError} If it is not of the key's kind.
 * @throws {RangeError} If it is a number out of the key's range.
 */
export function readValue(value: string, key: VnlKey, text: string): Value {
  if (key.type === "text") return value;
  if (key.type === "flag") {
    const flag = FLAG_VALUES.get(value);
    if (flag !== undefined) return flag;
    throw new TypeError(
      `Cannot open "${text}" as ${key.name} must be 1, yes, 0, no or without a value: received "${value}"`,
    );
  }
  const number = readNumber(value, key.type);
  if (number === undefined) {
    throw new TypeError(
      `Cannot open "${text}" as ${key.name} must be ${
        NUMBER_KINDS[key.type]
      }, ${formatRange(key)}: received "${value}"`,
    );
  }
  // Past 2^53 the number at hand is no longer the one that was written.
  if (
    !Number.isSafeInteger(number) || number < key.min || number > key.max
  ) {
    throw new RangeError(
      `Cannot open "${text}" as ${key.name} must be ${
        formatRange(key)
      }: received ${value}`,
    );
  }
  return number;
}

const NUMBER_KINDS = {
  integer: "a whole number",
  octal: "an octal number",
  size: "a size like 4096 or 64k",
} as const;

const INTEGER = /^-?(?:0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i;
const SIZE_SUFFIXES = "kmgt";

/** The number that a text says; undefined where it says none. */
function readNumber(
  value: string,
  type: NumberKey["type"],
): number | undefined {
  if (type === "octal") {
    return /^[0-7]+$/.test(value) ? parseInt(value, 8) : undefined;
  }
  if (type === "integer") return readInteger(value);
  const power = SIZE_SUFFIXES.indexOf(value.slice(-1).toLowerCase()) + 1;
  // An empty text has no last character, and "" is found at index 0.
  if (power === 0 || value === "") return readInteger(value);
  const whole = readInteger(value.slice(0, -1));
  return whole === undefined ? undefined : whole * 1024 ** power;
}

function readInteger(value: string): number | undefined {
  if (!INTEGER.test(value)) return undefined;
  const negative = value.startsWith("-");
  const digits = negative ? value.slice(1) : value;
  const number = /^0[0-7]+$/.test(digits)
    ? parseInt(digits, 8)
    : Number(digits);
  return negative && number !== 0 ? -number : number;
}
