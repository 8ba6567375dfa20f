// Where the filters' counts come from: the answer, and for fields already filtered the counts of their alternatives.

import { get, post } from "../base/api.js";
import { combined, fieldOf, isOn } from "./filters.js";

const MOST = 20; // fields of one answer

let whole = null; // facets of the whole catalog, loaded once
let fields = [];
let currency = null;

/** Facets of the whole catalog. */
export async function catalogFacets() {
  whole ??= get("v1/facets");
  try {
    const { facets } = await whole;
    fields = facets.map((facet) => facet.field).slice(0, MOST);
    return facets;
  } catch (problem) {
    whole = null;
    throw problem;
  }
}

/** Fields to count with an answer; none before they are known, so that the first answer does not wait for them. */
export const fieldsKnown = () => fields;

/**
 * The facets to show with an answer.
 *
 * A field that is filtered shows its alternatives too: these are counted without its own filter.
 */
export async function facetsNow(state, answer, signal) {
  const facets = answer.facets?.length ? answer.facets : await first(state, signal);
  if (!state.where.length) return facets;
  const all = await catalogFacets();
  const chosen = [...new Set(state.where.map(fieldOf))].filter((field) => fields.includes(field));
  const others = await Promise.all(chosen.map(async (field) => {
    const where = combined(state.where.filter((text) => fieldOf(text) !== field));
    const [facet] = (await post("v1/facets", { fields: [field], where }, signal)).facets;
    return withChosen(facet, all.find((one) => one.field === field), state.where);
  }));
  return facets.map((facet) => others.find((other) => other.field === facet.field) ?? facet);
}

/** The facet, and what is chosen of it although nothing of it is left: it must be possible to let go of it. */
function withChosen(facet, whole, where) {
  const kind = facet.values ? "values" : "ranges";
  const there = new Set(facet[kind].map((entry) => entry.where.join()));
  const gone = whole[kind].filter((entry) => isOn(where, entry) && !there.has(entry.where.join()));
  return { ...facet, [kind]: [...facet[kind], ...gone.map((entry) => ({ ...entry, count: 0 }))] };
}

async function first(state, signal) {
  const all = await catalogFacets();
  return state.where.length ? (await post("v1/facets", { fields, where: combined(state.where) }, signal)).facets : all;
}

/** The facets as what can be chosen, without the counts of another answer. */
export const uncounted = (facets) => facets.map((facet) => {
  const kind = facet.values ? "values" : "ranges";
  return { ...facet, [kind]: (facet[kind] ?? []).map((entry) => ({ ...entry, count: null })) };
});

/** The currency of prices, where all have the same; ranges of prices are then shown in it. */
export function currencyOf(matches, product) {
  const found = new Set([...matches, ...(product ? [product] : [])].map((one) => one.payload.currency).filter(Boolean));
  if (found.size) currency = found.size === 1 ? [...found][0] : null;
  return currency;
}
