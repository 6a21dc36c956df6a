/** Hit tests, lasso, camera and scale bar, with truths worked out by hand. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  FOOT_PX, distance, Geometry, NOTHING, hexagonCorners, holds, panned, roundLength, toPixels, toTissue, transformOf, wholeTissue, zoomedAbout,
} from "../../ui/tissue_view/js/geometry.js";

const ROW_UM = 50 * Math.sqrt(3); // rows of an array whose spots touch at 100 um
const on_lattice = (...centres) => new Geometry({
  geometry: "key", names: centres.map((_, spot) => `spot ${spot}`), width_um: 100, array_um: [ROW_UM, 50], unit: "µm", centres_um: Float32Array.from(centres.flat()),
});
const off_lattice = (...centres) => new Geometry({
  geometry: "key", names: [], width_um: 10, array_um: null, unit: "µm", centres_um: Float32Array.from(centres.flat()),
});
const near = (found, wanted, tolerance = 1e-9) => assert.ok(Math.abs(found - wanted) <= tolerance, `${found} is not ${wanted}`);
const near_point = (found, wanted) => found.forEach((value, axis) => near(value, wanted[axis], 1e-9));

test("the spot under a point is the nearest one", () => {
  const tissue = on_lattice([0, 0], [100, 0], [50, ROW_UM]);
  assert.equal(tissue.at([0, 0]), 0);
  assert.equal(tissue.at([49, 0]), 0);
  assert.equal(tissue.at([51, 0]), 1);
  assert.equal(tissue.at([50, 60]), 2);
});

test("no spot is under a point beyond the corners of the hexagons", () => {
  const tissue = on_lattice([0, 0], [100, 0]); // corners at 100 / sqrt(3) = 57.7 um
  assert.equal(tissue.at([0, -57]), 0);
  assert.equal(tissue.at([0, -58]), NOTHING);
  assert.equal(tissue.at([5000, 5000]), NOTHING);
  assert.equal(tissue.at([-5000, 0]), NOTHING);
});

test("between dots, which leave gaps, the nearest one within three quarters of a width is found", () => {
  const cells = off_lattice([0, 0], [30, 0]);
  assert.equal(cells.at([7, 0]), 0);
  assert.equal(cells.at([8, 0]), NOTHING);
  assert.equal(cells.at([23, 0]), 1);
});

test("every spot of a large lattice is found at its own centre and beside it", () => {
  const centres = [];
  for (let row = 0; row < 40; row++) for (let column = row % 2; column < 60; column += 2) centres.push([50 * column, ROW_UM * row]);
  const tissue = on_lattice(...centres);
  centres.forEach(([x, y], spot) => {
    assert.equal(tissue.at([x, y]), spot);
    assert.equal(tissue.at([x + 30, y - 20]), spot);
  });
});

test("a far outlier does not ask for more cells than there is memory", () => {
  const cells = off_lattice([0, 0], [10, 0], [1e7, 1e7]);
  assert.equal(cells.at([1e7, 1e7]), 2);
  assert.equal(cells.at([9, 0]), 1);
  assert.ok(cells.cells.starts.length < 500);
});

test("the extent holds whole spots", () => {
  const { extent } = on_lattice([0, 0], [100, ROW_UM]);
  near(extent.left, -50);
  near(extent.right, 150);
  near(extent.top, -100 / Math.sqrt(3));
  near(extent.bottom, ROW_UM + 100 / Math.sqrt(3), 1e-5);
});

test("a position is said as array row and column on the lattice, and in um off it", () => {
  assert.equal(on_lattice([0, 0], [50, ROW_UM]).positionOf(1), "Array row 1, column 1");
  assert.equal(off_lattice([0, 0], [1234.56, 7]).positionOf(1), "x 1,234.6 µm, y 7 µm");
});

test("the spots near a rectangle are all that lie in it, each once, and few others; null says that these are all", () => {
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const centres = Array.from({ length: 3000 }, () => [1000 * random(), 700 * random()]);
  const tissue = off_lattice(...centres);
  const [x, y] = [Array.from(tissue.x), Array.from(tissue.y)];
  for (const [left, right, top, bottom] of [[100, 300, 50, 80], [-50, 20, 600, 900], [400, 400, 300, 300], [990, 2000, -5, 800], [2000, 2100, 0, 1]]) {
    const found = [...tissue.near({ left, right, top, bottom })];
    assert.equal(tissue.countNear({ left, right, top, bottom }), found.length);
    const inside = x.flatMap((at, spot) => (at >= left && at <= right && y[spot] >= top && y[spot] <= bottom ? [spot] : []));
    assert.equal(new Set(found).size, found.length);
    assert.deepEqual(inside.filter((spot) => !found.includes(spot)), []);
    const rim = tissue.cell + 1e-3; // a cell of the grid
    for (const spot of found) {
      const [across, down] = [Math.max(left - x[spot], x[spot] - right), Math.max(top - y[spot], y[spot] - bottom)];
      assert.ok(left > 1000 || Math.max(across, down) <= rim, `${across}, ${down}`);
    }
  }
  assert.equal(tissue.near({ left: -10, right: 1010, top: -10, bottom: 710 }), null);
  assert.equal(tissue.countNear({ left: -10, right: 1010, top: -10, bottom: 710 }), 3000);
});

test("a rectangle that touches the same cells as the one before gives the same list, and any other its own", () => {
  const tissue = off_lattice([0, 0], [1000, 0], [0, 1000], [1000, 1000]);
  const first = tissue.near({ left: -10, right: 10, top: -10, bottom: 10 });
  assert.deepEqual([...first], [0]);
  assert.equal(tissue.near({ left: -10, right: 11, top: -10, bottom: 10 }), first);
  assert.deepEqual([...tissue.near({ left: 990, right: 1010, top: -10, bottom: 10 })], [1]);
  assert.deepEqual([...tissue.near({ left: 990, right: 1010, top: 990, bottom: 1010 })], [3]);
});

test("the lasso holds the same cells as asking of each one", () => {
  let seed = 2;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const tissue = off_lattice(...Array.from({ length: 3000 }, () => [1000 * random(), 700 * random()]));
  const corners = [[100, 100], [800, 50], [500, 300], [900, 690], [120, 500]];
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
  const wanted = Uint8Array.from(tissue.x, (x, spot) => Number(holds(xs, ys, x, tissue.y[spot])));
  assert.deepEqual(tissue.inside(corners), wanted);
  assert.ok(wanted.includes(1) && wanted.includes(0));
});

test("a polygon holds what lies in it, bent inwards or not", () => {
  const [xs, ys] = [[0, 10, 10, 5, 0], [0, 0, 10, 2, 10]]; // a square with a notch from above down to y = 2
  assert.equal(holds(xs, ys, 1, 5), true);
  assert.equal(holds(xs, ys, 9, 5), true);
  assert.equal(holds(xs, ys, 5, 1), true);
  assert.equal(holds(xs, ys, 5, 5), false);
  assert.equal(holds(xs, ys, 11, 5), false);
  assert.equal(holds(xs, ys, 5, -1), false);
});

test("a lasso selects the spots whose centres it holds, and nothing where it holds none", () => {
  const cells = off_lattice([0, 0], [10, 0], [0, 10], [10, 10]);
  assert.deepEqual([...cells.inside([[5, -5], [15, -5], [15, 15], [5, 15]])], [0, 1, 0, 1]);
  assert.equal(cells.inside([[2, 2], [8, 2], [8, 8], [2, 8]]), null);
});

test("a lasso that is drawn the other way round selects the same", () => {
  const cells = off_lattice([0, 0], [10, 0], [0, 10], [10, 10]);
  const corners = [[5, -5], [15, -5], [15, 15], [5, 15]];
  assert.deepEqual(cells.inside(corners), cells.inside([...corners].reverse()));
});

test("a stroke takes up the spots within its reach, ends and middle, and no others", () => {
  const cells = off_lattice(...[0, 1, 2, 3, 4].flatMap((y) => [0, 1, 2, 3, 4].map((x) => [10 * x, 10 * y])));
  assert.deepEqual(cells.along([10, 10], [30, 10], 0).sort((a, b) => a - b), [6, 7, 8]);
  assert.deepEqual(cells.along([20, 20], [20, 20], 10).sort((a, b) => a - b), [7, 11, 12, 13, 17]);
  assert.deepEqual(cells.along([0, 5], [40, 5], 5).length, 10);
});

test("a stroke finds through the grid what looking at every spot finds, also beyond the tissue", () => {
  const spots = Array.from({ length: 900 }, (_, i) => [(i * 37) % 501, (i * 91) % 307]);
  const cells = off_lattice(...spots);
  const ends = [[[-50, -50], [600, 400]], [[250, 150], [250, 150]], [[600, 10], [480, 300]], [[-90, 0], [-80, 10]], [[10, 290], [400, -20]]];
  for (const [from, to] of ends) {
    for (const radius of [1, 33, 2000]) {
      const wanted = spots.flatMap(([x, y], i) => (distance(x, y, from, to) <= radius ? [i] : []));
      assert.deepEqual(cells.along(from, to, radius).sort((a, b) => a - b), wanted);
    }
  }
});

test("from a point to a line is the way to its nearest end or straight across", () => {
  near(distance(3, 4, [0, 0], [0, 0]), 5);
  near(distance(5, 7, [0, 0], [10, 0]), 7);
  near(distance(13, 4, [0, 0], [10, 0]), 5);
});

test("a hexagon stands on a corner, is twice as wide as its half, and its sides are equal", () => {
  const corners = hexagonCorners(Math.sqrt(3), 2);
  near_point(corners[0], [0, -2]);
  near_point(corners[1], [Math.sqrt(3), -1]);
  near_point(corners[3], [0, 2]);
  corners.forEach(([x, y], i) => {
    const [next_x, next_y] = corners[(i + 1) % 6];
    near(Math.hypot(next_x - x, next_y - y), 2);
  });
});

test("hexagons of neighbours on the lattice share an edge", () => {
  const corners = hexagonCorners(50, 100 / Math.sqrt(3));
  const right = corners.map(([x, y]) => [x + 100, y]); // the neighbour in the same row
  near_point(corners[1], right[5]);
  near_point(corners[2], right[4]);
  const below = corners.map(([x, y]) => [x + 50, y + ROW_UM]); // and one in the next row
  near_point(corners[2], below[0]);
  near_point(corners[3], below[5]);
});

const TISSUE = { left: 0, right: 1000, top: 0, bottom: 500 };
const STAGE = { width: 500, height: 500 + FOOT_PX };

test("the whole tissue fills 95 of 100 parts of the tighter side and lies in the middle", () => {
  const camera = wholeTissue(TISSUE);
  assert.deepEqual(camera, { x: 500, y: 250, zoom: 1 });
  const at = transformOf(TISSUE, camera, STAGE);
  near(at.scale, 0.475);
  near_point(toPixels(at, [0, 250]), [12.5, 256]); // 500 of 530 px are for the tissue; 0.6 of the foot stays free below
  near_point(toPixels(at, [1000, 250]), [487.5, 256]);
});

test("pixels and um are each other's inverse", () => {
  const at = transformOf(TISSUE, { x: 300, y: 100, zoom: 3 }, STAGE);
  near_point(toTissue(at, toPixels(at, [123, 456])), [123, 456]);
});

test("zooming keeps the tissue under the pointer where it is", () => {
  const camera = wholeTissue(TISSUE);
  const point = [100, 300];
  const before = toTissue(transformOf(TISSUE, camera, STAGE), point);
  const zoomed = zoomedAbout(TISSUE, camera, STAGE, 1.25, point);
  near(zoomed.zoom, 1.25);
  near_point(toTissue(transformOf(TISSUE, zoomed, STAGE), point), before);
});

test("zooming in and out about the same point comes back", () => {
  const camera = wholeTissue(TISSUE);
  const back = zoomedAbout(TISSUE, zoomedAbout(TISSUE, camera, STAGE, 2, [250, 250]), STAGE, 0.5, [250, 250]);
  near_point([back.x, back.y, back.zoom], [500, 250, 1]);
});

test("the zoom stays between a half and sixty", () => {
  assert.equal(zoomedAbout(TISSUE, wholeTissue(TISSUE), STAGE, 1e6, [250, 250]).zoom, 60);
  assert.equal(zoomedAbout(TISSUE, wholeTissue(TISSUE), STAGE, 1e-6, [250, 250]).zoom, 0.5);
});

test("the camera does not leave the tissue", () => {
  const camera = { x: 500, y: 250, zoom: 2 };
  assert.deepEqual(panned(TISSUE, camera, 100, -50), { x: 600, y: 200, zoom: 2 });
  assert.deepEqual(panned(TISSUE, camera, 9999, -9999), { x: 1000, y: 0, zoom: 2 });
});

test("the scale bar is 1, 2 or 5 times a power of ten", () => {
  const wanted = { 1: 1, 1.9: 1, 2: 2, 4.99: 2, 5: 5, 99: 50, 100: 100, 730: 500, 2600: 2000, 0.3: 0.2 };
  for (const [um, length] of Object.entries(wanted)) near(roundLength(Number(um)), length);
});
