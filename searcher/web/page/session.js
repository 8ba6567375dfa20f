// The search as the visitor goes on: the state, the question it makes, and the answer on the page.

import { hasKey, inLine, post } from "../base/api.js";
import { askedPhoto } from "../asking/asked_photo.js";
import { button, byId } from "../base/elements.js";
import { explain } from "../answers/explanation.js";
import { facetsNow, fieldsKnown, uncounted } from "../filters/facet_source.js";
import { photoOf, takeIn } from "../asking/photos.js";
import { loadProduct } from "../answers/products.js";
import { questionOf, reach } from "../asking/question.js";
import { showIdeas } from "./start.js";
import { asks, blank, current, refined, remember } from "../asking/state.js";
import { overwriteTyped, understood } from "../asking/typed.js";
import { FIRST, NOTHING, baseOf, draw, inWords, outcome } from "./screen.js";
import { focusable, say } from "./view.js";
import { capital, count } from "../base/words.js";

const MOST_MARKED = 31;

let state = blank();
let page = FIRST;
let asking = new AbortController();
let goneOn = false; // a card was clicked: show the answer from its top

const photo = () => photoOf(state.photo);

function show(patch) {
  page = { ...page, ...patch };
  draw(page, state, act);
}

// --- changes of the state ------------------------------------------------------------------------------------------

/** Change the state and ask again; `replace` leaves no entry in the history. */
export function change(patch, options) {
  state = { ...state, ...patch };
  remember(state, options);
  return refresh();
}

/** Begin anew. */
const fresh = (patch) => change({ ...blank(), k: state.k, ...patch });

/** Go to the first view, with an empty field. */
export function home() {
  overwriteTyped(blank());
  return fresh({});
}

/** What cards and panels let the visitor do. */
export const act = {
  choose: () => byId("file").click(),
  crop: (crop) => change({ crop }, { replace: true }),
  like: (id) => mark("likes", "dislikes", id),
  dislike: (id) => mark("dislikes", "likes", id),
  unmark: (list, id) => change({ [list]: state[list].filter((one) => one !== id) }),
  unmarkAll: () => change({ likes: [], dislikes: [] }),
  filter: (where) => change({ where }),
  preset: (preset) => change({ preset }),
  why,
  loosen: () => change({ relax: true }),
  clearFilters: () => change({ where: [] }),
  clearPreset: () => change({ preset: null }),
  clearCrop: () => change({ crop: null }, { replace: true }),
};

function mark(list, other, id) {
  if (state.likes.length + state.dislikes.length >= MOST_MARKED) return tell(`${MOST_MARKED} products can be marked; take one back first.`);
  const lists = { [list]: [...state[list].filter((one) => one !== id), id], [other]: state[other].filter((one) => one !== id) };
  return change({ ...lists, ask: null, words: null, preset: null }); // words have no look: the marked products take their place
}

/** Ask with what was typed: words, or a product's number. */
export const ask = (text) => (text.trim() ? fresh({ ask: text }) : byId("words").focus());

/** Ask with a photo. */
export function usePhoto(file) {
  try {
    return fresh({ photo: takeIn(file) });
  } catch (error) {
    return tell(error.message);
  }
}

/** Tell a problem in one line; the answer that is shown stays. */
export const tell = (text) => show({ told: { text } });

async function why(match) {
  const { signal } = asking;
  const asked = (key) => askedPhoto(key, state, photo(), loadProduct);
  try {
    await explain(match, asked, page.answer, (sent) => inWords(page, state, sent), signal);
  } catch (problem) {
    if (!signal.aborted) show({ told: retold(problem, () => why(match)) });
  }
}

// --- asking and showing --------------------------------------------------------------------------------------------

/** Ask for the state, and show the answer. */
export async function refresh() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  byId("why").close();
  let told = null;
  if (state.photo !== null && !photo()) {
    state = { ...state, photo: null, crop: null };
    remember(state, { replace: true });
    told = { text: "The photo was forgotten when the page was loaded anew; choose it again." };
  }
  if (!asks(state)) return begin(signal, told);
  goneOn ||= !byId("start").hidden && byId("start").contains(document.activeElement);
  show({ part: "found", waiting: true, paging: false, told });
  say("Searching …");
  try {
    const found = await answered(signal);
    show({ answer: found, matches: found.matches, ...counted(0, found.matches.length), waiting: false, counting: true });
    say(outcome(page, state));
    if (goneOn) toTheTop();
  } catch (problem) {
    return signal.aborted ? null : failed(problem, refresh);
  }
  return recount(signal);
}

