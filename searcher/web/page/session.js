// The search as the visitor goes on: the state, the question it makes, and the answer on the page.

import { hasKey, post } from "../base/api.js";
import { askedPhoto } from "../asking/asked_photo.js";
import { button, byId } from "../base/elements.js";
import { explain } from "../answers/explanation.js";
import { currencyOf, facetsNow, fieldsKnown } from "../filters/facet_source.js";
import { labels, showActive, showFacets } from "../filters/facets.js";
import { joined, saying } from "../filters/filters.js";
import { photoOf, takeIn } from "../asking/photos.js";
import { loadProduct, productKnown } from "../answers/products.js";
import { showPresets, showQuery, showTaste } from "../asking/query.js";
import { questionOf, reach } from "../asking/question.js";
import { card, showEmpty, showWaiting } from "../answers/results.js";
import { showIdeas } from "./start.js";
import { asks, blank, current, refined, remember } from "../asking/state.js";
import { busy, clearMessages, keepFocus, say, showOnly, tell } from "./view.js";
import { count, plain, titleOf } from "../base/words.js";

const MOST_MARKED = 31;

let state = blank();
let answer = null;
let shown = []; // matches on the page
let facets = [];
let asking = new AbortController();
let goneOn = false; // a card was clicked: show the answer from its top

const photo = () => (state.photo === null ? undefined : photoOf(state.photo));
const base = () => (state.product === null ? null : productKnown(state.product));

// --- changes of the state ------------------------------------------------------------------------------------------

/** Change the state and ask again; `replace` leaves no entry in the history. */
export function change(patch, options) {
  state = { ...state, ...patch };
  remember(state, options);
  return refresh();
}

/** Begin anew. */
export const fresh = (patch) => change({ ...blank(), k: state.k, ...patch });

/** What cards and panels let the visitor do. */
export const act = {
  choose: () => byId("file").click(),
  crop: (crop) => change({ crop }, { replace: true }),
  like: (id) => mark("likes", "dislikes", id),
  dislike: (id) => mark("dislikes", "likes", id),
  why: (match) => explain(match, (key) => askedPhoto(key, state, photo(), loadProduct), answer, inWords),
  loosen: () => change({ relax: true }),
  clearFilters: () => change({ where: [] }),
  clearPreset: () => change({ preset: null }),
  clearCrop: () => change({ crop: null }, { replace: true }),
};

function mark(list, other, id) {
  if (state.likes.length + state.dislikes.length >= MOST_MARKED) return tell(`${MOST_MARKED} products can be marked; take one back first.`);
  const lists = { [list]: [...state[list].filter((one) => one !== id), id], [other]: state[other].filter((one) => one !== id) };
  return change({ ...lists, words: null, preset: null }); // words have no look: the marked products take their place
}

/** Ask with words, or with a product's number. */
export async function ask(text) {
  if (!text) return byId("words").focus();
  if (/\s/.test(text)) return fresh({ words: text });
  try { // one word may be a product's number; a batch answers 200 either way
    const { answers } = await post("v1/batch", { queries: [text], k: 1, fields: [] });
    return fresh(answers[0].matches ? { product: text } : { words: text });
  } catch (problem) {
    return failed(problem, () => ask(text));
  }
}

/** Ask with a photo. */
export async function usePhoto(file) {
  try {
    await fresh({ photo: await takeIn(file) });
  } catch (error) {
    tell(error.message);
  }
}

// --- asking and showing --------------------------------------------------------------------------------------------

/** Ask for the state, and show the answer. */
export async function refresh() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  clearMessages();
  if (state.photo !== null && !photo()) {
    state = { ...state, photo: null, crop: null };
    remember(state, { replace: true });
    tell("The photo was forgotten when the page was loaded anew; choose it again.");
  }
  if (!asks(state)) return begin();
  goneOn ||= !byId("start").hidden && byId("start").contains(document.activeElement);
  showOnly("found");
  showControls();
  byId("empty").hidden = true;
  byId("more").hidden = true;
  busy(true, "results", "refine");
  if (!shown.length) showWaiting(8);
  say("Searching …");
  try {
    const [question] = await Promise.all([questionOf(state, photo(), fieldsKnown(), 0), loadAsked()]);
    signal.throwIfAborted();
    showControls();
    const found = await post(question.path, question.body, signal);
    signal.throwIfAborted();
    showAnswer(found);
    facets = await facetsNow(state, found, signal);
    signal.throwIfAborted();
    busy(false, "refine");
    showControls();
  } catch (problem) {
    if (problem.name === "AbortError") return;
    shown = [];
    byId("grid").replaceChildren();
    failed(problem, refresh);
  }
}

function begin() {
  shown = [];
  document.title = "Jewelry search";
  byId("words").value = "";
  showOnly("start");
  return showIdeas((words) => fresh({ words })).catch((problem) => failed(problem, refresh));
}

/** Products whose titles and pictures the page shows; one that is not there is said by the answer. */
const loadAsked = () => Promise.all([state.product, ...state.likes, ...state.dislikes].filter((id) => id !== null).map(loadProduct));

