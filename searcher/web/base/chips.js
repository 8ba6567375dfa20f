// Chips: what can be switched on and off, and what can be taken away.

import { button, el } from "./elements.js";
import { clamped } from "./long_texts.js";

/** A chip that does something. */
export function plainChip(text, act, attributes = {}) {
  const chip = button("", act, { class: "chip", ...attributes });
  chip.append(clamped("span", text));
  return chip;
}

/** A chip that is on or off, with a count behind its text where one is known. */
export function toggle(text, pressed, act, count = null) {
  const chip = plainChip(text, act, { "aria-pressed": String(pressed) });
  if (count !== null) chip.append(" ", el("span", { class: "count", text: count.toLocaleString() }));
  return chip;
}

/** A chip that can be taken away. */
export function removable(text, what, act, ...before) {
  const chip = el("button", { type: "button", class: "chip removable", on: { click: act }, "aria-label": what });
  chip.append(...before, clamped("span", text), el("span", { class: "cross", "aria-hidden": "true", text: "×" }));
  return chip;
}
