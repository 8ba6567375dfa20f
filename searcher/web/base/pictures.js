// Pictures of products: an image element, or a quiet placeholder where there is none or it does not load.

import { pictureAddress } from "./api.js";
import { el } from "./elements.js";

/** A picture with its text for those who do not see it; `path` is null where the catalog has none. */
export function picture(path, alt) {
  const frame = el("span", { class: "picture" });
  const missing = () => frame.replaceChildren(el("span", { class: "missing", role: "img", "aria-label": `${alt}: no picture`, text: "no picture" }));
  if (!path) {
    missing();
    return frame;
  }
  const image = el("img", { alt, loading: "lazy", decoding: "async", width: 256, height: 256, on: { error: missing } });
  pictureAddress(path).then((url) => { image.src = url; }, missing);
  frame.append(image);
  return frame;
}
