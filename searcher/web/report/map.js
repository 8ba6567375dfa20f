// The map: products as dots, near ones alike; the picture of a dot where the pointer or the keyboard is.

import { el } from "../base/elements.js";
import { framed, svg } from "./pictures.js";

const COLOURS = 10; // then they come again: a map shows places, the list shows names
const EDGE = 12;

/** The map of points; `onGroup` is called with the card that was chosen. */
export function mapOf(points, cards, onGroup) {
  const card = el("div", { class: "map-card", "aria-live": "polite" });
  const shape = svg("svg", { viewBox: "0 0 1000 640", role: "group", "aria-label": "Map of the products: near ones look alike", tabindex: "0", class: "map" });
  const dots = points.map((point) => {
    const dot = svg("circle", { cx: EDGE + point.x * (1000 - 2 * EDGE), cy: EDGE + point.y * (640 - 2 * EDGE), r: 5, class: point.group === undefined ? "dot none" : `dot c${point.group % COLOURS}` });
    shape.append(dot);
    return dot;
  });
  let at = -1;

  function show(place) {
    if (at >= 0) dots[at].classList.remove("on");
    at = place;
    const point = points[place];
    dots[place].classList.add("on");
    shape.append(dots[place]); // on top of the others
    const group = cards[point.group];
    card.replaceChildren(
      framed(point.picture, `Photo of ${point.name}`),
      el("div", {},
        el("h3", { text: point.name, dir: "auto" }),
        el("p", { class: "under", text: group ? group.title : "in no cluster", dir: "auto" }),
        group ? el("button", { type: "button", class: "chip", text: "Show its cluster", on: { click: () => onGroup(group) } }) : null));
  }

  const nearest = (x, y) => points.reduce((best, point, place) => {
    const apart = ((point.x - x) * 1.5) ** 2 + (point.y - y) ** 2;
    return apart < best.apart ? { place, apart } : best;
  }, { place: 0, apart: Infinity }).place;
  const under = (event) => {
    const box = shape.getBoundingClientRect();
    return nearest((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  shape.addEventListener("pointermove", (event) => show(under(event)));
  shape.addEventListener("click", (event) => show(under(event)));
  shape.addEventListener("focus", () => { if (at < 0) show(0); });
  shape.addEventListener("keydown", (event) => {
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!step || at < 0) return;
    event.preventDefault();
    show(towards(points, at, step));
  });
  if (points.length) show(0);
  return el("section", { class: "map-side", "aria-label": "Map" }, shape, card);
}

/** The nearest point in a direction; the same where there is none. */
function towards(points, from, [right, down]) {
  const here = points[from];
  let best = from;
  let least = Infinity;
  points.forEach((point, place) => {
    const [x, y] = [(point.x - here.x) * 1.5, point.y - here.y];
    const ahead = x * right + y * down;
    const cost = Math.hypot(x, y) + 2 * Math.abs(x * down + y * right);
    if (ahead > 1e-6 && cost < least) [best, least] = [place, cost];
  });
  return best;
}
