// The first view: ideas to begin with, from the catalog's own categories.

import { plainChip } from "../base/chips.js";
import { byId } from "../base/elements.js";
import { catalogFacets } from "../filters/facet_source.js";
import { plain } from "../base/words.js";

const MOST = 10;

/** Show the categories as words to ask with. */
export async function showIdeas(choose) {
  const categories = (await catalogFacets()).find((facet) => facet.field === "category")?.values ?? [];
  const chips = categories.slice(0, MOST).map(({ value }) => plainChip(plain(value), () => choose(value)));
  byId("idea-chips").replaceChildren(...chips);
  byId("ideas").hidden = chips.length === 0;
}
