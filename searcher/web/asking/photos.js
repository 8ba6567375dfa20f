// The visitor's photos: taken in by choosing, dropping, pasting or the camera, and made smaller before they travel.

const LONGEST = 1600; // pixels: enough for a network's input even from a crop of a sixth of the photo
const SMALL = 1024; // pixels of a copy that travels inside JSON
const SMALL_BYTES = 600_000; // in base64 below the service's limit for JSON
const MOST = 8;

const kept = new Map();
let last = 0;

/** A photo of this tab by its number; undefined after a reload. */
export const photoOf = (number) => kept.get(number);

/**
 * Take a photo in and give its number, at once: `ready` of the photo is when it can be asked with and shown.
 *
 * Throws an `Error` with one line for people where this is no photo; `ready` does where it cannot be made smaller.
 */
export function takeIn(file) {
  if (file.type && !file.type.startsWith("image/")) throw new Error(`${file.name || "This"} is not a photo; choose a JPEG, PNG or WebP file.`);
  if (!file.size) throw new Error(`${file.name || "This photo"} is empty; choose another.`);
  const photo = { file, name: file.name || "pasted photo", url: null, small: null, read: false };
  photo.ready = read(photo);
  photo.ready.catch(() => {}); // whoever asks with it is told
  last += 1;
  kept.set(last, photo);
  if (kept.size > MOST) forget(kept.keys().next().value);
  return last;
}

async function read(photo) {
  const bitmap = await createImageBitmap(photo.file).catch(() => null); // a kind that only the service may know
  if (bitmap) {
    if (Math.max(bitmap.width, bitmap.height) > LONGEST) photo.file = await scaled(bitmap, LONGEST, 0.92);
    photo.small = photo.file.size <= SMALL_BYTES ? photo.file : await scaled(bitmap, SMALL, 0.85);
    photo.url = URL.createObjectURL(photo.file);
    bitmap.close();
  }
  photo.read = true;
}

/** The photo in base64, for a question that is JSON. */
export async function inBase64(photo) {
  if (!photo.small && photo.file.size > SMALL_BYTES) throw new Error("This browser cannot make this photo smaller; choose a JPEG or PNG to refine with it.");
  const bytes = new Uint8Array(await (photo.small ?? photo.file).arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32_768) text += String.fromCharCode(...bytes.subarray(i, i + 32_768));
  return btoa(text);
}

/** The first photo of what was dropped or pasted, or null. */
export const firstPhoto = (transfer) => [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null;

function forget(number) {
  const photo = kept.get(number);
  if (photo.url) URL.revokeObjectURL(photo.url);
  kept.delete(number);
}

function scaled(bitmap, longest, quality) {
  const share = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * share));
  canvas.height = Math.max(1, Math.round(bitmap.height * share));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // what is transparent would turn black
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("This photo cannot be made smaller; choose another."))), "image/jpeg", quality);
  });
}
