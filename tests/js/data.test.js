/** Reading what component.py packs, selections, legends and text. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { bitsOf, grouped, groupedAmong, legendOf, marked, Names, runs, same, unpack, unpackSpots } from "../../ui/tissue_view/js/data.js";
import { lengthInWords, lengthName, lineAbout, readable } from "../../ui/tissue_view/js/text.js";
import { packed } from "./packed.js";

const labelled = (title, labels, names, colours) => ({ title, labels: Uint8Array.from(labels), names, colours, hover_names: names, values: null });

test("a block is read as its header with typed arrays in it, wherever it lies in memory", () => {
  const map = { title: "Größe in µm", labels: 1, values: null, lines: null };
  const arrays = [Float32Array.of(0, 1.5, 100, -2), Uint8Array.of(0, 1, 1), Uint16Array.of(300, 2), Int32Array.of(-7)];
  const listed = [["f4", 0, 4], ["u1", 16, 3], ["u2", 24, 2], ["i4", 32, 1]];
  const header = { maps: [map], hover_only: [{ ...map, labels: 2, lines: 3, values: 0 }], selected: 1, arrays: listed };
  const block = packed(header, arrays);
  const aside = new Uint8Array(block.length + 3); // Streamlit hands over a view into a longer message
  aside.set(block, 3);
  for (const bytes of [block, aside.subarray(3)]) {
    const data = unpack(bytes);
    assert.deepEqual(data.hover_only[0].values, arrays[0]);
    assert.deepEqual([data.maps[0].labels, data.selected], [arrays[1], arrays[1]]);
    assert.deepEqual([data.maps[0].values, data.maps[0].lines], [null, null]);
    assert.deepEqual([data.hover_only[0].labels, data.hover_only[0].lines], [arrays[2], arrays[3]]);
    assert.equal(data.maps[0].title, "Größe in µm");
  }
});

test("a block of spots is read with its positions and stain", () => {
  const arrays = [Float32Array.of(0, 1.5, 100, -2), Uint8Array.of(1, 2, 3, 4, 5, 6), new TextEncoder().encode("a\nβ-1")];
  const header = { digest: "d", names: 2, centres_um: 0, stain: 1, arrays: [["f4", 0, 4], ["u1", 16, 6], ["u1", 24, 6]] };
  const spots = unpackSpots(packed(header, arrays));
  assert.deepEqual([spots.centres_um, spots.stain, spots.digest], [arrays[0], arrays[1], "d"]);
  assert.deepEqual([0, 1].map((spot) => spots.names.of(spot)), ["a", "β-1"]);
  const bare = unpackSpots(packed({ ...header, names: null, stain: null }, arrays));
  assert.deepEqual([bare.stain, bare.names.of(1)], [null, "Spot 1"]);
});

test("two maps are the same if all their parts are, missing values among them, and not if one part differs", () => {
  const map = {
    title: "Map", labels: null, names: ["a"], colours: ["#111111"], values: Float32Array.of(1, NaN), limits: [0, 1], arrow: null,
    lines: Float32Array.of(0, 1, 2, 3), line_lengths: [2],
  };
  assert.ok(same(map, structuredClone(map)));
  const others = {
    title: "Other", names: ["b"], colours: ["#111112"], values: Float32Array.of(1, 2), limits: [0, 2], arrow: [0, 1],
    lines: Float32Array.of(0, 1, 2, 4), line_lengths: [1, 1],
  };
  for (const [name, part] of Object.entries(others)) assert.ok(!same(map, { ...map, [name]: part }), name);
  assert.ok(!same({ ...map, values: Float32Array.of(1) }, map));
  assert.ok(!same(map, { ...map, labels: Uint8Array.of(0, 0), values: null }));
});

test("a counting sort keeps the order within each number", () => {
  const { order, starts } = grouped([2, 0, 2, 1, 0], 4);
  assert.deepEqual([...order], [1, 4, 3, 0, 2]);
  assert.deepEqual([...starts], [0, 2, 3, 5, 5]);
});

test("some indices are sorted by their number as all are, the others left out", () => {
  const { order, starts } = groupedAmong(Int32Array.of(4, 2, 3), [2, 0, 2, 1, 0], 4);
  assert.deepEqual([...order], [4, 3, 2]);
  assert.deepEqual([...starts], [0, 1, 2, 3, 3]);
});

test("an empty name is a name, and what lies beyond the last line is none of the others'", () => {
  const names = new Names(new TextEncoder().encode("\nAAAC-1\n"));
  assert.deepEqual([0, 1, 2].map((spot) => names.of(spot)), ["", "AAAC-1", ""]);
});

test("runs name the first spot and one past the last", () => {
  assert.deepEqual(runs(Uint8Array.of(1, 1, 0, 0, 1, 0, 1)), [0, 2, 4, 5, 6, 7]);
  assert.deepEqual(runs(new Uint8Array(3)), []);
});

test("a selection goes out as bits, the lowest of a byte first, and comes back as the same mask", () => {
  assert.equal(bitsOf(Uint8Array.of(1, 1, 0, 0, 1, 0, 1, 0, 0, 1)), "UwI="); // 1 + 2 + 16 + 64 = 0x53, then 2
  const mask = Uint8Array.from({ length: 100003 }, (_, spot) => Number(spot % 7 === 2 || spot === 100002));
  assert.deepEqual(marked(Buffer.from(bitsOf(mask), "base64"), mask.length), mask);
  assert.equal(marked(Uint8Array.of(0), 3), null);
  assert.equal(marked(null, 3), null);
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
  assert.deepEqual([500, 1000, 2000].map((um) => lengthName(um, "µm")), ["500 µm", "1 mm", "2 mm"]);
  assert.equal(lengthInWords(1234.56, "µm"), "1,234.6 µm");
  assert.equal(lengthName(2000, "units"), "2,000 units"); // nobody said how long one is
  assert.equal(lengthInWords(1234.56, "units"), "1,234.6 units");
});
