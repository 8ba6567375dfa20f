// Where photos come from: the file picker, the camera, a drop anywhere on the page, the clipboard.

import { byId } from "../base/elements.js";
import { firstPhoto } from "./photos.js";

const NONE = "There is no photo in what you dropped; save the photo first, then drop the file.";

/** Call `take` with each photo, and `complain` with a line where a drop holds none. */
export function onPhotos(take, complain) {
  for (const id of ["file", "camera-file"]) {
    byId(id).addEventListener("change", (event) => {
      const [file] = event.target.files;
      if (file) take(file);
      event.target.value = ""; // the same photo may be chosen again
    });
  }
  document.addEventListener("paste", (event) => {
    const file = firstPhoto(event.clipboardData);
    if (!file) return; // text goes where the cursor is
    event.preventDefault();
    take(file);
  });
  onDrop((transfer) => {
    const file = firstPhoto(transfer) ?? transfer.files[0];
    if (file) take(file);
    else complain(NONE);
  });
}

function onDrop(dropped) {
  const veil = byId("drop-veil");
  const ours = (event) => event.dataTransfer?.types.some((type) => type === "Files" || type === "text/uri-list");
  let depth = 0; // enter and leave come for every element on the way
  const show = (by) => {
    depth = Math.max(0, depth + by);
    veil.hidden = depth === 0;
  };
  document.addEventListener("dragenter", (event) => { if (ours(event)) show(1); });
  document.addEventListener("dragleave", (event) => { if (ours(event)) show(-1); });
  document.addEventListener("dragover", (event) => { if (ours(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    show(-depth);
    if (!ours(event)) return;
    event.preventDefault();
    dropped(event.dataTransfer);
  });
}
