// The pictures of a report: read from the page piece by piece, when one of them is shown for the first time.

import { byId, el } from "../base/elements.js";

const SVG = "http://www.w3.org/2000/svg";
const pieces = new Map();
let aPiece = 1;

/** Say how many pictures stand in a piece. */
export const cutInto = (count) => { aPiece = count; };

/** The address of a picture; empty where it is not at hand. */
export function pictureSource(number) {
  if (number === undefined) return "";
  const piece = Math.floor(number / aPiece);
  if (!pieces.has(piece)) pieces.set(piece, JSON.parse(byId(`pictures-${piece}`)?.textContent ?? "[]"));
  const encoded = pieces.get(piece)[number % aPiece];
  return encoded ? `data:image/webp;base64,${encoded}` : "";
}

/** A picture in its frame, or the outline of a stone where there is none. */
export function framed(number, alt, kind = "") {
  const source = pictureSource(number);
  const shown = source ? el("img", { src: source, alt, decoding: "async" }) : placeholder(`${alt}: no picture`);
  return el("figure", { class: kind || null }, shown);
}

function placeholder(label) {
  const drawing = svg("svg", { class: "none", viewBox: "0 0 64 64", role: "img", "aria-label": label });
  drawing.append(svg("path", { d: "M20 18h24l10 12-22 22L10 30zM10 30h44M20 18l6 12 6 22 6-22 6-12" }));
  return drawing;
}

/** An element of a drawing with attributes. */
export function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
