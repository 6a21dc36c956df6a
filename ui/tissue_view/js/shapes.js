// @ts-check
/** Draws spots of one colour as shapes on a canvas, or as rectangles of pixels. */

import { hexagonCorners, toPixels } from "./geometry.js";

/** @typedef {import("./geometry.js").Geometry} Geometry */
/** @typedef {import("./geometry.js").Transform} Transform */
/** @typedef {CanvasRenderingContext2D} Context */

/**
 * Fill hexagons on the lattice, and dots off it.
 *
 * @param {Context} context
 * @param {Geometry} geometry
 * @param {Transform} at
 * @param {number} overlap in pixels, of hexagons
 * @param {Int32Array} spots
 * @param {number} rim in pixels, beyond both
 */
export function fillShapes(context, geometry, at, overlap, spots, rim = 0) {
  if (geometry.shape === "dots") return dots(context, geometry, at, rim, spots);
  context.beginPath();
  hexagons(context, geometry, at, overlap + rim, spots);
  context.fill();
}

/**
 * @param {Context} context
 * @param {Geometry} geometry
 * @param {Transform} at
 * @param {number} overlap
 * @param {Int32Array} spots
 */
function hexagons(context, geometry, at, overlap, spots) {
  const [half, radius] = [(geometry.width / 2) * at.scale + overlap, geometry.radius * at.scale + overlap];
  const [first, ...others] = hexagonCorners(half, radius);
  const { width, height } = context.canvas;
  for (const spot of spots) {
    const x = geometry.x[spot] * at.scale + at.x;
    const y = geometry.y[spot] * at.scale + at.y;
    if (x < -half || y < -radius || x > width + half || y > height + radius) continue;
    context.moveTo(x + first[0], y + first[1]);
    for (const corner of others) context.lineTo(x + corner[0], y + corner[1]);
  }
}

/**
 * Fill each dot by itself, which takes half the time of one path of all; where the tissue shines through, dots that overlap would
 * then be seen, and there they are one path.
 *
 * @param {Context} context
 * @param {Geometry} geometry
 * @param {Transform} at
 * @param {number} rim
 * @param {Int32Array} spots
 */
function dots(context, geometry, at, rim, spots) {
  const radius = geometry.radius * at.scale + rim;
  const { width, height } = context.canvas;
  const alone = context.globalAlpha === 1;
  context.beginPath();
  for (const spot of spots) {
    const x = geometry.x[spot] * at.scale + at.x;
    const y = geometry.y[spot] * at.scale + at.y;
    if (x < -radius || y < -radius || x > width + radius || y > height + radius) continue;
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
    if (!alone) continue;
    context.fill();
    context.beginPath();
  }
  context.fill();
}

/**
 * Write the pixels of spots directly, which takes a tenth of the time of calling fillRect for each.
 *
 * @param {{ pixels: Uint32Array, width: number, height: number }} image
 * @param {Geometry} geometry
 * @param {Transform} at
 * @param {number} word four bytes of one pixel
 * @param {Int32Array} spots
 */
export function fillRectangles({ pixels, width, height }, geometry, at, word, spots) {
  const [across, down] = halfRectangle(geometry, at);
  for (const spot of spots) {
    const x = geometry.x[spot] * at.scale + at.x;
    const y = geometry.y[spot] * at.scale + at.y;
    // Neighbours round the same edge to the same pixel, so that they touch and do not overlap.
    const left = Math.max(0, Math.round(x - across));
    const right = Math.min(width, Math.round(x + across));
    const bottom = Math.min(height, Math.round(y + down));
    for (let line = Math.max(0, Math.round(y - down)); line < bottom; line++) {
      for (let pixel = line * width + left; pixel < line * width + right; pixel++) pixels[pixel] = word; // few: a call for them takes longer
    }
  }
}

/**
 * From the middle of a spot to the sides of its rectangle: a pixel at least, or many small cells would leave holes.
 *
 * @param {Geometry} geometry
 * @param {Transform} at
 */
function halfRectangle({ rectangle }, at) {
  return [rectangle.across, rectangle.down].map((half) => Math.max(0.5, half * at.scale));
}

/**
 * Fill the rectangles of a few spots over what is there, rounded as all are.
 *
 * @param {Context} context
 * @param {Geometry} geometry
 * @param {Transform} at
 * @param {Int32Array} spots
 */
export function fillFew(context, geometry, at, spots) {
  const [across, down] = halfRectangle(geometry, at);
  for (const spot of spots) {
    const x = geometry.x[spot] * at.scale + at.x;
    const y = geometry.y[spot] * at.scale + at.y;
    const [left, top] = [Math.round(x - across), Math.round(y - down)];
    context.fillRect(left, top, Math.round(x + across) - left, Math.round(y + down) - top);
  }
}

/**
 * Trace a closed line through points of the tissue.
 *
 * @param {Context} context
 * @param {Transform} at
 * @param {import("./geometry.js").Point[]} points in um
 */
export function trace(context, at, points) {
  context.beginPath();
  for (const point of points) context.lineTo(...toPixels(at, point)); // the first one only moves
  context.closePath();
}
