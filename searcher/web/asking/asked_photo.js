// The picture of a photo that was asked with, for an explanation: the visitor's own, or one of a product's.

import { el } from "../base/elements.js";
import { picture } from "../base/pictures.js";
import { brief, titleOf } from "../base/words.js";

/**
 * The picture and its caption, or null where there is none.
 *
 * @param key of the photo, as the explanation has it
 * @param state that was asked
 * @param photo of the visitor, or undefined
 * @param productOf loads a product by id, or gives null
 */
export async function askedPhoto(key, state, photo, productOf) {
  const ids = [state.product, ...state.likes].filter((id) => id !== null);
  for (const product of await Promise.all(ids.map(productOf))) {
    const found = product?.photos.find((one) => one.photo === key);
    if (found) {
      const title = brief(titleOf(product));
      return { element: picture(found.thumbnail, `Photo of ${title}`), caption: title };
    }
  }
  if (!photo?.url) return null;
  const caption = state.crop ? "The part of your photo" : "Your photo";
  return { element: el("span", { class: "picture" }, await part(photo, state.crop, caption)), caption };
}

async function part(photo, crop, alt) {
  const [left, top, right, bottom] = crop ?? [0, 0, 1, 1];
  const bitmap = await createImageBitmap(photo.file);
  const width = Math.max(1, Math.round((right - left) * bitmap.width));
  const height = Math.max(1, Math.round((bottom - top) * bitmap.height));
  const canvas = el("canvas", { role: "img", "aria-label": alt, width, height });
  canvas.getContext("2d").drawImage(bitmap, left * bitmap.width, top * bitmap.height, width, height, 0, 0, width, height);
  bitmap.close();
  return canvas;
}
