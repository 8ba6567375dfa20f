// What is on the screen as a whole: which part is shown, messages, the line for screen readers, and the focus.

import { byId } from "../base/elements.js";
import { message } from "../base/long_texts.js";

const PARTS = ["start", "found", "key-panel"];

/** Show one part of the page and hide the others. */
export function showOnly(part) {
  for (const id of PARTS) byId(id).hidden = id !== part;
}

/** Mark a part of the page as being drawn anew, or as complete. */
export function busy(is, id) {
  byId(id).setAttribute("aria-busy", String(is));
}

let shown = null;

/** Show what there is to tell, `text` and a button that helps, or nothing; what is there already is not said again. */
export function showTold(told) {
  if (told === shown) return;
  shown = told;
  const box = byId("error");
  box.replaceChildren(...(told ? [message(told.text), told.help ?? ""] : []));
  box.hidden = !told;
}

/** Say what happened to those who do not see it. */
export function say(text) {
  byId("status").textContent = text;
}

/** What the focus is found on again by this name, or null. */
export const focusable = (name) => document.querySelector(`[data-focus="${CSS.escape(name)}"]`);

/** Draw anew, and leave the focus where it was: on the element of the same name, else where the page goes on. */
export function keepFocus(draw) {
  const before = document.activeElement;
  const name = before?.dataset.focus;
  draw();
  if (before === null || before === document.body || (before === document.activeElement && before.checkVisibility())) return;
  const again = name && focusable(name);
  (again || begins()).focus({ preventScroll: true });
}

/** Where the part that is shown begins for the keyboard. */
export function begins() {
  if (!byId("key-panel").hidden) return byId("key");
  return byId("found").hidden ? byId("choose") : byId("results");
}
