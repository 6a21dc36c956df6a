// @ts-check
/** Outlines of cells: fetched in tiles once cells are large on the screen, and drawn in place of dots. */

import { again } from "./again.js";
import { unpackOutlines } from "./data.js";

/** @typedef {import("./data.js").OutlineTile} OutlineTile */
/** @typedef {import("./data.js").OutlineLinks} OutlineLinks */
/** @typedef {import("./geometry.js").Geometry} Geometry */
/** @typedef {import("./geometry.js").Transform} Transform */
/** @typedef {import("./geometry.js").Extent} Extent */

const FROM_PX = 8; // width of a cell on the screen
const GAP_PX = 0.5; // kept free inside of an outline, so that cells that touch are told apart
const AT_ONCE = 12; // cells in a path: one path of a thousand takes four times as long as many of a few
const SAMPLES_KEPT = 2;
const TILE_PAUSES_MS = [500]; // dots stand in its place meanwhile, and it is asked for anew with the next data

/** The outlines of a sample, as far as they are here. */
export class Outlines {
  /** @type {Set<number>} */ asked = new Set(); // tiles that are here, or on their way, or did not come
  /** @type {(OutlineTile | null)[]} */ tiles = [];

  /**
   * @param {OutlineLinks} links
   * @param {number} count of all cells
   */
  constructor(links, count) {
    this.digest = links.digest;
    this.links = links.tiles;
    this.tileOf = new Int16Array(count).fill(-1);
    this.placeIn = new Int32Array(count);
  }

  /**
   * Fetch what a part of the tissue needs and nobody asked for; `came` is called for each tile that arrives.
   *
   * @param {Extent} box
   * @param {() => void} came
   */
  need(box, came) {
    this.links.forEach(({ url, box: [left, top, right, bottom] }, number) => {
      if (this.asked.has(number) || left > box.right || right < box.left || top > box.bottom || bottom < box.top) return;
      this.asked.add(number);
      fetchTile(url, `${this.digest} ${number}`).then((tile) => {
        this.take(number, tile);
        came();
      }, () => {}); // dots stay
    });
  }

  /** Ask once more for what did not come: there may be other addresses. @param {OutlineLinks} links */
  renew({ tiles }) {
    this.links = tiles;
    for (const number of this.asked) if (!this.tiles[number] && !coming.has(`${this.digest} ${number}`)) this.asked.delete(number);
  }

  /**
   * @param {number} number
   * @param {OutlineTile} tile
   */
  take(number, tile) {
    this.tiles[number] = tile;
    tile.cells.forEach((cell, place) => { [this.tileOf[cell], this.placeIn[cell]] = [number, place]; });
  }

  /**
   * Cells whose outlines are here, and those that are drawn as dots.
   *
   * @param {Int32Array} cells
   */
  parted(cells) {
    const [outlined, dots] = [cells.filter((cell) => this.tileOf[cell] >= 0), cells.filter((cell) => this.tileOf[cell] < 0)];
    return { outlined, dots };
  }

  /**
   * Fill cells of one colour.
   *
   * @param {Pick<CanvasRenderingContext2D, "beginPath" | "moveTo" | "lineTo" | "closePath" | "fill">} context
   * @param {Geometry} geometry
   * @param {Transform} at
   * @param {number} ratio pixels of the canvas for each pixel of the screen
   * @param {Int32Array} cells whose outlines are here
   */
  fill(context, geometry, at, ratio, cells) {
    for (let first = 0; first < cells.length; first += AT_ONCE) {
      context.beginPath();
      this.trace(context, geometry, at, ratio, cells.subarray(first, first + AT_ONCE));
      context.fill();
    }
  }

  /**
   * Add the outlines of cells to a path.
   *
   * @param {Pick<Path2D, "moveTo" | "lineTo" | "closePath">} path
   * @param {Geometry} geometry
   * @param {Transform} at
   * @param {number} ratio pixels of the canvas for each pixel of the screen
   * @param {Int32Array} cells whose outlines are here
   */
  trace(path, geometry, at, ratio, cells) {
    const shrunk = Math.max(0, 1 - (GAP_PX * ratio) / (geometry.radius * at.scale));
    for (const cell of cells) {
      const { begins, corners, unit_um } = /** @type {OutlineTile} */ (this.tiles[this.tileOf[cell]]);
      const step = unit_um * at.scale * shrunk;
      const [x, y] = [geometry.x[cell] * at.scale + at.x, geometry.y[cell] * at.scale + at.y];
      const [first, end] = [begins[this.placeIn[cell]], begins[this.placeIn[cell] + 1]];
      path.moveTo(x + corners[2 * first] * step, y + corners[2 * first + 1] * step);
      for (let corner = first + 1; corner < end; corner++) path.lineTo(x + corners[2 * corner] * step, y + corners[2 * corner + 1] * step);
      path.closePath();
    }
  }
}

/**
 * Whether cells are so large on the screen that their outlines are seen.
 *
 * @param {Geometry} geometry
 * @param {Transform} at
 * @param {number} ratio
 */
export function seesOutlines(geometry, at, ratio) {
  return geometry.shape === "dots" && geometry.width * at.scale >= FROM_PX * ratio;
}

/** @type {Map<string, Outlines>} */
const ofSamples = new Map(); // by digest; the one shown last comes last

/**
 * The outlines of a sample; nodes that Streamlit makes anew find what was fetched before.
 *
 * @param {OutlineLinks | null | undefined} links null where it has none
 * @param {number} count of its cells
 */
export function outlinesOf(links, count) {
  if (!links) return null;
  const outlines = ofSamples.get(links.digest) ?? new Outlines(links, count);
  outlines.renew(links);
  ofSamples.delete(links.digest);
  ofSamples.set(links.digest, outlines);
  if (ofSamples.size > SAMPLES_KEPT) ofSamples.delete([...ofSamples.keys()][0]);
  return outlines;
}

/** @type {Set<string>} */
const coming = new Set(); // digests of tiles

/**
 * @param {string} url
 * @param {string} digest
 */
async function fetchTile(url, digest) {
  coming.add(digest);
  try {
    return await again(TILE_PAUSES_MS, () => tileAt(url, digest));
  } finally {
    coming.delete(digest);
  }
}

/**
 * @param {string} url
 * @param {string} digest
 */
async function tileAt(url, digest) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The outlines at ${url} were answered with ${answer.status}.`);
  const tile = unpackOutlines(new Uint8Array(await answer.arrayBuffer()));
  if (tile.digest !== digest) throw new Error(`The outlines at ${url} are others.`);
  return tile;
}
