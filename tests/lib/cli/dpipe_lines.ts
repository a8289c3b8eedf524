/**
 * Command lines of `dpipe`, and the pipes that they are to lay.
 *
 * @module
 */

/** One command line. */
export interface Pipeline {
  /** Commands are single letters. */
  readonly words: string;
  /** Each from its writer to its reader; with `'` at the alternate descriptors. */
  readonly pipes: string;
}

/** Every form of the sign, alone and mixed. */
export const PIPELINES: readonly Pipeline[] = [
  { words: "a = b", pipes: "a→b b→a" },
  { words: "a = b = c", pipes: "a→b b→a b'→c c→b'" },
  { words: "a = b = c = d", pipes: "a→b b→a b'→c c→b' c'→d d→c'" },
  { words: "a =} b }= c", pipes: "a→b b→c c→a" },
  { words: "a ={ b {= c", pipes: "a→c c→b b→a" },
  { words: "a =} b }={ c {= d", pipes: "a→b b→d d→c c→a" },
  { words: "a ={ b {=} c }= d", pipes: "a→c c→d d→b b→a" },
  { words: "a =} b }=} c }= d", pipes: "a→b b→c c→d d→a" },
  { words: "a ={ b {={ c {= d", pipes: "a→d d→c c→b b→a" },
  { words: "a =} b = c }= d", pipes: "a→b b→c c→d d→a" },
  { words: "a ={ b = c {= d", pipes: "a→d d→c c→b b→a" },
  { words: "a =} b ={ c {= d", pipes: "a→b b→d d→c c→a" },
  { words: "a =} b }={ c = d {= e", pipes: "a→b b→e e→d d→c c→a" },
  {
    words: "a =} b }={ c {= d = e",
    pipes: "a→b b→d d→c c→a d'→e e→d'",
  },
  {
    words: "a =} b }={ c {=} d }= e",
    pipes: "a→b b→d d→e e→c c→a",
  },
  {
    words: "a =} b }=} c }={ d {={ e {= f",
    pipes: "a→b b→c c→f f→e e→d d→a",
  },
  {
    words: "a = b =} c }= d = e",
    pipes: "a→b b→a b'→c c→d d→b' d'→e e→d'",
  },
  {
    words: "a = b =} c }= d ={ e {= f",
    pipes: "a→b b→a b'→c c→d d→b' d'→f f→e e→d'",
  },
];
