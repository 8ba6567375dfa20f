// The pairs to decide: read from the stored report, in its order; those looked at and left open come last.

import { get, post } from "../base/api.js";

const A_PAGE = 200;
const CERTAIN = ["identical_file", "identical_pixels"]; // nobody needs to look at these

/** All pairs of the report of duplicates; `heard` is told how many of how many entries are read. */
export async function readPairs(heard) {
  const pairs = [];
  let head = null;
  for (let offset = 0; head === null || offset < head.total; offset += A_PAGE) {
    const page = await get(`/v1/duplicates?offset=${offset}&limit=${A_PAGE}`);
    head = page;
    for (const group of page.groups) {
      const [first, ...others] = group.members;
      pairs.push(...others.map((other) => ({ ...other, first, second: other })));
    }
    pairs.push(...page.loose_pairs);
    heard(Math.min(offset + A_PAGE, page.total), page.total);
  }
  return { pairs: pairs.filter((pair) => !CERTAIN.includes(pair.tier) && pair.first.sha256 !== pair.second.sha256), stale: head.stale, generation: head.generation };
}

/** The pairs to go through. */
export function queued(pairs, all) {
  if (all) return pairs;
  return [...pairs.filter((pair) => pair.verdict === null), ...pairs.filter((pair) => pair.verdict === "skip")];
}

export const decided = (pairs) => pairs.filter((pair) => pair.verdict !== null && pair.verdict !== "skip").length;

/** Send a decision; the last one on a pair counts. */
export const send = (pair, verdict) => post("/v1/decisions", { first: pair.first.sha256, second: pair.second.sha256, verdict });
