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

export const byId = (id) => document.getElementById(id);
