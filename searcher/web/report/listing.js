// Which entries are shown, in what order, and on which page: plain functions over the cards.

export const A_PAGE = 50;
export const A_PRINT = 1000; // entries on paper: more than a printer should be asked for by accident

export const everything = () => ({ words: "", kind: "", flags: [], order: "", page: 0 });

/** Texts to find each card by, in small letters. */
export function findable(cards) {
  return cards.map((card) => [card.id, card.title, card.find, card.meta, ...(card.flags ?? []),
    ...card.photos.flatMap((photo) => [photo.name, photo.under, photo.file])].filter(Boolean).join("\n").toLocaleLowerCase());
}

/** The cards that pass, in order. */
export function chosen(cards, texts, { words, kind, flags, order }) {
  const wanted = words.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const passing = cards.filter((card, place) => {
    const tags = card.tags ?? [];
    return (!kind || tags.includes(kind)) && flags.every((flag) => tags.includes(flag)) && wanted.every((word) => texts[place].includes(word));
  });
  return order ? passing.sort((a, b) => (b.order?.[order] ?? 0) - (a.order?.[order] ?? 0)) : passing;
}

export const pages = (count) => Math.max(1, Math.ceil(count / A_PAGE));

/** The filter in words, for paper. */
export function inWords(data, { words, kind, flags, order }) {
  const label = (choices, id) => choices.find((choice) => choice.id === id)?.label ?? id;
  const parts = [kind && label(data.kinds, kind), ...flags.map((flag) => label(data.flags, flag)), words && `“${words}”`].filter(Boolean);
  return [parts.length ? `Only: ${parts.join(" · ")}` : "", order ? `order: ${label(data.orders, order)}` : ""].filter(Boolean).join("; ");
}
