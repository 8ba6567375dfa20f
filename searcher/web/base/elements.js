// Makes elements; texts become text nodes, never markup, so that a catalog's titles cannot bring elements along.

import { brief } from "./words.js";

const A_LINE = 24; // letters that fit wherever a text of the catalog is shown
const A_MESSAGE = 400; // letters

/**
 * An element with attributes and children.
 *
 * Attributes: `class`, `text`, `on` (an object of listeners), booleans (present or absent), and all others by name.
 * Children: elements, texts, or null for none.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") element.textContent = value;
    else if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A text of the catalog in as many lines as its place has (`.clamped`); a pointer over it reads the whole of a long one. */
export const clamped = (name, text, attributes = {}) =>
  el(name, { dir: "auto", title: text.length > A_LINE ? text : null, ...attributes, class: `clamped ${attributes.class ?? ""}`.trim(), text });

/** A message in a paragraph; of a very long one the beginning, and the whole where it is opened. */
export function message(text, attributes = {}) {
  if (text.length <= A_MESSAGE) return el("p", { dir: "auto", ...attributes, text });
  const whole = el("details", { class: "whole" }, el("summary", { text: "Read all of it" }), el("p", { text, dir: "auto" }));
  return el("div", attributes, el("p", { text: brief(text, A_MESSAGE), dir: "auto" }), whole);
}

/** A button that does something. */
export function button(text, act, attributes = {}) {
  return el("button", { type: "button", text, on: { click: act }, ...attributes });
}

/** A chip that is on or off, with a count behind its text where one is known. */
export function toggle(text, pressed, act, count = null) {
  const chip = el("button", { type: "button", class: "chip", "aria-pressed": String(pressed), on: { click: act } }, clamped("span", text));
  if (count !== null) chip.append(" ", el("span", { class: "count", text: count.toLocaleString() }));
  return chip;
}

/** A chip that can be taken away. */
export function removable(text, what, act, ...before) {
  const chip = el("button", { type: "button", class: "chip removable", on: { click: act }, "aria-label": what });
  chip.append(...before, clamped("span", text), el("span", { class: "cross", "aria-hidden": "true", text: "×" }));
  return chip;
}

export const byId = (id) => document.getElementById(id);
