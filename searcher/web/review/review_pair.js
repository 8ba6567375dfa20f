// One pair on the screen: two photos side by side, what differs, and why the report says what it says.

import { pictureAddress } from "../base/api.js";
import { byId, el } from "../base/elements.js";
import { percent, plain, priceOf, titleOf } from "../base/words.js";

const QUESTIONS = {
  edited: "The same picture, edited?",
  other_photo: "The same product, photographed again?",
  variant: "The same design in another version?",
};
const VERDICTS = { same: "same", variant: "variant", different: "different", skip: "skipped" };

const large = (photo) => `/v1/duplicates/pictures/${photo.sha256}`;
const differenceOf = (pair) => `/v1/duplicates/difference?first=${pair.first.sha256}&second=${pair.second.sha256}`;

/** Show a pair; `place` is its number, 0 for the first of `count`. */
export function showPair(pair, place, count, withDifference) {
  byId("pair-title").textContent = QUESTIONS[pair.tier] ?? "The same?";
  byId("pair-number").textContent = `Pair ${(place + 1).toLocaleString()} of ${count.toLocaleString()} · the report is ${percent(pair.probability)} sure`;
  byId("verdict-now").hidden = pair.verdict === null;
  byId("verdict-now").textContent = pair.verdict === null ? "" : `Decided: ${VERDICTS[pair.verdict]}`;
  byId("photos").classList.toggle("three", withDifference);
  byId("photos").replaceChildren(shown(pair.first, "First"), shown(pair.second, "Second"), ...(withDifference ? [difference(pair)] : []));
  byId("evidence").replaceChildren(...pair.in_words.map((text) => el("li", { text: plain(text), dir: "auto" })));
  byId("differs").replaceChildren(differing(pair));
}

/** Have the pictures of a pair at hand before it is shown. */
export function prepare(pair) {
  for (const photo of [pair.first, pair.second]) pictureAddress(large(photo)).catch(() => {});
}

function shown(photo, which) {
  const title = titleOf(photo);
  const under = [photo.product_id === title ? "" : plain(photo.product_id), plain(photo.category ?? "no category"), priceOf(photo.payload)].filter(Boolean);
  return el("figure", {},
    image(large(photo), `${which} photo: ${title}`, photo.thumbnail),
    el("figcaption", {},
      el("h2", { text: title, dir: "auto" }),
      el("p", { text: under.join(" · "), dir: "auto" }),
      el("p", { class: "small", text: `${plain(photo.photo)} · ${photo.width}x${photo.height} · ${Math.round(photo.bytes / 1000).toLocaleString()} kB`, dir: "auto" })));
}

function difference(pair) {
  return el("figure", { class: "difference" },
    image(differenceOf(pair), "What differs between the two photos"),
    el("figcaption", {}, el("h2", { text: "What differs" }), el("p", { class: "small", text: "Grey where they are equal, red where they are not; blue where the second does not reach." })));
}

/** A picture, another where it does not come, or words where there is none. */
function image(path, alt, instead = null) {
  const frame = el("div", { class: "photo" });
  const missing = () => frame.replaceChildren(el("p", { class: "missing", text: "no picture" }));
  const put = (address, otherwise) => pictureAddress(address).then((url) => frame.replaceChildren(el("img", { src: url, alt, decoding: "async", on: { error: otherwise } })), otherwise);
  put(path, () => (instead ? put(instead, missing) : missing()));
  return frame;
}

function differing(pair) {
  if (pair.first.product_id === pair.second.product_id) return el("p", { class: "small", text: "Both are photos of one product." });
  if (!pair.differs.length) return el("p", { class: "small", text: "Two products that agree in all fields." });
  const row = (cells, tag) => el("tr", {}, ...cells.map((text, place) => el(place ? tag : "th", { text: plain(text) || "none", dir: "auto", scope: place ? (tag === "th" ? "col" : null) : tag === "th" ? "col" : "row" })));
  return el("table", {}, el("caption", { text: "What the products differ in" }),
    el("thead", {}, row(["Field", "First", "Second"], "th")),
    el("tbody", {}, ...pair.differs.map(({ field, first, second }) => row([field, first, second], "td"))));
}
