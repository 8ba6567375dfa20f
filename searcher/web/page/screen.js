// The page as it is drawn: all of it from one object, so that nothing of what was shown before can be left behind.

import { brief, count, plain, titleOf } from "../base/words.js";
import { byId } from "../base/elements.js";
import { message } from "../base/long_texts.js";
import { currencyOf } from "../filters/facet_source.js";
import { labels, showActive, showFacets } from "../filters/facets.js";
import { joined, saying } from "../filters/filters.js";
import { photoOf } from "../asking/photos.js";
import { showPresets, showQuery, showTaste } from "../asking/query.js";
import { hasColours, refined } from "../asking/state.js";
import { showTyped } from "../asking/typed.js";
import { productKnown } from "../answers/products.js";
import { showEmpty, showGrid } from "../answers/results.js";
import { busy, keepFocus, showOnly, showTold } from "./view.js";

const A_TITLE = 60; // letters of a heading

/** What stands for an answer where there is none. Whatever is drawn of an answer is one of these. */
export const NOTHING = Object.freeze({
  answer: null,
  matches: [], // of all its pages so far
  taken: 0, // products skipped by the next page
  more: false, // whether there may be a next page
});

/** The page before anything was asked. */
export const FIRST = Object.freeze({
  ...NOTHING,
  part: "start", // which part is shown: start, found or key-panel
  facets: [], // what can be chosen, with counts where they are those of the answer
  waiting: false, // for an answer; the matches are then those of the one before, and shown as such
  counting: false, // the facets are not yet those of the answer
  paging: false, // the next page is on its way
  told: null, // a message, and a button that helps
});

/** Draw the page for a state. `act` is what the visitor can do. */
export function draw(page, state, act) {
  const title = page.part === "found" ? heading(state) : null;
  keepFocus(() => {
    showOnly(page.part);
    showTold(page.told);
    showTyped(state);
    showControls(page, state, act);
    busy(page.waiting, "results");
    busy(page.waiting || page.counting, "refine");
    document.title = title ? `${title} · Jewelry search` : "Jewelry search";
    byId("results-title").textContent = title ?? "Results";
    byId("summary").textContent = page.waiting ? "Searching …" : summary(page, state);
    byId("notes").replaceChildren(...notes(page, state).map((text) => message(text, { class: "note" })));
    byId("origin").textContent = page.waiting ? "" : origin(page.answer);
    byId("more").hidden = page.waiting || !page.more;
    byId("more").setAttribute("aria-disabled", String(page.paging)); // one that is disabled would lose the focus
    showGrid(page.matches, page.waiting, state, act, (sent) => inWords(page, state, sent));
    showEmpty(!page.waiting && page.answer !== null && !page.matches.length, state, act);
  });
}

function showControls(page, state, act) {
  const base = baseOf(state);
  const currency = currencyOf(page.matches, base);
  byId("diversity").value = String(state.diversity);
  byId("colour").value = String(state.colour);
  byId("colours").hidden = !hasColours(state);
  byId("relax").checked = state.relax;
  showQuery(state, photoOf(state.photo), base, act);
  showTaste(state, productKnown, act.unmark, act.unmarkAll);
  byId("query").hidden = !byId("query-body").childElementCount && !refined(state);
  showPresets(state, base, act.preset);
  showFacets(page.facets, state.where, currency, act.filter);
  showActive(page.facets, state.where, currency, act.filter);
}

/** The product that is asked with, where it is one that was loaded, or null. */
export const baseOf = (state) => (state.product === null ? null : productKnown(state.product));

/** What is asked, in one line. */
function heading(state) {
  const typed = state.words ?? state.ask;
  if (typed !== null) return `“${brief(plain(typed), A_TITLE)}”`;
  if (state.photo === null && state.product === null) return state.likes.length ? "Like what you chose" : "Other than what you put aside";
  const base = baseOf(state);
  const what = state.photo !== null ? (state.crop ? "this part of your photo" : "your photo") : brief(base ? titleOf(base) : plain(state.product), A_TITLE);
  return `Like ${what}${refined(state) ? ", to your taste" : ""}`;
}

/** What was found, in one line for those who do not see it. */
export function outcome(page, state) {
  if (page.matches.length) return `${count(page.matches.length, "product", "products")}: ${heading(state)}`;
  return ["Nothing fits.", ...notes(page, state).map((text) => brief(text, 300))].join(" ");
}

function summary({ matches, more }, state) {
  const alike = state.colour && hasColours(state) ? "most alike in looks and colours first" : "most alike first";
  const order = state.words !== null ? "most of your words first" : state.diversity ? "with variety" : alike;
  return matches.length ? `${more ? "The first " : ""}${count(matches.length, "product", "products")}, ${order}` : "";
}

function notes(page, state) {
  if (page.waiting || !page.answer) return [];
  const { notes: found = [], relaxed } = page.answer;
  const loosened = relaxed && page.matches.some((match) => match.relaxed?.length);
  const first = loosened ? [`Too few products meet all filters; some are shown without: ${inWords(page, state, relaxed)}.`] : [];
  return [...first, ...found].map(plain);
}

const origin = (answer) =>
  (answer ? `Answered in ${Math.round(answer.took_ms)} ms by generation ${plain(answer.generation)} of the index, model ${answer.model.slice(0, 8)}.` : "");

/** Filter texts, as they were sent, in words; the two texts of a range are one. */
export function inWords(page, state, sent) {
  const chosen = joined(state.where);
  const known = [...labels(page.facets, currencyOf(page.matches, baseOf(state))).values()];
  const left = new Set(sent.flatMap((text) => chosen.get(text) ?? [text]));
  const found = [];
  for (const text of left) {
    const named = known.find(({ entry }) => entry.where.includes(text) && entry.where.every((one) => left.has(one)));
    (named?.entry.where ?? [text]).forEach((one) => left.delete(one));
    found.push(named?.label ?? saying(text));
  }
  return found.join(", ");
}
