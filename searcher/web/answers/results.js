// The products of an answer as cards: picture, title, price, and what can be done from there.

import { button, byId, el } from "../base/elements.js";
import { picture } from "../base/pictures.js";
import { blank, toHash } from "../asking/state.js";
import { likeness, plain, priceOf, titleOf, written } from "../base/words.js";

/**
 * A card of the result.
 *
 * @param match of the answer
 * @param state that was asked; the filters go along when a visitor goes on from here
 * @param act has `like`, `dislike` and `why`
 * @param loosened says which filters the product does not meet
 */
export function card(match, state, act, loosened) {
  const title = titleOf(match);
  const payload = match.payload;
  const onward = toHash({ ...blank(), product: match.product_id, where: state.where, relax: state.relax, k: state.k });
  const facts = ["brand", "metal"].map((name) => written(payload[name] ?? "")).filter(Boolean).join(" · ");
  return el("li", { class: "card", "data-product": match.product_id },
    el("div", { class: "shot" },
      picture(match.thumbnail, `Photo of ${title}`),
      payload.in_stock === false ? el("span", { class: "badge", text: "sold out" }) : null),
    el("div", { class: "about" },
      el("h2", { class: "card-title" }, el("a", { href: onward, text: title, dir: "auto", "data-focus": `card ${match.product_id}` })),
      facts ? el("p", { class: "small", text: facts, dir: "auto" }) : null,
      el("p", { class: "card-foot" },
        el("span", { class: "price", text: priceOf(payload) || plain(match.category) }), scoreOf(match.score, state)),
      match.relaxed?.length ? el("p", { class: "near-miss small", text: `Close, but not: ${loosened(match.relaxed)}` }) : null),
    actions(match, state, title, act));
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

/** Empty frames while the first answer is on its way. */
export function showWaiting(n) {
  const frames = Array.from({ length: n }, () => el("li", { class: "card waiting", "aria-hidden": "true" }, el("div", { class: "shot" }), el("div", { class: "about" })));
  byId("grid").replaceChildren(...frames);
}

/** Say that nothing was found, and what to do about it. */
export function showEmpty(state, act) {
  const box = byId("empty");
  const ways = [];
  if (state.where.length && !state.relax) ways.push(button("Show what comes close", act.loosen, { class: "primary" }));
  if (state.where.length) ways.push(button("Clear the filters", act.clearFilters));
  if (state.preset) ways.push(button("Without the style wish", act.clearPreset));
  if (state.crop) ways.push(button("Use the whole photo", act.clearCrop));
  const advice = ways.length
    ? "The filters together leave nothing. Take one away, or:"
    : "Try other words, or show a photo of what you are looking for.";
  box.replaceChildren(
    el("p", { class: "empty-title", text: "Nothing fits." }),
    el("p", { text: advice }),
    el("div", { class: "row" }, ...ways, button("Choose a photo", act.choose)));
  box.hidden = false;
}
