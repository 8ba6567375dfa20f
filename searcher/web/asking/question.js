// From a state to a question: which route answers it, and with what body.

import { combined } from "../filters/filters.js";
import { inBase64 } from "./photos.js";
import { hasColours, refined } from "./state.js";

const MOST_PRODUCTS = 10_000;
const MOST_CHOSEN_AMONG = 500; // what the service orders anew: words, variety, colours

/** How many products a question can page through. */
export const reach = (state) => (state.words !== null || state.diversity > 0 || state.colour > 0 || !liked(state) ? MOST_CHOSEN_AMONG : MOST_PRODUCTS);

/** Whether anything is asked with that answers should look like. */
const liked = (state) => state.product !== null || state.photo !== null || state.likes.length > 0;

/** Presets go with one product. */
export const takesPreset = (state) => state.product !== null && !refined(state);

/**
 * The route and body that ask for a state.
 *
 * A photo alone travels as a file. Once products are marked, the photo or product asked with counts as liked.
 */
export async function questionOf(state, photo, facets, offset) {
  const options = {
    k: Math.min(state.k, reach(state) - offset), offset, where: combined(state.where), explain: true,
    facets: offset ? [] : facets.slice(0, 20),
    diversity: state.diversity, colour: hasColours(state) ? state.colour : 0, relax: state.relax ? ["*"] : [],
    preset: takesPreset(state) ? state.preset : null,
  };
  if (state.words !== null && !refined(state)) return { path: "v1/text", body: { text: state.words, ...options } };
  if (state.product !== null && !refined(state)) return { path: "v1/similar", body: { product_id: state.product, ...options } };
  if (photo && !refined(state)) {
    const form = new FormData();
    form.append("image", photo.file, photo.name);
    form.append("options", JSON.stringify({ ...options, crop: state.crop }));
    return { path: "v1/similar/photo", body: form };
  }
  const positive = [...state.likes];
  if (state.product !== null) positive.unshift(state.product);
  else if (photo) positive.unshift({ image: await inBase64(photo), crop: state.crop });
  return { path: "v1/recommend", body: { positive, negative: state.dislikes, strategy: positive.length ? "average_vector" : "best_score", ...options } };
}
