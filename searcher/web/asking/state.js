// What is asked, as one plain object, and how it is kept in the address: links and the back button work.
//
//   #product=RG00003&where=metal=gold&like=NK00001&diversity=0.3        #words=gold ring        #ask=RG 3
//
// What was typed (`ask`) is a product's number or words; the service knows which, and then it is `product` or `words`.
// A photo has no address. It lives in this tab, under a number that the history remembers.

const LISTS = { where: "where", like: "likes", unlike: "dislikes" };
export const PAGE = 24;
const MOST_PAGE = 100;

/** Nothing asked yet. */
export function blank() {
  return {
    ask: null, product: null, words: null, photo: null, crop: null,
    likes: [], dislikes: [], where: [],
    diversity: 0, colour: 0, preset: null, relax: false, k: PAGE,
  };
}

/** Whether there is anything to ask with. */
export const asks = (state) =>
  state.ask !== null || state.product !== null || state.words !== null || state.photo !== null || refined(state);

/** Whether products were marked as liked or not. */
export const refined = (state) => state.likes.length + state.dislikes.length > 0;

/** Whether what is asked with has colours that answers can share: words alone have none. */
export const hasColours = (state) => (state.words ?? state.ask) === null || refined(state);

/** The part of an address that stands for a state. */
export function toHash(state) {
  const pairs = new URLSearchParams();
  if (state.ask !== null) pairs.set("ask", state.ask);
  if (state.product !== null) pairs.set("product", state.product);
  if (state.words !== null) pairs.set("words", state.words);
  for (const [name, list] of Object.entries(LISTS)) for (const text of state[list]) pairs.append(name, text);
  if (state.diversity) pairs.set("diversity", String(state.diversity));
  if (state.colour) pairs.set("colour", String(state.colour));
  if (state.preset) pairs.set("preset", state.preset);
  if (state.relax) pairs.set("relax", "1");
  if (state.k !== PAGE) pairs.set("k", String(state.k));
  return pairs.size ? `#${pairs}` : "";
}

/** The state that an address stands for; whatever makes no sense is left out. */
export function fromHash(hash) {
  const pairs = new URLSearchParams(hash.replace(/^#/, ""));
  const state = blank();
  state.product = pairs.get("product") || null;
  state.words = state.product ? null : pairs.get("words") || null;
  state.ask = state.product || state.words ? null : pairs.get("ask")?.trim() ? pairs.get("ask") : null;
  for (const [name, list] of Object.entries(LISTS)) state[list] = [...new Set(pairs.getAll(name).filter(Boolean))];
  for (const name of ["diversity", "colour"]) {
    const share = Number(pairs.get(name));
    state[name] = share >= 0 && share <= 1 ? share : 0;
  }
  state.preset = pairs.get("preset") || null;
  state.relax = pairs.get("relax") === "1";
  const k = Number(pairs.get("k"));
  state.k = Number.isInteger(k) && k >= 1 && k <= MOST_PAGE ? k : PAGE;
  return state;
}

/** The state now: that of the history where it knows more than the address (a photo), else that of the address. */
export function current() {
  const state = fromHash(location.hash);
  const kept = history.state;
  if (kept && typeof kept.photo === "number" && !state.product && !state.words && !state.ask) {
    state.photo = kept.photo;
    state.crop = kept.crop ?? null;
  }
  return state;
}

/** Write a state into the address, as a new entry of the history or in place of the present one. */
export function remember(state, { replace = false } = {}) {
  const address = `${location.pathname}${location.search}${toHash(state)}`;
  const kept = state.photo === null ? null : { photo: state.photo, crop: state.crop };
  if (replace) history.replaceState(kept, "", address);
  else history.pushState(kept, "", address);
}
