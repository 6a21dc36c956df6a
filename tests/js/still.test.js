/** Pictures that move in the place of spots, and pixels of spots, with truths by brute force. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Geometry, toPixels, toTissue } from "../../ui/tissue_view/js/geometry.js";
import { fillRectangles } from "../../ui/tissue_view/js/shapes.js";
import { moved, Still } from "../../ui/tissue_view/js/still.js";

/** A context that writes down what is drawn on it. */
function recorder() {
  const drawn = [];
  return {
    drawn, canvas: { width: 100, height: 80 }, save() {}, restore() {}, beginPath() {}, rect(...box) { drawn.push(["leave out", ...box]); },
    clip() {}, drawImage(layer, ...box) { drawn.push([layer.name, ...box]); },
  };
}
const layer = (name) => ({ name, width: 100, height: 80 });

test("a pixel of a moved picture shows the place of the tissue that it showed before", () => {
  const [before, now] = [{ scale: 0.25, x: 12, y: -7 }, { scale: 1.5, x: -300, y: 44 }];
  const { scale, x, y } = moved(before, now);
  for (const pixel of [[0, 0], [31, 77], [-5, 250]]) {
    const wanted = toPixels(now, toTissue(before, pixel));
    assert.ok(Math.abs(scale * pixel[0] + x - wanted[0]) < 1e-9 && Math.abs(scale * pixel[1] + y - wanted[1]) < 1e-9);
  }
});

test("the last picture lies over the whole tissue, which is drawn beside it alone", () => {
  const still = new Still();
  still.keep({ layer: layer("whole"), at: { scale: 1, x: 0, y: 0 } }, true);
  still.keep({ layer: layer("last"), at: { scale: 2, x: -40, y: -20 } }, false);
  const context = recorder();
  assert.equal(still.draw(context, { scale: 2, x: -30, y: -20 }), true); // ten pixels to the right
  assert.deepEqual(context.drawn, [["last", 10, 0, 100, 80], ["leave out", 0, 0, 100, 80], ["leave out", 10, 0, 100, 80], ["whole", -30, -20, 200, 160]]);
});

test("a whole tissue that was drawn last is drawn once, and after other colours nothing is", () => {
  const still = new Still();
  still.keep({ layer: layer("whole"), at: { scale: 1, x: 0, y: 0 } }, true);
  const context = recorder();
  still.draw(context, { scale: 1, x: 0, y: 0 });
  assert.deepEqual(context.drawn.filter(([name]) => name === "whole").length, 1);
  still.forget();
  assert.equal(still.draw(recorder(), { scale: 1, x: 0, y: 0 }), false);
});

test("the pixels of a spot are those whose middle lies in its rectangle, on the canvas", () => {
  const centres = [[5, 5], [-1, 3], [11.4, 7.6], [30, 30], [0.2, 7.9]];
  const geometry = new Geometry({ digest: "d", names: null, width_um: 3, array_um: null, unit: "µm", centres_um: Float32Array.from(centres.flat()) });
  const [width, height, at] = [12, 8, { scale: 1.3, x: 0.4, y: -0.2 }];
  const pixels = new Uint32Array(width * height);
  fillRectangles({ pixels, width, height }, geometry, at, 7, Int32Array.of(0, 1, 2, 3, 4));
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const inside = centres.some(([x, y]) => {
        const [dx, dy] = [column + 0.5 - (Math.fround(x) * at.scale + at.x), row + 0.5 - (Math.fround(y) * at.scale + at.y)];
        return Math.abs(dx) < 0.65 * 3 * at.scale && Math.abs(dy) < 0.65 * 3 * at.scale;
      });
      assert.equal(pixels[row * width + column], inside ? 7 : 0, `${column}, ${row}`);
    }
  }
});

test("a spot smaller than a pixel has one pixel, wherever it lies", () => {
  const centres = Array.from({ length: 40 }, (_, spot) => [0.13 + 0.71 * spot, 0.37 + 0.43 * spot]);
  const geometry = new Geometry({ digest: "d", names: null, width_um: 0.3, array_um: null, unit: "µm", centres_um: Float32Array.from(centres.flat()) });
  for (const spot of centres.keys()) {
    const pixels = new Uint32Array(30 * 20);
    fillRectangles({ pixels, width: 30, height: 20 }, geometry, { scale: 1, x: 0, y: 0 }, 1, Int32Array.of(spot));
    const [x, y] = [Math.floor(geometry.x[spot]), Math.floor(geometry.y[spot])]; // the pixel that it lies in
    assert.deepEqual([pixels.indexOf(1), pixels.lastIndexOf(1)], [30 * y + x, 30 * y + x]);
  }
});
