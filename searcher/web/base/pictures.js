// Pictures of products: an image element, or a quiet placeholder where there is none or it does not load.

import { hasKey, isSigned, pictureAddress } from "./api.js";
import { el } from "./elements.js";

/** A picture with its text for those who do not see it; `path` is null where the catalog has none. */
export function picture(path, alt) {
  const frame = el("span", { class: "picture" });
  const missing = () => frame.replaceChildren(el("span", { class: "missing", role: "img", "aria-label": `${alt}: no picture`, text: "no picture" }));
  if (!path) {
    missing();
    return frame;
  }
  let asked = false;
  const again = () => { // the signature of a page that was left open has expired; the key has not
    if (asked || !hasKey() || !isSigned(path)) return missing();
    asked = true;
    return pictureAddress(path, true).then((url) => { image.src = url; }, missing);
  };
  const image = el("img", { alt, loading: "lazy", decoding: "async", width: 256, height: 256, on: { error: again } });
  pictureAddress(path).then((url) => { image.src = url; }, missing);
  frame.append(image);
  return frame;
}
