// @ts-check
/** Positions of spots, the spot under a point, the spots inside a lasso, and the camera. Does not use a canvas. */

import { grouped } from "./data.js";
import { lengthInWords } from "./text.js";

/** @typedef {[number, number]} Point x and y, y down: in um on the tissue, or in pixels of a stage */
/** @typedef {{ left: number, right: number, top: number, bottom: number }} Extent in um */
/** @typedef {{ x: number, y: number, zoom: number }} Camera the point of the tissue in the middle, and the zoom */
/** @typedef {{ width: number, height: number }} Size of a stage, in pixels */
/** @typedef {{ scale: number, x: number, y: number }} Transform from um to pixels: times the scale, plus x or y */

export const NOTHING = -1;
export const FOOT_PX = 30; // room for the scale bar below the tissue
export const ZOOM = { least: 0.5, most: 60 };

/** The spots' positions, shape and extent, and a grid of cells to find the spot under a point. */
export class Geometry {
  /** @param {import("./data.js").SpotData} data */
  constructor(data) {
    this.key = data.digest;
    this.names = data.names;
    this.arrayUm = data.array_um;
    this.unit = data.unit;
    this.count = data.centres_um.length / 2;
    this.width = data.width_um;
    // Hexagons stand on a corner and touch. The square around a dot has a spot's share of the tissue.
    this.shape = this.arrayUm ? "hexagons" : "dots";
    this.radius = this.arrayUm ? this.width / Math.sqrt(3) : this.width / 2;
    this.reach = this.arrayUm ? this.radius : 0.75 * this.width; // dots leave gaps, where the pointer finds the nearest spot
    // Gaps between small cells are noise, not tissue, so their rectangles overlap a little.
    this.rectangle = this.arrayUm
      ? { across: this.width / 2, down: this.radius * 0.75 }
      : { across: 0.65 * this.width, down: 0.65 * this.width };
    this.x = new Float32Array(this.count);
    this.y = new Float32Array(this.count);
    for (let spot = 0; spot < this.count; spot++) {
      this.x[spot] = data.centres_um[2 * spot];
      this.y[spot] = data.centres_um[2 * spot + 1];
    }
    this.extent = extentOf(this.x, this.y, this.width / 2, this.radius);
    this.cell = this.cellSize();
    this.nAcross = Math.ceil((this.extent.right - this.extent.left) / this.cell) + 1;
    this.cells = this.sortedIntoCells();
    /** @type {{ within: number[], spots: Int32Array | null } | null} */
    this.lastNear = null; // maps side by side ask for the same ones in each frame
  }

  cellSize() {
    const { left, right, top, bottom } = this.extent;
    const [across, down] = [right - left, bottom - top];
    // Otherwise far outliers off the lattice would need more cells than fit into memory.
    return Math.max(this.width, Math.sqrt((across * down) / (4 * this.count)), (across + down) / (4 * this.count));
  }

