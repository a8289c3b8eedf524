/**
 * How the demo speaks.
 *
 * @module
 */

/** Why a demo did not come to its end: one sentence. */
export class DemoError extends Error {
  override readonly name: string = "DemoError";
}

let steps = 0;

/** A numbered step: what is done next. */
export function step(text: string): void {
  console.log(`\n${++steps}. ${text}`);
}

/** What came out of a step, or what stands below a heading; each line indented. */
export function tell(text: string): void {
  console.log(text.trimEnd().replaceAll(/^(?=.)/gm, "   "));
}

/** A number of bits a second, for people. */
export function rate(bitsPerSecond: number): string {
  const gigabits = bitsPerSecond / 1e9;
  return gigabits >= 1
    ? `${gigabits.toFixed(2)} Gbit/s`
    : `${(bitsPerSecond / 1e6).toFixed(0)} Mbit/s`;
}
