// Chosen filter texts: which chip is on, what pressing it changes, and what is sent.

import { fieldName } from "../base/words.js";

const EQUALS = /^([\p{L}_][\p{L}\p{N}_.-]*)=(.+)$/su;
const FIELD = /^([\p{L}_][\p{L}\p{N}_.-]*?)\s*(?:!=|<=|>=|\^=|=|<|>|~)/u;

/** The field that a filter text is about. */
export const fieldOf = (text) => FIELD.exec(text)?.[1] ?? null;

/** Whether a chip is on: all its texts are chosen. */
export const isOn = (chosen, entry) => entry.where.every((text) => chosen.includes(text));

/** The texts chosen after a chip is pressed: several values of a keyword add up, other fields have one choice. */
export function pressed(chosen, facet, entry) {
  const on = isOn(chosen, entry);
  const several = facet.kind === "keyword";
  const kept = chosen.filter((text) => (several && !on ? true : several ? !entry.where.includes(text) : fieldOf(text) !== facet.field));
  return on ? kept : [...kept, ...entry.where];
}

/**
 * Texts to send, each with the chosen texts it stands for: values of one field are alternatives (metal=gold|silver).
 *
 * They are in the order in which they were chosen: what is loosened first is what was chosen last.
 */
export function joined(chosen) {
  const groups = new Map();
  for (const text of chosen) {
    const [, field, value] = EQUALS.exec(text) ?? [];
    const name = field ?? `text ${text}`;
    groups.set(name, [...(groups.get(name) ?? []), { text, field, value }]);
  }
  const sent = [...groups.values()].map((found) => {
    const [{ text, field }] = found;
    return [field ? `${field}=${found.map(({ value }) => value).join("|")}` : text, found.map((one) => one.text)];
  });
  return new Map(sent);
}

/** A filter text in words, for one that no facet names. */
export function saying(text) {
  const [, field, value] = EQUALS.exec(text) ?? [];
  if (!field) return text.replace(/(!=|<=|>=|\^=|<|>|~)/u, " $1 ").trim();
  if (value === "true" || value === "false") return `${fieldName(field)}: ${value === "true" ? "yes" : "no"}`;
  return value.replace(/^"(.*)"$/su, (_, quoted) => quoted.replaceAll('""', '"')).replaceAll("|", ", ");
}

/** The texts to send. */
export const combined = (chosen) => [...joined(chosen).keys()];
