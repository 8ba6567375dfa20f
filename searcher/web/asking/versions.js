// The other products of a group, versions of one piece: links to them, not all of many.

import { el } from "../base/elements.js";
import { plain } from "../base/words.js";
import { blank, toHash } from "./state.js";

const MOST = 4; // of them that are named on a card

/**
 * "Also as A, B and 3 more", or null where there are none.
 *
 * @param variants of a match or a product
 * @param along what of the state goes with the links: filters, and how many are shown
 * @param most that are named
 */
export function alsoAs(variants, along = {}, most = MOST) {
  if (!variants) return null;
  const [shown, ...others] = variants.product_ids;
  const named = others.slice(0, most);
  const more = variants.count - 1 - named.length;
  const links = named.flatMap((id, place) => [
    place ? ", " : " ",
    el("a", { href: toHash({ ...blank(), ...along, product: id }), text: plain(id), dir: "auto", "data-focus": `version ${shown} ${id}` }),
  ]);
  return el("p", { class: "versions small" }, "Also as", ...links, more ? ` and ${more.toLocaleString()} more` : "");
}
