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
    if (!file || (isTextField(event.target) && wordsOf(event.clipboardData))) return; // text goes where the cursor is
    event.preventDefault();
    take(file);
  });
  onDrop((transfer) => {
    const file = firstPhoto(transfer) ?? transfer.files[0];
    if (file) take(file);
    else complain(NONE);
  });
}

const isTextField = (target) => target instanceof Element && target.closest("input:not([type=checkbox], [type=range], [type=file]), textarea") !== null;

/** The text beside the pictures of a clipboard: cells of a spreadsheet, lines of a letter, but not the names of copied files. */
function wordsOf(transfer) {
  const names = new Set([...transfer.files].map((file) => file.name));
  const lines = transfer.getData("text/plain").split(/[\r\n]+/).map((line) => line.trim());
  return lines.filter((line) => line && !names.has(line) && !names.has(line.split(/[\\/]/).at(-1))).join("\n");
}

function onDrop(dropped) {
  const veil = byId("drop-veil");
  const ours = (event) => {
    const types = event.dataTransfer?.types ?? [];
    return types.includes("Files") || (types.includes("text/uri-list") && !isTextField(event.target)); // an address may be dropped into a field
  };
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
