/**
 * Ways to call a program, as README.md writes them down and as its help does.
 *
 * `[NAME]` may be left out, `…` and `...` stand for more of the same, `a|b` is
 * one of these; options, which may be anywhere, are left out.
 *
 * @module
 */

const MORE = /…|\.\.\./g;

/** What stands for any option. */
const ANY_OPTION = "[OPTIONS]";

/** All that a synopsis stands for, without the program's own name. */
export function formsOf(synopsis: string): string[] {
  const text = synopsis.replaceAll(MORE, " ").replace(ANY_OPTION, " ");
  return expand(text.replace(/^\s*vdeplug\b/, "")).map(tidy);
}

/** Whether help has, in its usage, a way to call the program that says the same. */
export function isExplained(form: string, help: string): boolean {
  return usageLines(help).flatMap(formsOf).includes(form);
}

/** Lines of the usage, without what they are for. */
export function usageLines(help: string): string[] {
  const [, usage = ""] = /^Usage:\s*([^]*?)\n\n/m.exec(help) ?? [];
  return usage.split("\n").map((line) => line.trim().split(/ {2,}/)[0]);
}

/** With and without each part in brackets. */
function expand(text: string): string[] {
  const part = /\[([^[\]]*)\]/.exec(text);
  if (part === null) return [text];
  const [before, after] = [
    text.slice(0, part.index),
    text.slice(part.index + part[0].length),
  ];
  return [` ${part[1]} `, " "].flatMap((middle) =>
    expand(before + middle + after)
  );
}

/** One space between words; words to choose from in the order of the alphabet. */
function tidy(text: string): string {
  return text.trim().split(/\s+/)
    .map((word) => word.split("|").sort().join("|")).join(" ");
}
