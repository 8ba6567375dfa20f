// Makes elements; texts become text nodes, never markup, so that a catalog's titles cannot bring elements along.

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

/** A button that does something. */
export function button(text, act, attributes = {}) {
  return el("button", { type: "button", text, on: { click: act }, ...attributes });
}

/** A chip that is on or off, with a count behind its text where one is known. */
export function toggle(text, pressed, act, count = null) {
  const chip = button(text, act, { class: "chip", "aria-pressed": String(pressed) });
  if (count !== null) chip.append(" ", el("span", { class: "count", text: count.toLocaleString() }));
  return chip;
}

/** A chip that can be taken away. */
export function removable(text, what, act, ...before) {
  const chip = el("button", { type: "button", class: "chip removable", on: { click: act }, "aria-label": what });
  chip.append(...before, el("span", { text, dir: "auto" }), el("span", { class: "cross", "aria-hidden": "true", text: "×" }));
  return chip;
}

export const byId = (id) => document.getElementById(id);
