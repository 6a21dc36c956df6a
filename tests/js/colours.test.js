/** Colours of spots, with truths worked out by hand. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  contrast, css, mix, onScale, pixelWord, plain, rgb, rimOf, shadeTable, shadesOf, stained, withDimmed,
} from "../../ui/tissue_view/js/colours.js";

test("a colour is read, mixed and written", () => {
  assert.deepEqual(rgb("#0A80FF"), [10, 128, 255]);
  assert.deepEqual(mix([0, 0, 0], [10, 20, 40], 0.5), [5, 10, 20]);
  assert.equal(css([0.4, 127.5, 255]), "rgb(0,128,255)");
});

test("a pixel's word holds red, green, blue and full alpha in the order of bytes of an image", () => {
  assert.deepEqual([...new Uint8Array(Uint32Array.of(pixelWord([1, 2.4, 255])).buffer)], [1, 2, 255, 255]);
});

test("a scale gives its own colours at evenly spaced shares, and mixes between them", () => {
  const scale = [[0, 0, 0], [100, 0, 0], [100, 200, 0]];
  assert.deepEqual([0, 0.25, 0.5, 0.75, 1].map((share) => onScale(scale, share)), [
    [0, 0, 0], [50, 0, 0], [100, 0, 0], [100, 100, 0], [100, 200, 0],
  ]);
  const table = shadeTable(["#000000", "#FFFFFF"]);
  assert.deepEqual([table.length, table[0], table[255]], [256, [0, 0, 0], [255, 255, 255]]);
});

test("values take the first shade at the lower limit, the last at the upper, and one of their own where they are missing", () => {
  assert.deepEqual([...shadesOf([0, 5, 10, -3, 99, NaN], [0, 10])], [0, 128, 255, 0, 255, 256]);
  assert.deepEqual([...shadesOf([7, 7], [7, 7])], [0, 0]);
});

test("spots that are not selected take the dimmed colour", () => {
  const tones = withDimmed([[0, 0, 0], [100, 100, 100]], [200, 200, 200]);
  assert.deepEqual(tones, [[0, 0, 0], [160, 160, 160], [100, 100, 100], [180, 180, 180]]);
  assert.deepEqual([...plain([0, 1, 1], null, tones).codes], [0, 2, 2]);
  const some = plain([0, 1, 1], Uint8Array.of(0, 1, 0), tones);
  assert.deepEqual([...some.codes].map(some.colourOf), [[160, 160, 160], [100, 100, 100], [180, 180, 180]]);
});

test("the stain blends in, and takes over at a share of one, to within one step of 8", () => {
  const blend = (share) => {
    const { codes, colourOf } = stained([0], null, [[0, 0, 0], [9, 9, 9]], [255, 128, 0], share);
    return colourOf(codes[0]);
  };
  assert.deepEqual(blend(0), [0, 0, 0]);
  [255, 128, 0].forEach((channel, i) => assert.ok(Math.abs(blend(1)[i] - channel) <= 8));
  [127.5, 64, 0].forEach((channel, i) => assert.ok(Math.abs(blend(0.5)[i] - channel) <= 8));
});

test("contrast is what WCAG counts: 21 of black on white, 4.54 of #767676 on white, 1 of a colour on itself, either way round", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast(rgb("#767676"), rgb("#FFFFFF")).toFixed(2), "4.54");
  assert.equal(contrast(rgb("#FFFFFF"), rgb("#767676")).toFixed(2), "4.54");
  assert.equal(contrast([9, 8, 7], [9, 8, 7]), 1);
});

test("every colour has 3:1 with the background, or a rim that has", () => {
  const steps = [0, 51, 102, 153, 204, 255];
  for (const [background, text] of [["#F4F6F9", "#0F1620"], ["#19212C", "#E6EBF2"]].map((pair) => pair.map(rgb))) {
    for (const r of steps) for (const g of steps) for (const b of steps) {
      const colour = [r, g, b];
      const rim = rimOf(colour, background, text);
      assert.equal(rim === null, contrast(colour, background) >= 3);
      if (rim) assert.ok(contrast(rim, background) >= 3, `${colour} on ${background}`);
    }
  }
});
