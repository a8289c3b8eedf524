/**
 * The few assertions that the contract's tests make. They stand here because
 * the contract is published: it works in a folder that maps no other library.
 *
 * @module
 */

/** A test's expectation that was not met. */
export class AssertionError extends Error {
  /** "AssertionError". */
  override readonly name: string = "AssertionError";
}

/** A constructor of whatever arguments. */
// deno-lint-ignore no-explicit-any -- errors take arguments of all kinds
type Constructor<T> = new (...args: any[]) => T;

function fail(what: string, message: string | undefined): never {
  throw new AssertionError(
    message === undefined ? what : `${what}: ${message}`,
  );
}

/** Asserts that a value is truthy. */
export function assert(value: unknown, message?: string): asserts value {
  if (!value) fail(`wanted a truthy value, received ${show(value)}`, message);
}

/** Asserts that two values are the same: arrays item by item, all else as `Object.is` says. */
export function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (isSame(actual, expected)) return;
  fail(`wanted ${show(expected)}, received ${show(actual)}`, message);
}

function isSame(one: unknown, other: unknown): boolean {
  if (!isList(one) || !isList(other)) return Object.is(one, other);
  return one.constructor === other.constructor &&
    one.length === other.length &&
    Array.from(one).every((item, index) => isSame(item, other[index]));
}

function isList(value: unknown): value is ArrayLike<unknown> & object {
  return Array.isArray(value) || value instanceof Uint8Array;
}

/** Asserts that a number is less than another. */
export function assertLess(
  actual: number,
  limit: number,
  message?: string,
): void {
  if (!(actual < limit)) {
    fail(`wanted less than ${limit}, received ${actual}`, message);
  }
}

/** Asserts that a text matches. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void {
  if (!expected.test(actual)) {
    fail(`wanted what matches ${expected}, received ${show(actual)}`, message);
  }
}

/** Asserts that a text holds another one. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void {
  if (!actual.includes(expected)) {
    fail(
      `wanted what includes ${show(expected)}, received ${show(actual)}`,
      message,
    );
  }
}

/** Asserts that a value is of a class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expected: Constructor<T>,
  message?: string,
): asserts actual is T {
  if (!(actual instanceof expected)) {
    fail(`wanted an ${expected.name}, received ${show(actual)}`, message);
  }
}

/** Asserts that a function throws, or its promise rejects; gives what was thrown. */
export async function assertRejects(
  run: () => PromiseLike<unknown>,
): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  fail("wanted an error, but none was thrown", undefined);
}

function show(value: unknown): string {
  return Deno.inspect(value, { iterableLimit: 40, strAbbreviateSize: 400 });
}
