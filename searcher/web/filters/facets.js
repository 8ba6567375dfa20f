// Filters: a group of chips for each field; a chip carries the filter texts that select its products.

import { removable, toggle } from "../base/chips.js";
import { button, byId, el } from "../base/elements.js";
import { fieldOf, isOn, pressed, saying } from "./filters.js";
import { facetLabel, fieldName } from "../base/words.js";

const FIRST = ["category", "metal", "stone", "price", "in_stock", "brand"];
const SHOWN = 8;
const NAMES = { in_stock: "Availability", created: "Added" };

const unfolded = new Set();

/** Fields in the order in which a shopper thinks of them. */
export function inOrder(facets) {
  const place = (facet) => (FIRST.includes(facet.field) ? FIRST.indexOf(facet.field) : FIRST.length);
  return [...facets].sort((a, b) => place(a) - place(b));
}

const entriesOf = (facet) => facet.values ?? facet.ranges ?? [];

/** What filter texts are called, by text; a range has two and is called by both together. */
export function labels(facets, currency) {
  const found = new Map();
  for (const facet of facets) {
    for (const entry of entriesOf(facet)) found.set(entry.where.join("\n"), { label: facetLabel(facet, entry, currency), entry, facet });
  }
  return found;
}

/** Show the groups. `changed` gets the filter texts after a chip is pressed. */
export function showFacets(facets, chosen, currency, changed) {
  const groups = inOrder(facets).filter((facet) => entriesOf(facet).length > 1 || entriesOf(facet).some((entry) => isOn(chosen, entry)));
  byId("facets").replaceChildren(...groups.map((facet) => group(facet, chosen, currency, changed)));
  const toggleButton = byId("filters-toggle");
  toggleButton.textContent = chosen.length ? `Filters and style (${new Set(chosen.map(fieldOf)).size})` : "Filters and style";
  byId("filters").hidden = groups.length === 0 && chosen.length === 0;
}

function group(facet, chosen, currency, changed) {
  const name = NAMES[facet.field] ?? fieldName(facet.field);
  const id = `facet-${facet.field}`;
  const entries = entriesOf(facet);
  const folded = entries.length > SHOWN + 1 && !unfolded.has(facet.field);
  const shown = folded ? entries.filter((entry, i) => i < SHOWN || isOn(chosen, entry)) : entries;
  const chips = shown.map((entry) => {
    const on = isOn(chosen, entry);
    const chip = toggle(facetLabel(facet, entry, currency), on, () => changed(pressed(chosen, facet, entry)), entry.count);
    chip.dataset.focus = `facet ${entry.where.join(" ")}`;
    return chip;
  });
  if (folded) {
    chips.push(button(`${entries.length - shown.length} more`, () => {
      unfolded.add(facet.field);
      const whole = group(facet, chosen, currency, changed);
      byId(id).parentElement.replaceWith(whole);
      whole.querySelectorAll(".chip")[shown.length]?.focus();
    }, { class: "link" }));
  }
  return el("div", { class: "facet" }, el("h3", { id, text: name }), el("div", { class: "chips", role: "group", "aria-labelledby": id }, ...chips));
}

/** The chosen filters as chips to take away, those of one range as one. */
export function showActive(facets, chosen, currency, changed) {
  const known = labels(facets, currency);
  const left = new Set(chosen);
  const chips = [];
  const chip = (text, texts) => {
    texts.forEach((one) => left.delete(one));
    chips.push(removable(text, `Remove the filter ${text}`, () => changed(chosen.filter((one) => !texts.includes(one)))));
  };
  for (const { label, entry, facet } of known.values()) {
    if (isOn(chosen, entry)) chip(facet.kind === "boolean" && facet.field !== "in_stock" ? `${fieldName(facet.field)}: ${label}` : label, entry.where);
  }
  for (const text of [...left]) chip(saying(text), [text]);
  if (chips.length > 1) chips.push(button("Clear all filters", () => changed([]), { class: "link" }));
  byId("active").replaceChildren(...chips);
}
