/**
 * Finds the word that somebody may have meant, for error texts.
 *
 * @module
 */

/**
 * The candidate that is nearest to a mistyped word.
 *
 * @param word What was given.
 * @param candidates What there is; the first of equally near ones wins.
 * @returns Undefined where none is near enough to be a likely slip: one letter
 * for every three of the word, two at most, case aside.
 */
export function nearestWord(
  word: string,
  candidates: readonly string[],
): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(2, Math.ceil(word.length / 3)) + 1;
  for (const candidate of candidates) {
    // Nothing so much longer can be near; it also bounds the work.
    if (Math.abs(candidate.length - lower.length) >= bestDistance) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Letters to insert, delete, replace or swap with their neighbour to get from
 * one word to the other (optimal string alignment).
 */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let at = 1; at <= from.length; at++) {
    [before, last, row] = [last, row, [at]];
    for (let column = 1; column <= to.length; column++) {
      const same = from[at - 1] === to[column - 1];
      row[column] = Math.min(
        last[column] + 1,
        row[column - 1] + 1,
        last[column - 1] + (same ? 0 : 1),
      );
      const swapped = at > 1 && column > 1 && from[at - 1] === to[column - 2] &&
        from[at - 2] === to[column - 1];
      if (swapped) row[column] = Math.min(row[column], before[column - 2] + 1);
    }
  }
  return row[to.length];
}
