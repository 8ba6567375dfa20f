// What a visitor types: the field for it, and whether it is a product's number or words.

import { post } from "../base/api.js";
import { byId } from "../base/elements.js";

const LONGEST_NUMBER = 500; // letters, as the service takes them

const field = byId("words");
let put = ""; // what the page wrote into the field last, or found there when it was asked with
let composing = false; // letters are being put together, as for Japanese

field.addEventListener("compositionstart", () => { composing = true; });
field.addEventListener("compositionend", () => { composing = false; });

/** What the field says of a state. */
const textOf = (state) => state.ask ?? state.words ?? "";

/** Let the field say what is asked, unless the visitor has written something of their own since. */
export function showTyped(state) {
  const text = textOf(state);
  if (text === put) return;
  if (field.value === put && !composing) field.value = text;
  put = text;
}

/** Let the field say what is asked, whatever it holds: the visitor went to another question. */
export function overwriteTyped(state) {
  put = textOf(state);
  if (field.value !== put) field.value = put;
}

/**
 * What was typed: `meant`, a part of a state, is a product where the index has one of this number, else words. For words
 * that are nearly a number, `near` says which.
 *
 * A number may hold blanks; those around it, or doubled, may have come along from where it was copied.
 */
export async function understood(text, signal) {
  const words = text.trim();
  const numbers = [...new Set([text, words, words.replace(/\s+/g, " ")])].filter((one) => [...one].length <= LONGEST_NUMBER);
  if (!numbers.length) return { meant: { ask: null, words }, near: null };
  const { answers } = await post("v1/batch", { queries: numbers, k: 1, fields: [] }, signal); // 200 either way
  const found = numbers.find((_, i) => answers[i].matches);
  if (found !== undefined) return { meant: { ask: null, product: found }, near: null };
  const near = answers.map(({ error }) => error).find((error) => error?.includes("did you mean")) ?? null;
  return { meant: { ask: null, words }, near };
}
