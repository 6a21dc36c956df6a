/** Outlines of cells: fetched in tiles from a real server when they are near, and traced where the cells lie. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { Geometry } from "../../ui/tissue_view/js/geometry.js";
import { Outlines, outlinesOf, seesOutlines } from "../../ui/tissue_view/js/outlines.js";
import { packed } from "./packed.js";

const asked = []; // paths
const failures = new Map(); // how often a path still fails
let server, address;

/** Three cells in a row, 10 um wide; the first two in one tile, a triangle and a square; the third in another. */
const CELLS = { digest: "d", names: null, width_um: 10, array_um: null, unit: "µm", centres_um: Float32Array.of(0, 0, 10, 0, 100, 0) };
const SQUARE = [-8, -8, 8, -8, 8, 8, -8, 8]; // of half a um
const BLOCKS = {
  "/a0": tile("a 0", [1, 0], [0, 4, 7], [...SQUARE, 0, -6, 6, 6, -6, 6]),
  "/a1": tile("a 1", [2], [0, 4], SQUARE),
  "/b1": tile("another 1", [2], [0, 4], SQUARE),
};

function tile(digest, cells, begins, corners) {
  const at = [0, 8 * Math.ceil(cells.length / 2)];
  at.push(at[1] + 8 * Math.ceil(begins.length / 2));
  const arrays = [["i4", at[0], cells.length], ["i4", at[1], begins.length], ["i2", at[2], corners.length]];
  const header = { digest, cells: 0, begins: 1, corners: 2, unit_um: 0.5, arrays };
  return packed(header, [Int32Array.from(cells), Int32Array.from(begins), Int16Array.from(corners)]);
}

before(async () => {
  server = createServer(({ url }, answer) => {
    asked.push(url);
    const left = failures.get(url) ?? 0;
    failures.set(url, left - 1);
    if (left > 0) answer.writeHead(404).end();
    else answer.end(BLOCKS[url]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const links = (digest, first = "a0", second = "a1") => ({
  digest, tiles: [{ url: `${address}/${first}`, box: [0, 0, 10, 0] }, { url: `${address}/${second}`, box: [100, 0, 100, 0] }],
});
const near = { left: -20, right: 30, top: -20, bottom: 20 };
const everything = { left: -20, right: 130, top: -20, bottom: 20 };
const came = (outlines, box) => new Promise((resolve) => outlines.need(box, () => resolve(true)));

test("cells are drawn as outlines from a width of eight pixels of the screen on, and spots of an array never", () => {
  const [cells, spots] = [new Geometry(CELLS), new Geometry({ ...CELLS, array_um: [10, 5] })];
  const widths = [7.9, 8, 100];
  assert.deepEqual(widths.map((width) => seesOutlines(cells, { scale: width / 10, x: 0, y: 0 }, 1)), [false, true, true]);
  assert.deepEqual(widths.map((width) => seesOutlines(cells, { scale: (2 * width) / 10, x: 0, y: 0 }, 2)), [false, true, true]);
  assert.equal(seesOutlines(spots, { scale: 10, x: 0, y: 0 }, 1), false);
});

test("a tile is fetched once, when what is shown needs it, and others are not", async () => {
  const outlines = new Outlines(links("a"), 3);
  outlines.need({ left: 30, right: 90, top: -20, bottom: 20 }, () => assert.fail("nothing lies there"));
  assert.deepEqual(asked, []);
  const all = Int32Array.of(0, 1, 2);
  assert.deepEqual([...outlines.parted(all).dots], [0, 1, 2]);
  const arrived = came(outlines, near);
  outlines.need(near, () => assert.fail("it is on its way already"));
  await arrived;
  assert.deepEqual(asked, ["/a0"]);
  assert.deepEqual([[...outlines.parted(all).outlined], [...outlines.parted(all).dots]], [[0, 1], [2]]);
  await came(outlines, everything);
  assert.deepEqual(asked, ["/a0", "/a1"]);
  assert.deepEqual([...outlines.parted(all).outlined], [0, 1, 2]);
});

test("corners lie about the centre of their cell, half a pixel inside", async () => {
  const outlines = new Outlines(links("a"), 3);
  await came(outlines, near);
  const drawn = [];
  const path = { moveTo: (...to) => drawn.push(["move", ...to]), lineTo: (...to) => drawn.push(["line", ...to]), closePath: () => drawn.push(["close"]) };
  outlines.trace(path, new Geometry(CELLS), { scale: 2, x: 100, y: 50 }, 1, Int32Array.of(0, 1));
  // A cell of ten um has a radius of ten pixels: its corners are a twentieth nearer to its centre, at (100, 50) and (120, 50).
  const wanted = [
    ["move", 100, 44.3], ["line", 105.7, 55.7], ["line", 94.3, 55.7], ["close"],
    ["move", 112.4, 42.4], ["line", 127.6, 42.4], ["line", 127.6, 57.6], ["line", 112.4, 57.6], ["close"],
  ];
  assert.deepEqual(drawn.map(([kind, ...to]) => [kind, ...to.map((number) => Number(number.toFixed(6)))]), wanted);
});

test("what did not come stays as dots, and is asked for anew with the next data", async () => {
  const outlines = outlinesOf(links("a", "a0", "b1"), 3); // whose second tile is that of another sample
  await came(outlines, everything);
  while (asked.filter((path) => path === "/b1").length < 2) await new Promise((resolve) => setTimeout(resolve, 20)); // tried twice
  assert.deepEqual([...outlines.parted(Int32Array.of(0, 1, 2)).dots], [2]);
  const before = asked.length;
  outlines.need(everything, () => assert.fail("it was asked for already"));
  assert.equal(asked.length, before);
  let arrived = false;
  while (!arrived) {
    assert.equal(outlinesOf(links("a"), 3), outlines); // kept for a node that is made anew
    outlines.need(everything, () => { arrived = true; });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual([...outlines.parted(Int32Array.of(0, 1, 2)).dots], []);
  assert.equal(outlinesOf(null, 3), null);
});

test("a tile that failed once is fetched", async () => {
  failures.set("/a0", 1);
  const outlines = new Outlines(links("a"), 3);
  await came(outlines, near);
  assert.deepEqual([...outlines.parted(Int32Array.of(0)).outlined], [0]);
});
