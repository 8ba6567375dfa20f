// Texts of any length in places that are not: a catalog's titles and values, and messages.

import { el } from "./elements.js";
import { brief } from "./words.js";

const A_LINE = 24; // letters that fit wherever a text of the catalog is shown
const A_MESSAGE = 400; // letters

/** A text of the catalog in as many lines as its place has (`.clamped`); a pointer over it reads the whole of a long one. */
export const clamped = (name, text, attributes = {}) =>
  el(name, { dir: "auto", title: text.length > A_LINE ? text : null, ...attributes, class: `clamped ${attributes.class ?? ""}`.trim(), text });

/** A message in a paragraph; of a very long one the beginning, and the whole where it is opened. */
export function message(text, attributes = {}) {
  if (text.length <= A_MESSAGE) return el("p", { dir: "auto", ...attributes, text });
  const whole = el("details", { class: "whole" }, el("summary", { text: "Read all of it" }), el("p", { text, dir: "auto" }));
  return el("div", attributes, el("p", { text: brief(text, A_MESSAGE), dir: "auto" }), whole);
}
