/** The crosshair that keys move, with truths worked out by hand, on a view without a page. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Crosshair, showing, stepUm, within } from "../../ui/tissue_view/js/crosshair.js";
import { FOOT_PX, Geometry, toPixels, transformOf, wholeTissue } from "../../ui/tissue_view/js/geometry.js";
import { pressKey } from "../../ui/tissue_view/js/keys.js";

const ROW_UM = 50 * Math.sqrt(3); // rows of an array whose spots touch at 100 um
const EXTENT = { left: 0, right: 1000, top: 0, bottom: 1000 };
const SIZE = { width: 1000 / 0.95, height: 1000 / 0.95 + FOOT_PX }; // one pixel for each um at zoom 1

/** Nine spots in a square of 100 um steps, off the lattice, and a map of them with the parts that keys ask for. */
function scene() {
  const centres = [0, 100, 200].flatMap((y) => [0, 100, 200].flatMap((x) => [x, y]));
  const geometry = new Geometry({ digest: "d", names: [], width_um: 100, array_um: null, unit: "µm", centres_um: Float32Array.from(centres) });
  const said = [];
  const view = {
    geometry, camera: wholeTissue(geometry.extent), lasso: [], mode: "pan", hovered: -1, selected: null, cleared: 0,
    say: (words) => said.push(words), repaint() {}, hover() { view.hovered = geometry.at(view.crosshair.um); },
    linesAbout: (spot) => [`spot ${spot}`], moveTo(camera) { view.camera = camera; }, setMode(mode) { view.mode = mode; },
    select(mask) { view.selected = mask && [...mask]; }, clear() { view.cleared += 1; }, sayCamera() { said.push("camera"); },
    panBy(dx, dy) { view.panned = [dx, dy]; }, fit() {}, zoomBy(factor) { view.zoomed = factor; },
  };
  view.crosshair = new Crosshair(view);
  const panel = { view, width: 400, height: 400 + FOOT_PX, transform: () => transformOf(geometry.extent, view.camera, panel) };
  const press = (...keys) => keys.forEach((key) => {
    const shiftKey = key.startsWith("Shift+");
    pressKey(panel, { key: key.replace("Shift+", ""), shiftKey, preventDefault() {} });
  });
  return { view, said, press };
}

test("a step leads to the next spot of a row, and to the next row", () => {
  assert.deepEqual(stepUm({ width: 100, arrayUm: [ROW_UM, 50] }, 1, SIZE), [100, ROW_UM]);
});

test("a step over spots that are too small to see is an eightieth of the map", () => {
  assert.deepEqual(stepUm({ width: 1, arrayUm: null }, 0.5, { width: 800, height: 900 }), [20, 20]);
});

test("the crosshair stays on the tissue", () => {
  assert.deepEqual(within(EXTENT, [-5, 1200]), [0, 1000]);
});

test("the camera moves only as far as it must to show the crosshair", () => {
  const whole = wholeTissue(EXTENT);
  assert.deepEqual(showing(EXTENT, whole, SIZE, [500, 500]), whole);
  const close = { x: 500, y: 500, zoom: 4 };
  const moved = showing(EXTENT, close, SIZE, [900, 500]);
  const [x] = toPixels(transformOf(EXTENT, moved, SIZE), [900, 500]);
  assert.ok(Math.abs(x - 0.98 * SIZE.width) < 1e-9);
  assert.equal(moved.y, 500);
});

test("the key L shows the crosshair in the middle, and arrows say the spot under it", () => {
  const { said, press } = scene();
  press("l", "ArrowLeft", "ArrowDown", "Shift+ArrowRight");
  assert.deepEqual(said, ["spot 4.", "spot 3.", "spot 6.", "spot 8."]); // the corner of the tissue is within reach of the last spot
});

test("Enter sets corners, Backspace takes one back, and Escape selects the spots inside", () => {
  const { view, press } = scene();
  press("L", "ArrowLeft", "ArrowUp", "ArrowUp", "Shift+ArrowLeft", "Shift+ArrowUp", "Enter"); // beyond the first corner of the square
  press("Shift+ArrowRight", "Enter", "Enter", "Backspace", "Shift+ArrowDown", "Enter");
  assert.equal(view.lasso.length, 3);
  press("Escape");
  // The triangle above the falling diagonal holds its three spots, and not the three below it.
  for (const spot of [1, 2, 5]) assert.equal(view.selected[spot], 1);
  for (const spot of [3, 6, 7]) assert.equal(view.selected[spot], 0);
  assert.deepEqual(view.lasso, []);
});

test("a lasso of two corners selects nothing, and Escape leads back step by step", () => {
  const { view, press } = scene();
  press("l", "Enter", "ArrowLeft", "Enter", "Escape");
  assert.equal(view.selected, null);
  assert.equal(view.mode, "lasso");
  press("Escape");
  assert.equal(view.mode, "pan");
  press("Escape");
  assert.equal(view.cleared, 1);
});

test("in the other mode the arrow keys move the maps, and that is said", () => {
  const { view, said, press } = scene();
  press("ArrowRight", "+");
  assert.ok(view.panned[0] > 0 && view.panned[1] === 0);
  assert.equal(view.zoomed, 1.25);
  assert.deepEqual(said, ["camera", "camera"]);
});
