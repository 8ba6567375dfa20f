// How values are said to people: money, dates, shares, names of fields, and filters.

const HIDDEN = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu; // control characters, and those that turn text around

/** A catalog's text on one line, without characters that have no picture. */
export const plain = (value) => String(value ?? "").replace(/\s+/g, " ").replace(HIDDEN, "").trim();

/** A text for a heading, a label or a line: cut to `most` letters with a mark, between words where that is near. */
export function brief(text, most = 80) {
  const letters = [...text];
  if (letters.length <= most) return text;
  const cut = letters.slice(0, most - 1).join("");
  const blank = cut.lastIndexOf(" ");
  return `${(blank > cut.length * 0.6 ? cut.slice(0, blank) : cut).trimEnd()}…`;
}

/** The text with a capital letter, as a sentence begins. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** 494 EUR as €494; a currency that browsers do not know stands behind the number. */
export function money(value, currency) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "";
  const digits = Number.isInteger(value) ? 0 : 2;
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  try {
    if (currency) return new Intl.NumberFormat(undefined, { style: "currency", currency, ...fraction }).format(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return `${new Intl.NumberFormat(undefined, fraction).format(value)} ${plain(currency)}`.trim();
}

/** A share, 0 to 1, in per cent: never 100 % unless it is. */
export function percent(share) {
  const digits = share > 0.99 || share < 0.01 ? 1 : 0;
  const scale = 100 * 10 ** digits;
  const kept = share < 1 ? Math.min(Math.round(share * scale), scale - 1) : scale;
  return `${(kept / 10 ** digits).toFixed(share === 1 || share === 0 ? 0 : digits)} %`;
}

/** A score with three decimals, cut off: 0.9997 is not 1. */
export const likeness = (score) => (Math.trunc(score * 1000) / 1000).toFixed(3);

/** in_stock as In stock. */
export const fieldName = (field) => capital(field.replace(/[_.]+/g, " ").trim());

/** The name of a facet's value or range. */
export function facetLabel(facet, entry, currency) {
  if (facet.kind === "boolean") {
    if (facet.field === "in_stock") return entry.value ? "in stock" : "sold out";
    return entry.value ? "yes" : "no";
  }
  if ("value" in entry) return plain(entry.value);
  if (facet.kind === "date") return dateRange(entry.gte, entry.lt);
  const shown = (bound) => (facet.field === "price" ? money(bound, currency) : bound.toLocaleString());
  if (entry.gte === null && entry.lt === null) return "any";
  if (entry.gte === null) return `under ${shown(entry.lt)}`;
  return entry.lt === null ? `${shown(entry.gte)} and more` : `${shown(entry.gte)} – ${shown(entry.lt)}`;
}

function dateRange(gte, lt) {
  const day = 86_400_000;
  const from = gte === null ? null : new Date(gte);
  const to = lt === null ? null : new Date(new Date(lt).getTime() - day); // lt is the first day after the range
  const whole = (!from || from.getUTCDate() === 1) && (!lt || new Date(lt).getUTCDate() === 1);
  const parts = { month: "short", year: "numeric", timeZone: "UTC", ...(whole ? {} : { day: "numeric" }) };
  const format = new Intl.DateTimeFormat(undefined, parts);
  if (from && to) return format.formatRange(from, to);
  if (from) return `since ${format.format(from)}`;
  return to ? `until ${format.format(to)}` : "any";
}

/** What a product is called. */
export const titleOf = (product) => plain(product.payload?.title) || plain(product.product_id);

export const priceOf = (payload) => money(payload.price, payload.currency);

/** A value of a product's payload; empty for what only programs want to know. */
export function written(value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (value === null || typeof value === "object") return "";
  return typeof value === "number" ? value.toLocaleString(undefined, { useGrouping: false }) : plain(value);
}

export const count = (n, one, many) => `${n.toLocaleString()} ${n === 1 ? one : many}`;