  sortedIntoCells() {
    const nDown = Math.ceil((this.extent.bottom - this.extent.top) / this.cell) + 1;
    const cells = new Int32Array(this.count);
    for (let spot = 0; spot < this.count; spot++) cells[spot] = this.cellOf(this.x[spot], this.y[spot]);
    return grouped(cells, this.nAcross * nDown);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  cellOf(x, y) {
    const { left, top } = this.extent;
    return Math.floor((y - top) / this.cell) * this.nAcross + Math.floor((x - left) / this.cell);
  }

  /**
   * Index of the nearest spot within reach of a point, or NOTHING.
   *
   * @param {Point} point
   */
  at([x, y]) {
    let [best, nearest] = [NOTHING, this.reach ** 2];
    for (const down of [-1, 0, 1]) {
      for (const across of [-1, 0, 1]) {
        const cell = this.cellOf(x + across * this.cell, y + down * this.cell);
        if (!(cell >= 0 && cell + 1 < this.cells.starts.length)) continue;
        for (let i = this.cells.starts[cell]; i < this.cells.starts[cell + 1]; i++) {
          const spot = this.cells.order[i];
          const distance = (this.x[spot] - x) ** 2 + (this.y[spot] - y) ** 2;
          if (distance < nearest) [best, nearest] = [spot, distance];
        }
      }
    }
    return best;
  }

  /**
   * The position of a spot as text.
   *
   * @param {number} spot
   */
  positionOf(spot) {
    const place = this.placeOf([this.x[spot], this.y[spot]]);
    return this.arrayUm ? place.replace("array", "Array") : place;
  }

  /**
   * A point of the tissue as text.
   *
   * @param {Point} point
   */
  placeOf([x, y]) {
    if (!this.arrayUm) return `x ${lengthInWords(x, this.unit)}, y ${lengthInWords(y, this.unit)}`;
    return `array row ${Math.round(y / this.arrayUm[0])}, column ${Math.round(x / this.arrayUm[1])}`;
  }

  /**
   * The spots whose centres lie within a distance of a line between two points.
   *
   * @param {Point} from
   * @param {Point} to
   * @param {number} radius in um
   */
  along(from, to, radius) {
    const { left, top } = this.extent;
    const nDown = Math.floor((this.cells.starts.length - 1) / this.nAcross);
    const [first, last] = [Math.min, Math.max].map((end, i) => {
      const rim = (2 * i - 1) * radius;
      return [(end(from[0], to[0]) + rim - left) / this.cell, (end(from[1], to[1]) + rim - top) / this.cell].map(Math.floor);
    });
    /** @type {number[]} */
    const found = [];
    for (let row = Math.max(0, first[1]); row <= Math.min(nDown - 1, last[1]); row++) {
      const begin = row * this.nAcross + Math.max(0, first[0]);
      const end = row * this.nAcross + Math.min(this.nAcross - 1, last[0]);
      for (let i = this.cells.starts[begin]; i < this.cells.starts[Math.max(begin, end + 1)]; i++) {
        const spot = this.cells.order[i];
        if (distance(this.x[spot], this.y[spot], from, to) <= radius) found.push(spot);
      }
    }
    return found;
  }

  /**
   * The spots near a rectangle: all whose centres lie in it, and some beside it, by the cells of the grid; null if these are all.
   * Not to be changed.
   *
   * @param {Extent} box
   */
  near(box) {
    const within = this.cellsOf(box);
    if (!this.lastNear || within.some((end, i) => end !== this.lastNear?.within[i])) {
      this.lastNear = { within, spots: this.spotsIn(within) };
    }
    return this.lastNear.spots;
  }

  /**
   * How many spots `near` gives, without a list of them.
   *
   * @param {Extent} box
   */
  countNear(box) {
    const [west, east, north, south] = this.cellsOf(box);
    const { starts } = this.cells;
    let count = 0;
    for (let row = north * this.nAcross; row <= south * this.nAcross; row += this.nAcross) count += starts[row + east + 1] - starts[row + west];
    return count;
  }

  /**
   * The first and last column, and the first and last row, of the cells that a rectangle touches.
   *
   * @param {Extent} box
   */
  cellsOf({ left, right, top, bottom }) {
    const { extent, cell, nAcross } = this;
    const nDown = Math.floor((this.cells.starts.length - 1) / nAcross);
    const across = [left, right].map((x) => Math.max(0, Math.min(nAcross - 1, Math.floor((x - extent.left) / cell))));
    const down = [top, bottom].map((y) => Math.max(0, Math.min(nDown - 1, Math.floor((y - extent.top) / cell))));
    return [...across, ...down];
  }

  /**
   * @param {number[]} within first and last column and row of cells
   */
  spotsIn([west, east, north, south]) {
    const { order, starts } = this.cells;
    const parts = [];
    let count = 0;
    for (let row = north * this.nAcross; row <= south * this.nAcross; row += this.nAcross) {
      const part = order.subarray(starts[row + west], starts[row + east + 1]);
      parts.push(part);
      count += part.length;
    }
    if (count === this.count) return null;
    const spots = new Int32Array(count);
    let first = 0;
    for (const part of parts) {
      spots.set(part, first);
      first += part.length;
    }
    return spots;
  }

  /**
   * Mark the spots whose centres lie inside a polygon; null if there are none.
   *
   * @param {Point[]} polygon
   */
  inside(polygon) {
    const mask = new Uint8Array(this.count);
    const [xs, ys] = [0, 1].map((axis) => Float64Array.from(polygon, (corner) => corner[axis]));
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const { order } = this.cells;
    for (const spot of this.near({ left, right, top, bottom }) ?? order) {
      const x = this.x[spot];
      const y = this.y[spot];
      if (x < left || x > right || y < top || y > bottom) continue;
      mask[spot] = holds(xs, ys, x, y) ? 1 : 0;
    }
    return mask.includes(1) ? mask : null;
  }
}

/**
 * @param {Float32Array} xs
 * @param {Float32Array} ys
 * @param {number} across from a centre to the side of its spot
 * @param {number} down
 * @returns {Extent}
 */
function extentOf(xs, ys, across, down) {
  const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (let spot = 0; spot < xs.length; spot++) {
    box.left = Math.min(box.left, xs[spot]);
    box.right = Math.max(box.right, xs[spot]);
    box.top = Math.min(box.top, ys[spot]);
    box.bottom = Math.max(box.bottom, ys[spot]);
  }
  return { left: box.left - across, right: box.right + across, top: box.top - down, bottom: box.bottom + down };
}

/**
 * Whether a polygon contains a point: a ray to the right then crosses its sides an odd number of times.
 *
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys
 * @param {number} x
 * @param {number} y
 */
export function holds(xs, ys, x, y) {
  let odd = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) odd = !odd;
  }
  return odd;
}

