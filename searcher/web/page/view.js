// What is on the screen as a whole: which part is shown, messages, the line for screen readers, and the focus.

import { byId, el } from "../base/elements.js";

const PARTS = ["start", "found", "key-panel"];

/** Show one part of the page and hide the others. */
export function showOnly(part) {
  for (const id of PARTS) byId(id).hidden = id !== part;
}

/** Mark parts of the page as being drawn anew, or as complete. */
export function busy(is, ...ids) {
  for (const id of ids) byId(id).setAttribute("aria-busy", String(is));
}

/** Tell a problem in one line, with a button that helps where there is one. */
export function tell(message, help = null) {
  const box = byId("error");
  box.replaceChildren(el("p", { text: message, dir: "auto" }), help ?? "");
  box.hidden = false;
}

export function clearMessages() {
  byId("error").hidden = true;
  byId("error").replaceChildren();
}

/** Say what happened to those who do not see it. */
export function say(text) {
  byId("status").textContent = text;
}

/** Draw anew, and leave the focus where it was: on the element of the same name, else at the results. */
export function keepFocus(draw) {
  const before = document.activeElement;
  const name = before?.dataset.focus;
  draw();
  if (before === document.activeElement || before === document.body || before === null) return;
  const again = name && document.querySelector(`[data-focus="${CSS.escape(name)}"]`);
  (again || byId("results")).focus({ preventScroll: true });
}
