/** Reading what component.py packs, selections, legends and text. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { grouped, legendOf, marked, runs, unpack } from "../../ui/tissue_view/js/data.js";
import { lengthName, lineAbout, micrometres, readable } from "../../ui/tissue_view/js/text.js";

const labelled = (title, labels, names, colours) => ({ title, labels: Uint8Array.from(labels), names, colours, hover_names: names, values: null });

/** A block as packing.py lays it out: length, header, and each array at a multiple of 8 bytes. */
function packed(header, arrays) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil((4 + text.length) / 8) * 8 - 4;
  const size = arrays.reduce((sum, array) => sum + Math.ceil(array.byteLength / 8) * 8, 0);
  const block = new Uint8Array(4 + length + size).fill(32, 0, 4 + length);
  new DataView(block.buffer).setUint32(0, length, true);
  block.set(text, 4);
  let offset = 4 + length;
  for (const array of arrays) {
    block.set(new Uint8Array(array.buffer), offset);
    offset += Math.ceil(array.byteLength / 8) * 8;
  }
  return block;
}

test("a block is read as its header with typed arrays in it, wherever it lies in memory", () => {
  const map = { title: "Größe in µm", labels: 1, values: null, lines: null };
  const arrays = [Float32Array.of(0, 1.5, 100, -2), Uint8Array.of(0, 1, 1), Uint16Array.of(300, 2), Int32Array.of(-7)];
  const header = {
    centres_um: 0, stain: null, names: ["a", "b"], maps: [map], hover_only: [{ ...map, labels: 2, lines: 3 }],
    arrays: [["f4", 0, 4], ["u1", 16, 3], ["u2", 24, 2], ["i4", 32, 1]],
  };
  const block = packed(header, arrays);
  const aside = new Uint8Array(block.length + 3); // Streamlit hands over a view into a longer message
  aside.set(block, 3);
  for (const bytes of [block, aside.subarray(3)]) {
    const data = unpack(bytes);
    assert.deepEqual(data.centres_um, arrays[0]);
    assert.deepEqual(data.maps[0].labels, arrays[1]);
    assert.deepEqual([data.maps[0].values, data.maps[0].lines, data.stain], [null, null, null]);
    assert.deepEqual([data.hover_only[0].labels, data.hover_only[0].lines], [arrays[2], arrays[3]]);
    assert.equal(data.maps[0].title, "Größe in µm");
  }
});

test("a counting sort keeps the order within each number", () => {
  const { order, starts } = grouped([2, 0, 2, 1, 0], 4);
  assert.deepEqual([...order], [1, 4, 3, 0, 2]);
  assert.deepEqual([...starts], [0, 2, 3, 5, 5]);
});

test("runs name the first spot and one past the last, and come back as the same mask", () => {
  const mask = Uint8Array.of(1, 1, 0, 0, 1, 0, 1);
  assert.deepEqual(runs(mask), [0, 2, 4, 5, 6, 7]);
  assert.deepEqual(marked(runs(mask), 7), mask);
  assert.deepEqual(runs(new Uint8Array(3)), []);
  assert.equal(marked([], 3), null);
});

test("a legend names each label that has spots once, in the order of the maps", () => {
  const left = labelled("Left", [0, 0, 2], ["one", "two", "three"], ["#111111", "#222222", "#333333"]);
  const right = labelled("Right", [1, 0, 0], ["three", "four"], ["#999999", "#444444"]);
  assert.deepEqual(legendOf([left, { ...left, labels: null }, right]), [["one", "#111111"], ["three", "#333333"], ["four", "#444444"]]);
});

test("a spot is described by the hover text of its label, by its value and unit, or not at all", () => {
  assert.equal(lineAbout({ ...labelled("Map", [1], ["a", "b"], []), hover_names: ["A", "B (cluster 2)"] }, 0), "Map: B (cluster 2)");
  const values = { title: "Gene", labels: null, values: Float32Array.of(1234567, NaN), unit: "counts" };
  assert.equal(lineAbout(values, 0), "Gene: 1.2e+6 counts");
  assert.equal(lineAbout(values, 1), "Gene: no value counts");
  assert.equal(lineAbout({ title: "Message", labels: null, values: null }, 0), "");
});

test("numbers are short and lengths change to mm at 1,000 um", () => {
  assert.deepEqual([0, 12345, 0.12345, 0.0001, -2.5].map(readable), ["0", "12,345", "0.123", "1.0e-4", "-2.5"]);
  assert.deepEqual([500, 1000, 2000].map(lengthName), ["500 µm", "1 mm", "2 mm"]);
  assert.equal(micrometres(1234.56), "1,234.6 µm");
});
