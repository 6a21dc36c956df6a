/** The camera in the address, with truths worked out by hand. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { cameraAsText, cameraOfText, withEntry } from "../../ui/tissue_view/js/address.js";
import { wholeTissue } from "../../ui/tissue_view/js/geometry.js";

const TISSUE = { left: 0, right: 6000, top: 100, bottom: 6100 };
const WHOLE = wholeTissue(TISSUE);

test("a camera is its middle and the width of the tissue divided by the zoom", () => {
  assert.equal(cameraAsText(TISSUE, { x: 1500, y: 2000, zoom: 4 }, WHOLE), "1500,2000,1500");
  assert.equal(cameraAsText(TISSUE, { x: 1234.5678, y: 2, zoom: 1 }, WHOLE), "1234.6,2,6000");
});

test("the whole tissue needs no entry", () => {
  assert.equal(cameraAsText(TISSUE, { x: 3000, y: 3100, zoom: 1 }, WHOLE), "");
});

test("a text gives the camera that it was written from", () => {
  assert.deepEqual(cameraOfText(TISSUE, "1500,2000,1500"), { x: 1500, y: 2000, zoom: 4 });
  const text = cameraAsText(TISSUE, { x: 4321.987, y: 777.123, zoom: 3.3333333 }, WHOLE);
  assert.equal(cameraAsText(TISSUE, cameraOfText(TISSUE, text), WHOLE), text);
});

test("what is no camera of this tissue is none", () => {
  for (const text of ["", "1,2", "a,b,c", "1500,2000,", "1500,2000,NaN", "1500,2000,Infinity", "1500,2000,0", "1500,2000,-1", "1500,2000,1500,1",
    "7000,2000,1500", "1500,50,1500", "1500,2000,99", "1500,2000,12100"]) {
    assert.equal(cameraOfText(TISSUE, text), null, text);
  }
});

test("an entry of a query is replaced, added or left out, and all others stay as they were written", () => {
  assert.equal(withEntry("?sample=a%2Cb&view=1,2,3&k=%7E", "view", "4,5,6"), "?sample=a%2Cb&k=%7E&view=4,5,6");
  assert.equal(withEntry("", "view", "4,5,6"), "?view=4,5,6");
  assert.equal(withEntry("?view=1%2C2%2C3", "view", ""), "");
  assert.equal(withEntry("?view.a%20b=1&view=2", "view.a b", "7,8,9"), "?view=2&view.a%20b=7,8,9");
});