/** The answer to the state; what was typed is understood on the way. */
async function answered(signal) {
  await photo()?.ready;
  signal.throwIfAborted();
  let near = null;
  if (state.ask !== null) {
    const typed = await understood(state.ask, signal);
    signal.throwIfAborted();
    near = typed.near;
    state = { ...state, ...typed.meant };
    remember(state, { replace: true });
  }
  const [question] = await Promise.all([questionOf(state, photo(), fieldsKnown(), 0), loadAsked()]);
  signal.throwIfAborted();
  show({});
  const found = await post(question.path, question.body, signal);
  signal.throwIfAborted();
  if (near === null || found.matches.length) return found;
  return { ...found, notes: [...(found.notes ?? []), capital(near)] };
}

/** Products whose titles and pictures the page shows; one that is not there is said by the answer. */
const loadAsked = () => Promise.all([state.product, ...state.likes, ...state.dislikes].filter((id) => id !== null).map(loadProduct));

/** Show the facets of the answer; where they cannot be had, the answer stays, and no count of another one. */
async function recount(signal) {
  try {
    const facets = await facetsNow(state, page.answer, signal);
    if (!signal.aborted) show({ facets, counting: false });
  } catch (problem) {
    if (signal.aborted) return;
    if (problem.status === 401) failed(problem, refresh);
    else show({ facets: uncounted(page.facets), counting: false, told: retold(problem, refresh) });
  }
}

/** The first view. */
async function begin(signal, told) {
  show({ ...FIRST, told });
  say("");
  try {
    await showIdeas((words) => fresh({ words }));
  } catch (problem) {
    if (!signal.aborted && !told) failed(problem, refresh);
  }
}

function toTheTop() {
  goneOn = false;
  window.scrollTo({ top: 0 });
  byId("results").focus({ preventScroll: true });
}

/** How many products were taken of the answer, and whether there may be more. */
const counted = (before, came) => ({ taken: before + came, more: came >= state.k && before + came < reach(state) });

/** Show the next products. */
export async function showMore() {
  const { signal } = asking;
  if (page.paging) return;
  show({ paging: true, told: null });
  say("Searching …");
  try {
    const question = await questionOf(state, photo(), [], page.taken);
    const next = await post(question.path, question.body, signal);
    signal.throwIfAborted();
    const known = new Set(page.matches.map((match) => match.product_id)); // a new generation may order anew
    const fresher = next.matches.filter((match) => !known.has(match.product_id));
    const matches = [...page.matches, ...fresher];
    show({ matches, ...counted(page.taken, next.matches.length), paging: false });
    say(fresher.length ? `${count(fresher.length, "more product", "more products")}, ${matches.length} in all` : "These were all.");
    if (fresher.length) focusOn(fresher[0]);
  } catch (problem) {
    if (signal.aborted) return;
    if (problem.status === 401) failed(problem, refresh);
    else { // what is shown is still what was asked for
      say("");
      show({ paging: false, told: retold(problem, showMore) });
    }
  }
}

const focusOn = (match) => focusable(`card ${match.product_id}`)?.focus({ preventScroll: true });

const retold = (problem, again) => ({ text: inLine(problem), help: button("Try again", again) });

/** There is no answer: nothing of one is shown, and why. */
function failed(problem, again) {
  say("");
  const none = { ...NOTHING, facets: uncounted(page.facets), waiting: false, counting: false, paging: false };
  if (problem.status === 401) {
    byId("key-reason").textContent = hasKey() ? problem.message : "This service answers only those who have a key.";
    show({ ...none, part: "key-panel", told: null });
    byId("key").focus();
  } else if (problem.status === 404 && state.product !== null && !baseOf(state)) begin(asking.signal, retold(problem, again));
  else show({ ...none, told: retold(problem, again) });
}

/** Ask for the state that the address stands for; the visitor went there where there is an `event`. */
export function open(event) {
  state = current();
  if (event) overwriteTyped(state);
  return refresh();
}

/** A card was clicked, or something else that leads on: show the answer from its top. */
export function goOn() {
  goneOn = true;
}
