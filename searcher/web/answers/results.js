// The products of an answer as cards: picture, title, price, and what can be done from there.

import { button, byId, el } from "../base/elements.js";
import { clamped } from "../base/long_texts.js";
import { picture } from "../base/pictures.js";
import { blank, toHash } from "../asking/state.js";
import { alsoAs } from "../asking/versions.js";
import { brief, likeness, plain, priceOf, titleOf, written } from "../base/words.js";

/**
 * A card of the result; a long text is cut where its lines end.
 *
 * @param match of the answer
 * @param state that was asked; the filters go along when a visitor goes on from here
 * @param act has `like`, `dislike` and `why`
 * @param loosened says which filters the product does not meet
 */
function card(match, state, act, loosened) {
  const title = titleOf(match);
  const name = brief(title);
  const payload = match.payload;
  const along = { where: state.where, relax: state.relax, k: state.k };
  const onward = toHash({ ...blank(), ...along, product: match.product_id });
  const facts = ["brand", "metal"].map((name) => written(payload[name] ?? "")).filter(Boolean).join(" · ");
  return el("li", { class: "card", "data-product": match.product_id },
    el("div", { class: "shot" },
      picture(match.thumbnail, `Photo of ${name}`),
      payload.in_stock === false ? el("span", { class: "badge", text: "sold out" }) : null),
    el("div", { class: "about" },
      el("h2", { class: "card-title clamped" },
        el("a", { href: onward, text: title, dir: "auto", title: title === name ? null : title, "data-focus": `card ${match.product_id}` })),
      facts ? clamped("p", facts, { class: "small" }) : null,
      el("p", { class: "card-foot" },
        clamped("span", priceOf(payload) || plain(match.category), { class: "price" }), scoreOf(match.score, state)),
      alsoAs(match.variants, along),
      match.relaxed?.length ? clamped("p", `Close, but not: ${loosened(match.relaxed)}`, { class: "near-miss small" }) : null),
    actions(match, state, name, act));
}

function scoreOf(score, state) {
  const text = likeness(score);
  const what = state.words !== null ? "Share of your words that match" : "Similarity";
  return el("span", { class: "score small", title: `${what}, 1 at most` }, el("span", { class: "visually-hidden", text: `${what}: ` }), text);
}

function actions(match, state, title, act) {
  const id = match.product_id;
  const more = button("+", () => act.like(id), { class: "round", "aria-label": `More like ${title}`, title: "More like this", "data-focus": `like ${id}` });
  const canDislike = state.words === null || state.likes.length > 0; // words alone have no look to move away from
  const less = canDislike
    ? button("−", () => act.dislike(id), { class: "round", "aria-label": `Less like ${title}`, title: "Less like this", "data-focus": `unlike ${id}` })
    : null;
  const why = button("Why?", () => act.why(match), { class: "link why-button", "aria-label": `Why is ${title} here?`, "aria-haspopup": "dialog" });
  return el("div", { class: "actions" }, more, less, why);
}

const FRAMES = 8;
let drawn = []; // matches whose cards are in the grid

/** Show the cards of matches; those that are there already stay. While an answer is waited for, empty frames stand for none. */
export function showGrid(matches, waiting, state, act, loosened) {
  const begun = drawn.length > 0 && drawn.length <= matches.length && drawn.every((match, i) => match === matches[i]);
  const cards = matches.slice(begun ? drawn.length : 0).map((match) => card(match, state, act, loosened));
  if (begun) byId("grid").append(...cards);
  else byId("grid").replaceChildren(...(waiting && !cards.length ? Array.from({ length: FRAMES }, frame) : cards));
  drawn = matches;
}

const frame = () => el("li", { class: "card waiting", "aria-hidden": "true" }, el("div", { class: "shot" }), el("div", { class: "about" }));

/** Say that nothing was found, where that `is` so, and what to do about it. */
export function showEmpty(is, state, act) {
  const box = byId("empty");
  box.hidden = !is;
  if (!is) return box.replaceChildren();
  const ways = [];
  if (state.where.length && !state.relax) ways.push(button("Show what comes close", act.loosen, { class: "primary" }));
  if (state.where.length) ways.push(button("Clear the filters", act.clearFilters));
  if (state.preset) ways.push(button("Without the style wish", act.clearPreset));
  if (state.crop) ways.push(button("Use the whole photo", act.clearCrop));
  const advice = ways.length
    ? "The filters together leave nothing. Take one away, or:"
    : "Try other words, or show a photo of what you are looking for.";
  return box.replaceChildren(
    el("p", { class: "empty-title", text: "Nothing fits." }),
    el("p", { text: advice }),
    el("div", { class: "row" }, ...ways, button("Choose a photo", act.choose)));
}
