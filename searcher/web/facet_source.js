// Where the filters' counts come from: the answer, and for fields already filtered the counts of their alternatives.

import { get, post } from "./api.js";
import { combined, fieldOf } from "./filters.js";

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
  const chosen = [...new Set(state.where.map(fieldOf))].filter((field) => fields.includes(field));
  const others = await Promise.all(chosen.map(async (field) => {
    const where = combined(state.where.filter((text) => fieldOf(text) !== field));
    return (await post("v1/facets", { fields: [field], where }, signal)).facets[0];
  }));
  return facets.map((facet) => others.find((other) => other.field === facet.field) ?? facet);
}

async function first(state, signal) {
  const all = await catalogFacets();
  return state.where.length ? (await post("v1/facets", { fields, where: combined(state.where) }, signal)).facets : all;
}

/** The currency of prices, where all have the same; ranges of prices are then shown in it. */
export function currencyOf(matches, product) {
  const found = new Set([...matches, ...(product ? [product] : [])].map((one) => one.payload.currency).filter(Boolean));
  if (found.size) currency = found.size === 1 ? [...found][0] : null;
  return currency;
}
