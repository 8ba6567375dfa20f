// The page: what the visitor does, and which part of the search answers to it.

import { hasKey, useKey } from "../base/api.js";
import { byId } from "../base/elements.js";
import { onPhotos } from "../asking/intake.js";
import { act, ask, change, goOn, home, open, refresh, showMore, tell, usePhoto } from "./session.js";
import { begins } from "./view.js";

const listen = (id, event, listener) => byId(id).addEventListener(event, listener);

listen("ask", "submit", (event) => { event.preventDefault(); ask(byId("words").value); });
listen("choose", "click", act.choose);
listen("header-photo", "click", act.choose);
listen("camera", "click", () => byId("camera-file").click());
listen("more", "click", showMore);
listen("diversity", "change", (event) => change({ diversity: Number(event.target.value) }, { replace: true }));
listen("colour", "change", (event) => change({ colour: Number(event.target.value) }, { replace: true }));
listen("relax", "change", (event) => change({ relax: event.target.checked }));
for (const id of ["grid", "query-body"]) {
  listen(id, "click", (event) => { if (event.target.closest("a") && !event.ctrlKey && !event.metaKey && !event.shiftKey) goOn(); });
}
listen("filters-toggle", "click", () => {
  const open = byId("refine").classList.toggle("open");
  byId("filters-toggle").setAttribute("aria-expanded", String(open));
});
listen("home", "click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  home();
});
listen("key-form", "submit", (event) => {
  event.preventDefault();
  useKey(byId("key").value.trim());
  byId("key").value = "";
  byId("forget-key").hidden = false;
  refresh();
});
listen("forget-key", "click", () => { useKey(null); location.reload(); });
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address is the state's
  begins().focus();
});
window.addEventListener("popstate", open);
onPhotos(usePhoto, tell);
byId("forget-key").hidden = !hasKey();
open();
