// The panel that says what is looked for: photo with crop box, product or words; what was liked and not; presets.

import { cropper } from "./crop.js";
import { removable, toggle } from "../base/chips.js";
import { button, byId, el } from "../base/elements.js";
import { picture } from "../base/pictures.js";
import { takesPreset } from "./question.js";
import { alsoAs } from "./versions.js";
import { brief, plain, priceOf, titleOf, written } from "../base/words.js";

const PRESETS = [
  ["other-metal", "another metal", "metal"], ["other-stone", "another stone", "stone"],
  ["other-brand", "another brand", "brand"], ["same-category", "same category", "category"],
  ["other-category", "another category", "category"], ["cheaper", "cheaper", "price"],
  ["same-price", "similar price", "price"], ["dearer", "more precious", "price"],
];

let cropped = null; // the photo whose crop box is shown: drawn anew only for another photo, so that it keeps the focus

/** Show what is asked with. `act` has `crop`, `product`, `choose`. */
export function showQuery(state, photo, product, act) {
  const body = byId("query-body");
  const sameCrop = cropped && cropped.number === state.photo && String(cropped.box) === String(state.crop);
  if (state.photo !== null && sameCrop) return;
  cropped = null;
  if (photo?.url) {
    cropped = { number: state.photo, box: state.crop };
    body.replaceChildren(cropper(photo.url, state.crop, (box) => {
      cropped = { number: state.photo, box };
      act.crop(box);
    }, button("Another photo", act.choose, { class: "link" })));
  } else if (photo && !photo.read) {
    body.replaceChildren();
  } else if (photo) {
    body.replaceChildren(el("p", { class: "picture missing", text: "This browser cannot show this photo; the service may still read it." }));
  } else if (state.product !== null) {
    body.replaceChildren(productCard(state.product, product));
  } else if ((state.words ?? state.ask) !== null && !state.likes.length) {
    body.replaceChildren(el("p", { class: "asked-words", text: `“${plain(state.words ?? state.ask)}”`, dir: "auto" }));
  } else body.replaceChildren();
}

function productCard(id, product) {
  if (!product) return el("p", { text: `product ${plain(id)}`, dir: "auto" });
  const payload = product.payload;
  const facts = ["brand", "metal", "stone"].map((name) => written(payload[name] ?? "")).filter(Boolean).join(" · ");
  const title = titleOf(product);
  return el("div", { class: "asked-product" },
    picture(product.photos[0]?.thumbnail, `Photo of ${brief(title)}`),
    el("div", {},
      el("p", { class: "asked-title", text: title, dir: "auto" }),
      facts ? el("p", { class: "small", text: facts, dir: "auto" }) : null,
      priceOf(payload) ? el("p", { class: "price", text: priceOf(payload) }) : null,
      el("p", { class: "small", text: product.product_id, dir: "auto" }),
      alsoAs(product.variants, {}, product.variants?.product_ids.length)));
}

/** Show what was liked and what was not, each to be taken back. `productOf` knows products by id, or gives null. */
export function showTaste(state, productOf, remove, clear) {
  const chips = (ids, list, sign, word) => ids.map((id) => {
    const product = productOf(id);
    const title = product ? titleOf(product) : plain(id);
    return removable(title, `${word}: ${brief(title)}. Take it back`, () => remove(list, id),
      el("span", { class: "sign", "aria-hidden": "true", text: sign }),
      product?.photos[0]?.thumbnail ? picture(product.photos[0].thumbnail, "") : "");
  });
  const liked = chips(state.likes, "likes", "+", "More like this");
  const disliked = chips(state.dislikes, "dislikes", "−", "Less like this");
  const group = (title, found) => (found.length ? [el("h3", { class: "taste-title", text: title }), el("div", { class: "chips" }, ...found)] : []);
  const parts = [...group("More like", liked), ...group("Less like", disliked)];
  if (liked.length + disliked.length > 1) parts.push(button("Clear", clear, { class: "link", "aria-label": "Clear likes and dislikes" }));
  byId("taste").replaceChildren(...parts);
}

/** Show presets that the product asked with has what it takes for. */
export function showPresets(state, product, choose) {
  const panel = byId("presets");
  if (!takesPreset(state) || !product) {
    panel.replaceChildren();
    return;
  }
  const has = (field) => {
    const value = product.payload[field];
    return field === "price" ? typeof value === "number" && value > 0 : Array.isArray(value) ? value.length > 0 : Boolean(value);
  };
  const chips = PRESETS.filter(([, , field]) => has(field)).map(([name, text]) => {
    const chip = toggle(text, state.preset === name, () => choose(state.preset === name ? null : name));
    chip.dataset.focus = `preset ${name}`;
    return chip;
  });
  panel.replaceChildren(el("p", { class: "small", text: "The same style, but …" }), el("div", { class: "chips" }, ...chips));
}

/** What a preset is called. */
export const presetName = (name) => PRESETS.find(([known]) => known === name)?.[1] ?? plain(name);
