// The crop box on the query photo: drawn, moved and resized by mouse, touch or keyboard.

import { button, el } from "../base/elements.js";
import { percent } from "../base/words.js";

const LEAST = 0.05; // of a side
const FIRST = [0.2, 0.2, 0.8, 0.8];
const STEP = 0.02;
const BIG_STEP = 0.1;
const CORNERS = ["nw", "ne", "sw", "se"];
const HELP = "Drag the box or its corners. Arrow keys move it, Shift and arrow keys change its size, Delete removes it.";

const within = (value, low, high) => Math.min(high, Math.max(low, value));
const rounded = (box) => box.map((value) => Math.round(value * 10_000) / 10_000);

/**
 * A photo with its crop box.
 *
 * @param url of the photo
 * @param box left, top, right, bottom as shares of the photo, or null
 * @param changed called with the new box, or null, once a change is complete
 * @param others buttons to stand beside those of the box
 */
export function cropper(url, box, changed, ...others) {
  const frame = el("div", { class: "crop-frame" }, el("img", { src: url, alt: "Your photo", draggable: "false" }));
  const handles = CORNERS.map((corner) => el("span", { class: `handle ${corner}`, "data-corner": corner }));
  const shown = el("div", { class: "crop-box", tabindex: "0", role: "application", "aria-roledescription": "crop box", "aria-describedby": "crop-help" }, ...handles);
  frame.append(shown);
  const help = el("p", { id: "crop-help", class: "small" });
  const start = button("Crop to a part", () => { set(FIRST); shown.focus(); changed(box); });
  const clear = button("Whole photo", () => { set(null); start.focus(); changed(null); });

  function set(next) {
    box = next && rounded(next);
    shown.hidden = !box;
    start.hidden = Boolean(box);
    clear.hidden = !box;
    frame.classList.toggle("cropping", Boolean(box));
    help.textContent = box ? HELP : "Draw a box on the photo to search with a part of it.";
    if (!box) return;
    const [left, top, right, bottom] = box;
    Object.assign(shown.style, { left: `${left * 100}%`, top: `${top * 100}%`, width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%` });
    shown.setAttribute("aria-label", `Part of the photo: from ${percent(left)} to ${percent(right)} across, from ${percent(top)} to ${percent(bottom)} down`);
  }

  byPointer(frame, shown, () => box, set, changed);
  byKeyboard(shown, () => box, set, (next) => { if (!next) start.focus(); changed(next); });
  set(box);
  return el("div", { class: "crop" }, frame, help, el("div", { class: "row" }, start, clear, ...others));
}

function byPointer(frame, shown, get, set, changed) {
  const place = (event) => {
    const area = frame.getBoundingClientRect();
    return [within((event.clientX - area.left) / area.width, 0, 1), within((event.clientY - area.top) / area.height, 0, 1)];
  };
  let drag = null;

  frame.addEventListener("pointerdown", (event) => {
    const before = get();
    if (!event.isPrimary || event.button !== 0) return;
    if (event.pointerType === "touch" && !before) return; // a finger scrolls the page until cropping was asked for
    const corner = event.target.dataset?.corner;
    const kind = corner ?? (shown.contains(event.target) ? "move" : "draw");
    drag = { kind, before, from: place(event), moved: false };
    frame.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const next = dragged(drag, place(event));
    if (!next) return;
    drag.moved = true;
    set(next);
  });
  frame.addEventListener("pointerup", () => {
    if (drag?.moved) { changed(get()); shown.focus({ preventScroll: true }); }
    drag = null;
  });
  frame.addEventListener("pointercancel", () => {
    if (drag) set(drag.before);
    drag = null;
  });
}

/** The box that a drag so far makes, or null while it is too small to be meant. */
function dragged({ kind, before, from, moved }, to) {
  if (kind === "move") {
    const [left, top, right, bottom] = before;
    const x = within(to[0] - from[0], -left, 1 - right);
    const y = within(to[1] - from[1], -top, 1 - bottom);
    return [left + x, top + y, right + x, bottom + y];
  }
  if (kind === "draw") {
    const box = [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])];
    if (box[2] - box[0] >= LEAST && box[3] - box[1] >= LEAST) return box;
    return moved ? grown(box) : null;
  }
  const [left, top, right, bottom] = before;
  return [
    kind.includes("w") ? within(to[0], 0, right - LEAST) : left,
    kind.includes("n") ? within(to[1], 0, bottom - LEAST) : top,
    kind.includes("e") ? within(to[0], left + LEAST, 1) : right,
    kind.includes("s") ? within(to[1], top + LEAST, 1) : bottom,
  ];
}

function grown([left, top, right, bottom]) {
  const x = within(left, 0, 1 - LEAST);
  const y = within(top, 0, 1 - LEAST);
  return [x, y, Math.max(right, x + LEAST), Math.max(bottom, y + LEAST)];
}

function byKeyboard(shown, get, set, changed) {
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  let waiting = null;
  shown.addEventListener("keydown", (event) => {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      clearTimeout(waiting);
      set(null);
      changed(null);
      return;
    }
    const way = ways[event.key];
    if (!way || event.altKey || event.metaKey) return;
    event.preventDefault();
    const step = event.ctrlKey ? BIG_STEP : STEP;
    const [x, y] = way.map((sign) => sign * step);
    const [left, top, right, bottom] = get();
    if (event.shiftKey) set([left, top, within(right + x, left + LEAST, 1), within(bottom + y, top + LEAST, 1)]);
    else {
      const [across, down] = [within(x, -left, 1 - right), within(y, -top, 1 - bottom)];
      set([left + across, top + down, right + across, bottom + down]);
    }
    clearTimeout(waiting);
    waiting = setTimeout(() => changed(get()), 500); // one question for a series of steps
  });
}
