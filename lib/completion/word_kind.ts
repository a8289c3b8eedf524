/**
 * What a shell offers for a word of each kind that pages name.
 *
 * @module
 */

import type { CommandPage, WordKind } from "../cli/page.ts";
import {
  beginningWith,
  type Candidate,
  NO_OFFER,
  type Offer,
} from "./offer.ts";
import { offerPaths } from "./paths.ts";
import { completeVnl, schemeCandidates, type VnlSources } from "./vnl_word.ts";

/** Pages by the names of commands, the main one's among them. */
export type Pages = Readonly<Record<string, () => Promise<CommandPage>>>;

/** What words are looked up in. */
export interface KindSources extends VnlSources {
  readonly pages: Pages;
}

/** The main command, which has all others. */
export const MAIN_NAME = "vdeplug";

/** The sign behind which a command stands. */
export const COMMAND_SIGN = "=";

const SWITCH_SCHEMES = ["switch", "hub", "multi", "bonding"];
const SHELLS = ["bash", "fish", "zsh"];

/** Commands of the main one. */
export async function commandCandidates(pages: Pages): Promise<Candidate[]> {
  const { [MAIN_NAME]: _main, ...others } = pages;
  return await Promise.all(
    Object.entries(others).map(async ([word, load]) => ({
      word,
      summary: (await load()).summary,
    })),
  );
}

/** What could stand for a word, if it is of a kind. */
export async function completeKind(
  kind: WordKind,
  word: string,
  sources: KindSources,
): Promise<Offer> {
  const { schemes, here, pages } = sources;
  const fitting = (candidates: readonly Candidate[]) => ({
    candidates: beginningWith(word, candidates),
  });
  switch (kind) {
    case "file":
      return { candidates: [], handOver: { to: "files", from: 0 } };
    case "folder":
      return { candidates: [], handOver: { to: "folders", from: 0 } };
    case "group":
      return fitting(here.groups().map((each) => ({ word: each })));
    case "shell":
      return fitting(SHELLS.map((each) => ({ word: each })));
    case "scheme":
      return fitting(await schemes.list(word));
    case "page":
      return fitting([
        ...Object.keys(pages).map((each) => ({
          word: each,
          summary: "a command",
        })),
        ...await schemes.list(word),
      ]);
    case "vnl":
    case "vnl or =":
      return await completeEnd(kind, word, sources);
    case "switch folder":
      return await completeSwitch(word, sources);
    case "command line":
    case "none":
      return NO_OFFER;
  }
}

/** One end of a cable. */
async function completeEnd(
  kind: "vnl" | "vnl or =",
  word: string,
  { schemes, here }: KindSources,
): Promise<Offer> {
  if (isHomePath(word)) {
    return { candidates: [], handOver: { to: "files", from: 0 } };
  }
  const offer = await completeVnl(word, { schemes, here });
  if (word.includes("://")) return offer;
  const sign = kind === "vnl"
    ? []
    : [{ word: COMMAND_SIGN, summary: "a command follows" }];
  const switches = offerPaths(word, "switch", here);
  const isInSwitch = (path: string) =>
    switches.some(({ word }) => path === `${word}/`);
  const files = isPath(word) ? offerPaths(word, "file", here) : [];
  const others = files.filter(({ word }) => !isInSwitch(word));
  return {
    candidates: beginningWith(word, [
      ...offer.candidates,
      ...sign,
      ...switches,
      ...others,
    ]),
  };
}

/** The switch that `vdeplug switch` is to make. */
async function completeSwitch(
  word: string,
  { schemes, here }: KindSources,
): Promise<Offer> {
  if (isHomePath(word)) {
    return { candidates: [], handOver: { to: "folders", from: 0 } };
  }
  if (word.includes("://")) return await completeVnl(word, { schemes, here });
  if (isPath(word)) {
    // The scheme is left out: its keys may follow.
    const head = "switch://";
    const { candidates } = await completeVnl(head + word, { schemes, here });
    return {
      candidates: candidates.map((each) => ({
        ...each,
        word: each.word.slice(head.length),
      })),
    };
  }
  const found = await schemeCandidates(word, schemes);
  const fitting = found.filter(({ word }) =>
    SWITCH_SCHEMES.some((scheme) => word === `${scheme}://`)
  );
  return { candidates: [...fitting, ...offerPaths(word, "folder", here)] };
}

/** Only a shell knows what `~` and `~user` stand for. */
function isHomePath(word: string): boolean {
  return word.startsWith("~");
}

function isPath(word: string): boolean {
  return word.includes("/") || word.startsWith(".");
}
