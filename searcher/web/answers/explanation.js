// "Why is it here": the photos that matched side by side, and what their likeness means in plain words.

import { button, byId, el } from "../base/elements.js";
import { picture } from "../base/pictures.js";
import { brief, likeness, percent, plain, titleOf } from "../base/words.js";

/**
 * Open the explanation of a match.
 *
 * @param match with its explanation
 * @param asked finds the picture of the photo asked with: an element, or null where there is none
 * @param answer the match belongs to
 * @param named says filter texts in words
 * @param signal of the question: nothing opens over the answer to another
 */
export async function explain(match, asked, answer, named, signal) {
  const dialog = byId("why");
  const why = match.explanation;
  const title = brief(titleOf(match));
  const close = button("Close", () => dialog.close(), { class: "primary" });
  const pair = await photos(match, why, asked, title);
  if (signal.aborted) return;
  dialog.replaceChildren(
    el("h2", { id: "why-title", text: `Why is ${title} here?`, dir: "auto" }),
    pair,
    el("ul", { class: "reasons" }, ...reasons(match, why, named, pair.childElementCount > 1).map((text) => el("li", { text, dir: "auto" }))),
    numbers(match, why, answer),
    el("div", { class: "row end" }, shopLink(match.payload.url), close));
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); }; // a click beside it
  dialog.showModal();
  close.focus();
}

async function photos(match, why, asked, title) {
  const pair = el("div", { class: "pair" });
  const figure = (shown, caption) => el("figure", {}, shown, el("figcaption", { class: "small", text: caption, dir: "auto" }));
  const own = why.asked_photo === null ? null : await asked(why.asked_photo);
  if (own) pair.append(figure(own.element, own.caption));
  pair.append(figure(picture(match.thumbnail, `Photo of ${title}`), "Its photo that comes closest"));
  return pair;
}

function reasons(match, why, named, own) {
  const texts = [];
  const words = why.parts.matched;
  if (Array.isArray(words)) texts.push(`It has ${words.length === 1 ? "the word" : "the words"} ${words.map((word) => `“${plain(word)}”`).join(", ")}.`);
  if (why.cosine !== null) texts.push(`${own ? "The two photos are" : "It is"} alike by ${likeness(why.cosine)}, where 1 is the same look.`);
  const { colours, colour_weight: weight } = why.parts;
  if (typeof colours === "number") texts.push(`Its colours are alike by ${likeness(colours)}, which is ${percent(weight)} of its score.`);
  if (why.percentile !== null) texts.push(`It is closer than ${percent(why.percentile)} of the catalog's photos.`);
  if (why.probability !== null) texts.push(`Both photos show the same kind of jewelry with a probability of ${percent(why.probability)}.`);
  if (why.filters.length) texts.push(`It meets your filters: ${named(why.filters)}.`);
  if (match.relaxed?.length) texts.push(`Too few products met all filters. This one was let in without: ${named(match.relaxed)}.`);
  if (match.variants) texts.push(`It stands for ${match.variants.count.toLocaleString()} versions of one piece, and is the best of them.`);
  for (const [name, amount] of Object.entries(why.boosts)) {
    texts.push(`${plain(name)} ${amount < 0 ? "lowers" : "raises"} its score by ${Math.abs(amount).toFixed(3)}.`);
  }
  return texts;
}

function numbers(match, why, answer) {
  const rows = [
    ["Score", match.score.toFixed(4)],
    ["Cosine", why.cosine?.toFixed(4)],
    ["Euclidean distance", why.euclidean?.toFixed(4)],
    ["Product", match.product_id],
    ["Photo", why.matched_photo],
    ["Index generation", answer.generation],
    ["Model", answer.model.slice(0, 12)],
  ].filter(([, value]) => value);
  const list = el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: plain(value), dir: "auto" })]));
  return el("details", {}, el("summary", { text: "Numbers" }), list);
}

/** The product in the shop, where the catalog names its page. */
function shopLink(text) {
  if (typeof text !== "string") return null;
  try {
    const url = new URL(text);
    if (!["http:", "https:"].includes(url.protocol)) return null; // a catalog could hold javascript:
    return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", text: "See it in the shop" });
  } catch {
    return null;
  }
}