function showControls() {
  keepFocus(() => {
    const currency = currencyOf(shown, base());
    const choose = (where) => change({ where });
    byId("words").value = state.words ?? "";
    byId("diversity").value = String(state.diversity);
    byId("relax").checked = state.relax;
    showQuery(state, photo(), base(), act);
    showTaste(state, productKnown, (list, id) => change({ [list]: state[list].filter((one) => one !== id) }), () => change({ likes: [], dislikes: [] }));
    byId("query").hidden = !byId("query-body").childElementCount && !refined(state);
    showPresets(state, base(), (preset) => change({ preset }));
    showFacets(facets, state.where, currency, choose);
    showActive(facets, state.where, currency, choose);
    byId("results-title").textContent = heading();
    document.title = `${heading()} · Jewelry search`;
  });
}

function heading() {
  if (state.words !== null) return `“${plain(state.words)}”`;
  if (state.photo === null && state.product === null) return state.likes.length ? "Like what you chose" : "Other than what you put aside";
  const what = state.photo !== null ? (state.crop ? "this part of your photo" : "your photo") : base() ? titleOf(base()) : plain(state.product);
  return `Like ${what}${refined(state) ? ", to your taste" : ""}`;
}

/** Filter texts, as they were sent, in words; the two texts of a range are one. */
function inWords(sent) {
  const chosen = joined(state.where);
  const known = [...labels(facets, currencyOf(shown, base())).values()];
  const left = new Set(sent.flatMap((text) => chosen.get(text) ?? [text]));
  const found = [];
  for (const text of left) {
    const named = known.find(({ entry }) => entry.where.includes(text) && entry.where.every((one) => left.has(one)));
    (named?.entry.where ?? [text]).forEach((one) => left.delete(one));
    found.push(named?.label ?? saying(text));
  }
  return found.join(", ");
}

function showAnswer(found) {
  answer = found;
  shown = found.matches;
  keepFocus(() => byId("grid").replaceChildren(...shown.map(cardOf)));
  busy(false, "results");
  byId("origin").textContent = `Answered in ${Math.round(found.took_ms)} ms by generation ${plain(found.generation)} of the index, model ${found.model.slice(0, 8)}.`;
  showNotes();
  if (!shown.length) showEmpty(state, act);
  offerMore(found.matches.length);
  showSummary();
  say(shown.length ? `${count(shown.length, "product", "products")}: ${heading()}` : "Nothing fits.");
  if (goneOn) {
    goneOn = false;
    window.scrollTo({ top: 0 });
    byId("results").focus({ preventScroll: true });
  }
}

function showSummary() {
  const first = byId("more").hidden ? "" : "The first ";
  byId("summary").textContent = shown.length ? `${first}${count(shown.length, "product", "products")}, ${orderName()}` : "";
}

const orderName = () => (state.words !== null ? "most of your words first" : state.diversity ? "with variety" : "most alike first");
const cardOf = (match) => card(match, state, act, inWords);

function showNotes() {
  const notes = [...(answer.notes ?? [])];
  const relaxed = shown.some((match) => match.relaxed?.length) && answer.relaxed;
  if (relaxed) notes.unshift(`Too few products meet all filters; some are shown without: ${inWords(relaxed)}.`);
  byId("notes").replaceChildren(...notes.map((text) => Object.assign(document.createElement("p"), { className: "note", textContent: plain(text) })));
}

function offerMore(received) {
  byId("more").hidden = received < state.k || shown.length >= reach(state);
}

/** Show the next products. */
export async function showMore() {
  const more = byId("more");
  const { signal } = asking;
  more.disabled = true;
  say("Searching …");
  try {
    const question = await questionOf(state, photo(), [], shown.length);
    const next = await post(question.path, question.body, signal);
    const known = new Set(shown.map((match) => match.product_id)); // a new generation may order anew
    const cards = next.matches.map(cardOf).filter((one) => !known.has(one.dataset.product));
    shown = [...shown, ...next.matches];
    byId("grid").append(...cards);
    say(cards.length ? `${count(cards.length, "more product", "more products")}, ${shown.length} in all` : "These were all.");
    offerMore(next.matches.length);
    showSummary();
    cards[0]?.querySelector("a").focus({ preventScroll: true });
  } catch (problem) {
    if (problem.name !== "AbortError") failed(problem, showMore);
  } finally {
    more.disabled = false;
  }
}

function failed(problem, again) {
  busy(false, "results", "refine");
  say("");
  if (problem.status === 401) {
    byId("key-reason").textContent = hasKey() ? problem.message : "This service answers only those who have a key.";
    showOnly("key-panel");
    byId("key").focus();
    return;
  }
  if (problem.status === 404 && state.product !== null && !base()) begin();
  tell(problem.message, button("Try again", again));
}

/** Ask for the state that the address stands for. */
export function open() {
  state = current();
  byId("why").close();
  return refresh();
}

/** A card was clicked, or something else that leads on: show the answer from its top. */
export function goOn() {
  goneOn = true;
}
