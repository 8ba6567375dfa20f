// One entry of a report: the photo that the others are compared with on the left, the others beside it.

import { el } from "../base/elements.js";
import { framed } from "./pictures.js";

const MARKS = { keep: "Keep", delete: "May be deleted" };

/** A card; `number` is its place in the list that is shown. */
export function drawn(card, number) {
  const [first, ...others] = card.photos;
  return el("li", { class: "card" },
    el("div", { class: "card-head" },
      el("h2", {}, el("span", { class: "number", text: `${number.toLocaleString()}. ` }), el("bdi", { text: card.title })),
      card.meta ? el("p", { class: "under", text: card.meta }) : null,
      card.flags ? el("ul", { class: "flags" }, ...card.flags.map((text) => el("li", { text, dir: "auto" }))) : null),
    el("div", { class: others.length ? "sides" : "sides alone" },
      lead(first),
      others.length ? beside(card, others) : null));
}

function lead(photo) {
  return el("div", { class: "lead-photo" },
    framed(photo.picture, `Photo of ${photo.name}`),
    mark(photo),
    ...said(photo));
}

function beside(card, others) {
  const dense = others.every((photo) => !photo.verdict); // pictures with little to say about each
  const list = el("ul", { class: dense ? "others dense" : "others" }, ...others.map(other));
  return card.others ? el("div", {}, el("p", { class: "others-title", text: card.others }), list) : list;
}

function other(photo) {
  const difference = photo.difference === undefined ? null
    : el("div", { class: "difference" }, framed(photo.difference, `What differs in ${photo.name}`), el("p", { class: "under", text: "difference" }));
  return el("li", {},
    el("div", { class: "shots" }, framed(photo.picture, `Photo of ${photo.name}`), difference),
    el("div", { class: "about" }, mark(photo), ...said(photo)));
}

const mark = (photo) => (photo.mark ? el("p", { class: `mark ${photo.mark}`, text: MARKS[photo.mark] }) : null);

function said(photo) {
  return [
    el("h3", { text: photo.name, dir: "auto" }),
    photo.under ? el("p", { class: "under", text: photo.under, dir: "auto" }) : null,
    photo.verdict ? el("p", { class: "verdict" }, photo.verdict, photo.certainty ? el("b", { text: ` ${photo.certainty}` }) : null) : null,
    photo.differs ? differing(photo.differs) : null,
    photo.lines ? el("ul", { class: "lines" }, ...photo.lines.map((text) => el("li", { text, dir: "auto" }))) : null,
    photo.file ? el("p", { class: "file", text: photo.file, dir: "auto" }) : null,
  ];
}

/** Fields in which the products differ: metal gold → silver. */
function differing(rows) {
  return el("dl", { class: "differs" }, ...rows.map(([field, first, second]) => el("div", {},
    el("dt", { text: field, dir: "auto" }),
    el("dd", {}, el("bdi", { text: first || "none" }), el("span", { class: "arrow", "aria-label": "becomes", role: "img", text: " → " }), el("bdi", { class: "new", text: second || "none" })))));
}
