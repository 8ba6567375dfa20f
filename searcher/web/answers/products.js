// Products that the page names: loaded once, by id.

import { get } from "../base/api.js";

const known = new Map();
const loading = new Map();

/** A product that was loaded, or null. */
export const productKnown = (id) => known.get(id) ?? null;

/** A product, or null where the index has none of this id. */
export async function loadProduct(id) {
  if (known.has(id)) return known.get(id);
  if (!loading.has(id)) loading.set(id, get(`v1/products/${encodeURIComponent(id)}`));
  try {
    known.set(id, await loading.get(id));
    return known.get(id);
  } catch (problem) {
    if (problem.status === 404) return null;
    throw problem;
  } finally {
    loading.delete(id);
  }
}
