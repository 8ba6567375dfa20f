// The report: filters, order and pages above its cards; draws one page at a time, so that thousands stay quick.

import { byId, button, el } from "../base/elements.js";
import { drawn } from "./cards.js";
import { A_PAGE, A_PRINT, chosen, everything, findable, inWords, pages } from "./listing.js";
import { mapOf } from "./map.js";
import { cutInto } from "./pictures.js";

const data = JSON.parse(byId("data").textContent);
cutInto(data.picturesAPiece);
const texts = findable(data.cards);
const [one, many] = data.entry;
const list = el("ol", { class: "cards", id: "cards" });
const status = el("p", { class: "status", role: "status", id: "status" });
const onPaper = el("p", { class: "on-paper" });
const pagers = [pager("Pages, above"), pager("Pages, below")];
const state = everything();
let shown = data.cards;

function update(changes, keepPage = false) {
  Object.assign(state, changes, keepPage ? {} : { page: 0 });
  shown = chosen(data.cards, texts, state);
  draw();
}

function draw() {
  const last = pages(shown.length) - 1;
  state.page = Math.min(Math.max(0, state.page), last);
  const from = state.page * A_PAGE;
  put(from, from + A_PAGE);
  const to = Math.min(from + A_PAGE, shown.length);
  const total = `${shown.length.toLocaleString()} ${shown.length === 1 ? one : many}`;
  const of = shown.length === data.cards.length ? "" : ` of ${data.cards.length.toLocaleString()}`;
  status.textContent = last ? `${(from + 1).toLocaleString()} to ${to.toLocaleString()} of ${total}${of && `, filtered from ${data.cards.length.toLocaleString()}`}` : `${total}${of}`;
  onPaper.textContent = inWords(data, state);
  for (const { box, back, on, where } of pagers) {
    box.hidden = last === 0;
    back.disabled = state.page === 0;
    on.disabled = state.page === last;
    where.textContent = `Page ${(state.page + 1).toLocaleString()} of ${(last + 1).toLocaleString()}`;
  }
}

function put(from, to) {
  const cards = shown.slice(from, to).map((card, place) => drawn(card, from + place + 1));
  list.start = from + 1;
  list.replaceChildren(...(cards.length ? cards : [el("li", { class: "nothing" }, el("p", { text: data.cards.length ? `No ${one} passes this filter.` : `There is no ${one}.` }), data.cards.length ? button("Show all", reset, { class: "chip" }) : null)]));
}

function turn(by) {
  state.page += by;
  draw();
  status.scrollIntoView({ block: "start" });
}

function pager(label) {
  const back = button("Previous", () => turn(-1), { class: "chip" });
  const on = button("Next", () => turn(1), { class: "chip" });
  const where = el("span", { class: "under" });
  return { box: el("nav", { class: "pager", "aria-label": label }, back, where, on), back, on, where };
}

function chip(choice, pressed, act) {
  const made = button(choice.label, () => { act(); marks(); }, { class: "chip", "aria-pressed": "false" });
  if (choice.count !== null) made.append(" ", el("span", { class: "count", text: choice.count.toLocaleString() }));
  chips.push([made, pressed]);
  return made;
}

const chips = [];
const marks = () => chips.forEach(([made, pressed]) => made.setAttribute("aria-pressed", String(pressed())));

function filters() {
  const words = el("input", { type: "search", id: "words", placeholder: data.placeholder, autocomplete: "off", on: { input: () => update({ words: words.value }) } });
  const order = el("select", { id: "order", on: { change: () => update({ order: order.value }) } }, ...data.orders.map(({ id, label }) => el("option", { value: id, text: label })));
  const kinds = data.kinds.map((kind) => chip(kind, () => state.kind === kind.id, () => update({ kind: state.kind === kind.id ? "" : kind.id })));
  const flags = data.flags.map((flag) => chip(flag, () => state.flags.includes(flag.id), () => update({ flags: state.flags.includes(flag.id) ? state.flags.filter((id) => id !== flag.id) : [...state.flags, flag.id] })));
  const differences = el("input", { type: "checkbox", id: "differences", checked: true, on: { change: () => document.body.classList.toggle("no-differences", !differences.checked) } });
  return el("div", { class: "filters" },
    el("div", { class: "row" },
      el("label", { class: "field" }, el("span", { text: "Find" }), words),
      data.orders.length ? el("label", { class: "field" }, el("span", { text: "Order" }), order) : null,
      data.differences ? el("label", { class: "check" }, differences, "Pictures of what differs") : null),
    kinds.length > 1 ? el("div", { class: "row", role: "group", "aria-label": "Kind" }, ...kinds) : null,
    flags.length ? el("div", { class: "row", role: "group", "aria-label": "Only those with" }, ...flags) : null);
}

function reset() {
  byId("words").value = "";
  update({ words: "", kind: "", flags: [] });
  marks();
}

function showCard(card) {
  if (!shown.includes(card)) reset();
  state.page = Math.floor(shown.indexOf(card) / A_PAGE);
  draw();
  const element = list.children[shown.indexOf(card) % A_PAGE];
  element.tabIndex = -1;
  element.scrollIntoView({ block: "start" });
  element.focus({ preventScroll: true });
}

byId("report").append(data.map.length ? mapOf(data.map, data.cards, showCard) : "", ...(data.cards.length ? [filters()] : []), status, onPaper, pagers[0].box, list, pagers[1].box);
draw();

// On paper stands what the filter shows, not one page of it.
addEventListener("beforeprint", () => {
  put(0, A_PRINT);
  status.textContent = `${shown.length.toLocaleString()} ${shown.length === 1 ? one : many}`;
  if (shown.length > A_PRINT) onPaper.textContent += ` The first ${A_PRINT.toLocaleString()} are printed; narrow the filter for the others.`;
});
addEventListener("afterprint", draw);