/**
 * From a point to a line between two others.
 *
 * @param {number} x
 * @param {number} y
 * @param {Point} from
 * @param {Point} to
 */
export function distance(x, y, from, to) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const share = dx || dy ? ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy) : 0;
  const nearest = Math.max(0, Math.min(1, share));
  return Math.hypot(x - from[0] - nearest * dx, y - from[1] - nearest * dy);
}

/**
 * Corners of a hexagon that stands on one of them, about the origin.
 *
 * @param {number} half of its width
 * @param {number} radius from the middle to the upper corner
 * @returns {Point[]}
 */
export function hexagonCorners(half, radius) {
  const short = radius / 2;
  return [[0, -radius], [half, -short], [half, short], [0, radius], [-half, short], [-half, -short]];
}

/**
 * The camera that shows the whole tissue.
 *
 * @param {Extent} extent
 * @returns {Camera}
 */
export function wholeTissue({ left, right, top, bottom }) {
  return { x: (left + right) / 2, y: (top + bottom) / 2, zoom: 1 };
}

/**
 * From um to pixels of a stage, above the room for the scale bar.
 *
 * @param {Extent} extent
 * @param {Camera} camera
 * @param {Size} size
 * @returns {Transform}
 */
export function transformOf(extent, camera, { width, height }) {
  const across = width / (extent.right - extent.left);
  const down = Math.max(1, height - FOOT_PX) / (extent.bottom - extent.top);
  const scale = 0.95 * Math.min(across, down) * camera.zoom;
  return { scale, x: width / 2 - camera.x * scale, y: (height - FOOT_PX * 0.6) / 2 - camera.y * scale };
}

/**
 * @param {Transform} at
 * @param {Point} um
 * @returns {Point}
 */
export function toPixels(at, [x, y]) {
  return [x * at.scale + at.x, y * at.scale + at.y];
}

/**
 * @param {Transform} at
 * @param {Point} pixels
 * @returns {Point}
 */
export function toTissue(at, [x, y]) {
  return [(x - at.x) / at.scale, (y - at.y) / at.scale];
}

/**
 * The camera moved over the tissue, but not beyond it.
 *
 * @param {Extent} extent
 * @param {Camera} camera
 * @param {number} dx in um
 * @param {number} dy
 * @returns {Camera}
 */
export function panned({ left, right, top, bottom }, camera, dx, dy) {
  const x = Math.max(left, Math.min(right, camera.x + dx));
  const y = Math.max(top, Math.min(bottom, camera.y + dy));
  return { ...camera, x, y };
}

/**
 * The camera zoomed about a point of the stage, where the tissue stays in place.
 *
 * @param {Extent} extent
 * @param {Camera} camera
 * @param {Size} size
 * @param {number} factor
 * @param {Point} point in pixels
 */
export function zoomedAbout(extent, camera, size, factor, point) {
  const zoomed = { ...camera, zoom: Math.max(ZOOM.least, Math.min(ZOOM.most, camera.zoom * factor)) };
  const before = toTissue(transformOf(extent, camera, size), point);
  const after = toTissue(transformOf(extent, zoomed, size), point);
  return panned(extent, zoomed, before[0] - after[0], before[1] - after[1]);
}

/**
 * A round length (1, 2 or 5 times a power of ten) of at most `um`.
 *
 * @param {number} um
 */
export function roundLength(um) {
  const power = 10 ** Math.floor(Math.log10(um));
  return Math.max(...[1, 2, 5].map((factor) => factor * power).filter((length) => length <= um));
}
