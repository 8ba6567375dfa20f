// Talks to the service: one place for the API key, for problems told in one line, and for pictures behind a key.

import { capital } from "./words.js";

const KEY = "jewelry-api-key";
const MOST_PICTURES = 600;

const pictures = new Map();

/** What the service or the way to it refused; the message is one line for people. */
export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** What went wrong in one line for people: what a browser says of a script is no word to them, and goes to the console. */
export function inLine(error) {
  if (error.name === "Error") return error.message; // ours: `Problem` is one
  console.error(error);
  return "This page can make nothing of the answer. Load it anew, and tell who runs it if that does not help.";
}

export const hasKey = () => sessionStorage.getItem(KEY) !== null;

/** Remember a key for this tab; null forgets it. */
export function useKey(key) {
  if (key === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, key);
  forgetPictures();
}

/** The address of something of the service, also where a proxy serves it under a folder. */
const address = (path) => new URL(path.replace(/^\//, ""), document.baseURI);

async function fetched(path, options = {}) {
  const headers = new Headers(options.headers);
  const key = sessionStorage.getItem(KEY);
  if (key !== null) headers.set("Authorization", `Bearer ${key}`);
  let response;
  try {
    response = await fetch(address(path), { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The service cannot be reached. Check the connection and try again.");
  }
  if (response.ok) return response;
  throw new Problem(response.status, await reason(response));
}

async function reason(response) {
  try {
    const problem = await response.json();
    const detail = String(problem.detail || problem.title);
    const again = response.headers.get("Retry-After");
    const wait = response.status === 429 && again ? ` Try again in ${again} s.` : "";
    return capital(detail) + (/[.!?]$/.test(detail) ? "" : ".") + wait;
  } catch {
    return `The service answered with status ${response.status}.`;
  }
}

/** The JSON at a path. */
export const get = async (path, signal) => read(await fetched(path, { signal }));

/** The JSON that comes back for a body: an object is sent as JSON, a form as a form. */
export async function post(path, body, signal) {
  const form = body instanceof FormData;
  const headers = form ? {} : { "Content-Type": "application/json" };
  const sent = form ? body : JSON.stringify(body);
  return read(await fetched(path, { method: "POST", headers, body: sent, signal }));
}

async function read(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The answer did not arrive whole. Check the connection and try again.");
  }
}

/** Whether whoever has the address of a picture may see it for a while, key or not. */
export const isSigned = (path) => /[?&]signature=/.test(path);

/** An address for an image element: the service's own where it needs no key, else one of a copy in memory. */
export function pictureAddress(path, expired = false) {
  if (!hasKey() || (isSigned(path) && !expired)) return Promise.resolve(address(path).href);
  if (!pictures.has(path)) {
    if (pictures.size >= MOST_PICTURES) drop(pictures.keys().next().value);
    pictures.set(path, fetched(path).then((response) => response.blob()).then((blob) => URL.createObjectURL(blob)));
  }
  return pictures.get(path);
}

function drop(path) {
  pictures.get(path).then((url) => URL.revokeObjectURL(url), () => {});
  pictures.delete(path);
}

function forgetPictures() {
  for (const path of [...pictures.keys()]) drop(path);
}
