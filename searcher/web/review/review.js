// The review page: goes through the pairs of the stored report and sends a decision on each.

import { hasKey, inLine, useKey } from "../base/api.js";
import { button, byId } from "../base/elements.js";
import { prepare, showPair } from "./review_pair.js";
import { decided, queued, readPairs, send } from "./review_queue.js";

const PARTS = ["help", "pair", "done"];
const SAID = { same: "Same", variant: "Variant", different: "Different", skip: "Skipped" };

let pairs = [];
let queue = [];
let at = 0;
let sending = false;
let withDifference = false;
const past = []; // what was decided in this tab: the pair and its verdict before

const say = (text) => { byId("status").textContent = text; };
const busy = (is) => document.querySelector("main").setAttribute("aria-busy", String(is));

function show(part) {
  for (const id of PARTS) byId(id).hidden = id !== part;
  for (const id of ["bar", "settings", "progress-box"]) byId(id).hidden = part === "help";
}

/** The key that stands behind # in the address goes into this tab's memory, and out of the address. */
function takeKey() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!key) return false;
  useKey(key.trim());
  history.replaceState(null, "", location.pathname);
  return true;
}

function help(title, words, command, wantsKey) {
  byId("help-title").textContent = title;
  byId("help-words").textContent = words;
  byId("help-command").firstElementChild.textContent = command;
  byId("help-command").hidden = !command;
  byId("key-form").hidden = !wantsKey;
  byId("again").hidden = wantsKey;
  busy(false);
  show("help");
}

function tell(error, again) {
  byId("error").replaceChildren(document.createTextNode(inLine(error)), button("Try again", again));
  byId("error").hidden = false;
}

async function open() {
  byId("error").hidden = true;
  if (!hasKey()) {
    help("A key is needed", "Start the review on the machine of the index, and open the address that it prints:", "searcher duplicates --review", true);
    return;
  }
  busy(true);
  try {
    const report = await readPairs((read, total) => say(`Reading the report: ${read.toLocaleString()} of ${total.toLocaleString()}`));
    pairs = report.pairs;
    byId("stale").hidden = !report.stale;
    byId("stale").textContent = `The report is about generation ${report.generation}, and the index has moved on since. Decisions stay valid; run searcher duplicates for a new report.`;
    begin();
  } catch (error) {
    if (error.status === 401 || error.status === 403) help("Another key is needed", error.message, "searcher duplicates --review", true);
    else if (error.status === 404) help("There is no report yet", "Make the report of duplicates, then try again:", "searcher duplicates", false);
    else help("The report cannot be read", inLine(error), "", false);
  }
}

function begin() {
  queue = queued(pairs, byId("all").checked);
  at = 0;
  draw();
  busy(false);
}

function draw() {
  const done = decided(pairs);
  byId("progress").max = Math.max(1, pairs.length);
  byId("progress").value = done;
  byId("progress-words").textContent = `${done.toLocaleString()} of ${pairs.length.toLocaleString()} decided`;
  byId("back").disabled = at === 0;
  byId("forward").disabled = at >= queue.length;
  byId("undo").disabled = past.length === 0;
  const over = at >= queue.length;
  for (const id of ["same", "variant", "different", "skip", "difference"]) byId(id).disabled = over;
  if (over) {
    finish();
    return;
  }
  showPair(queue[at], at, queue.length, withDifference);
  show("pair");
  if (at + 1 < queue.length) prepare(queue[at + 1]);
}

function finish() {
  const open = pairs.length - decided(pairs);
  byId("done-title").textContent = pairs.length === 0 ? "Nothing to review" : open ? "That was the last pair" : "All pairs are decided";
  byId("done-words").textContent = pairs.length === 0
    ? "The report has no pairs that a person needs to look at."
    : `${open ? `${open.toLocaleString()} ${open === 1 ? "pair is" : "pairs are"} left open. ` : ""}Make the report again, and it follows your decisions:`;
  byId("done-command").hidden = pairs.length === 0;
  show("done");
}

/** After a change by the keyboard or a button, the focus is where the pair begins: not on a button that is gone. */
function goTo(place) {
  at = Math.min(Math.max(0, place), queue.length);
  draw();
  byId(at < queue.length ? "pair" : "done").focus({ preventScroll: true });
}

async function record(pair, verdict, then) {
  if (sending) return;
  sending = true;
  busy(true);
  byId("error").hidden = true;
  try {
    await send(pair, verdict);
    then();
  } catch (error) {
    tell(error, () => record(pair, verdict, then));
  } finally {
    sending = false;
    busy(false);
  }
}

function decide(verdict) {
  const pair = queue[at];
  if (!pair) return;
  record(pair, verdict, () => {
    past.push({ pair, before: pair.verdict });
    pair.verdict = verdict;
    say(`${SAID[verdict]}. ${decided(pairs)} of ${pairs.length} decided.`);
    goTo(at + 1);
  });
}

/** Take the last decision back: nothing is erased, another decision is added. */
function undo() {
  const last = past.at(-1);
  if (!last) return;
  record(last.pair, last.before ?? "skip", () => {
    past.pop();
    last.pair.verdict = last.before;
    if (!queue.includes(last.pair)) queue = [last.pair, ...queue];
    say("Taken back.");
    goTo(queue.indexOf(last.pair));
  });
}

function toggleDifference() {
  withDifference = !withDifference;
  byId("difference").setAttribute("aria-pressed", String(withDifference));
  draw();
}

const ACTIONS = {
  s: () => decide("same"), v: () => decide("variant"), d: () => decide("different"), " ": () => decide("skip"),
  ArrowLeft: () => goTo(at - 1), ArrowRight: () => goTo(at + 1), u: undo, x: toggleDifference,
};

document.addEventListener("keydown", (event) => {
  const action = ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const target = event.target.closest?.("input, select, textarea, button, a, summary");
  const native = target && (target.matches("input:not([type=checkbox]), select, textarea") || event.key === " ");
  if (!action || native || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (byId("bar").hidden || !byId("keys").checked) return;
  event.preventDefault();
  if (!sending) action();
});
for (const verdict of ["same", "variant", "different", "skip"]) byId(verdict).addEventListener("click", () => decide(verdict));
byId("back").addEventListener("click", () => goTo(at - 1));
byId("forward").addEventListener("click", () => goTo(at + 1));
byId("undo").addEventListener("click", undo);
byId("difference").addEventListener("click", toggleDifference);
byId("all").addEventListener("change", begin);
byId("again").addEventListener("click", open);
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey(byId("key").value.trim());
  byId("key").value = "";
  open();
});
addEventListener("hashchange", () => { if (takeKey()) open(); });
takeKey();
open();
