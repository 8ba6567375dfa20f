// Chosen filter texts: which chip is on, what pressing it changes, and what is sent.

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

/** Texts to send, each with the chosen texts it stands for: values of one field are alternatives (metal=gold|silver). */
export function joined(chosen) {
  const values = new Map();
  const sent = new Map();
  for (const text of chosen) {
    const [, field, value] = EQUALS.exec(text) ?? [];
    if (field) values.set(field, [...(values.get(field) ?? []), { text, value }]);
    else sent.set(text, [text]);
  }
  for (const [field, found] of values) {
    sent.set(`${field}=${found.map(({ value }) => value).join("|")}`, found.map(({ text }) => text));
  }
  return sent;
}

/** The texts to send. */
export const combined = (chosen) => [...joined(chosen).keys()];
