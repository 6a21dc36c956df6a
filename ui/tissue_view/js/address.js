// @ts-check
/**
 * The camera in the address of the page, which the browser alone writes: moving it asks the server for nothing.
 *
 * Streamlit writes the address without it. Where the browser tells of that (Navigation API), the camera is put back at once, and
 * elsewhere when the maps are drawn again.
 */

import { ZOOM } from "./geometry.js";

/** @typedef {import("./geometry.js").Camera} Camera */
/** @typedef {import("./geometry.js").Extent} Extent */

const DIGITS = 5; // about a micrometre on a section
const WRITE_AFTER_MS = 300; // browsers refuse an address that changes with every frame

/** @type {Set<CameraEntry>} */
const entries = new Set();
/** @type {EventTarget | undefined} */ (Reflect.get(globalThis, "navigation"))?.addEventListener("currententrychange", () => {
  for (const entry of entries) entry.keep();
});

/** One entry of the address, for the camera of one view. */
export class CameraEntry {
  text = "";
  later = 0;

  /**
   * @param {string} name
   * @param {Node} root of the view
   */
  constructor(name, root) {
    this.name = name;
    this.root = root;
    this.path = location.pathname;
    entries.add(this);
  }

  /** What the address says now; empty if nothing. */
  read() {
    return new URLSearchParams(location.search).get(this.name) ?? "";
  }

  /**
   * Write the camera once it rests.
   *
   * @param {string} text empty for the whole tissue
   */
  take(text) {
    this.text = text;
    clearTimeout(this.later);
    this.later = setTimeout(() => this.keep(), WRITE_AFTER_MS);
  }

  /** Write the camera unless the address has it, or is that of another page. */
  keep() {
    if (!this.root.isConnected) entries.delete(this);
    else if (location.pathname === this.path && this.read() !== this.text) {
      history.replaceState(history.state, "", location.pathname + withEntry(location.search, this.name, this.text) + location.hash);
    }
  }
}

/**
 * A query with one entry replaced, and all others as they were.
 *
 * @param {string} search
 * @param {string} name
 * @param {string} text empty to leave the entry out
 */
export function withEntry(search, name, text) {
  const others = search.replace(/^\?/, "").split("&").filter((part) => part && !new URLSearchParams(part).has(name));
  const all = text ? [...others, `${encodeURIComponent(name)}=${text}`] : others;
  return all.length ? `?${all.join("&")}` : "";
}

/**
 * A camera as text: the point of the tissue in the middle, and the width of the tissue divided by the zoom, in um; empty for the
 * whole tissue.
 *
 * @param {Extent} extent
 * @param {Camera} camera
 * @param {Camera} whole
 */
export function cameraAsText({ left, right }, camera, whole) {
  if (camera.x === whole.x && camera.y === whole.y && camera.zoom === whole.zoom) return "";
  return [camera.x, camera.y, (right - left) / camera.zoom].map((um) => Number(um.toPrecision(DIGITS))).join(",");
}

/**
 * The camera that a text asks for; null if it is none of this tissue.
 *
 * @param {Extent} extent
 * @param {string} text
 * @returns {Camera | null}
 */
export function cameraOfText({ left, right, top, bottom }, text) {
  const [x, y, width, ...more] = text.split(",").map((part) => (part.trim() ? Number(part) : NaN));
  const zoom = (right - left) / width;
  const slack = 1e-3 * Math.max(right - left, bottom - top); // the text is rounded
  const inside = x >= left - slack && x <= right + slack && y >= top - slack && y <= bottom + slack;
  const possible = zoom >= 0.999 * ZOOM.least && zoom <= 1.001 * ZOOM.most;
  return inside && possible && !more.length ? { x, y, zoom } : null;
}
