/** Counts of labels, with truths worked out by hand. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { compositionOf, countAndShare, selectionInWords } from "../../ui/tissue_view/js/composition.js";

const NAMES = { names: ["A", "B"], colours: ["#000000", "#FFFFFF"] };
const PREDICTED = { title: "Predicted", labels: Uint8Array.of(0, 0, 1, 1), ...NAMES };
const ANNOTATED = { title: "Annotated", labels: Uint8Array.of(0, 2, 2, 1), names: ["A", "B", "C"], colours: ["#000000", "#FFFFFF", "#111111"] };
const VALUES = { title: "Counts", labels: null, values: Float32Array.of(1, 2, 3, 4), names: [], colours: [] };

test("each label is counted on each map that has labels, in the order of the legend", () => {
  assert.deepEqual(compositionOf([PREDICTED, VALUES, ANNOTATED], null), {
    titles: ["Predicted", "Annotated"],
    total: 4,
    rows: [{ name: "A", counts: [2, 1] }, { name: "B", counts: [2, 1] }, { name: "C", counts: [0, 2] }],
  });
});

test("among selected spots only these are counted", () => {
  const { total, rows } = compositionOf([PREDICTED, ANNOTATED], Uint8Array.of(0, 1, 1, 1));
  assert.equal(total, 3);
  assert.deepEqual(rows.map(({ counts }) => counts), [[1, 0], [2, 1], [0, 2]]);
});

test("a cell of the table has the spots and their share", () => {
  assert.equal(countAndShare(1234, 2468), "1,234 (50.0%)");
  assert.equal(countAndShare(0, 0), "0 (0.0%)");
});

test("a selection is told with the largest label first, and without those that it lacks", () => {
  const words = selectionInWords(compositionOf([PREDICTED, ANNOTATED], Uint8Array.of(0, 1, 1, 1)));
  assert.equal(words, "3 spots selected. Predicted: 2 in B, 1 in A. Annotated: 2 in C, 1 in B.");
  assert.equal(selectionInWords(compositionOf([PREDICTED], Uint8Array.of(1, 0, 0, 0))), "1 spot selected. Predicted: 1 in A.");
  assert.equal(selectionInWords(compositionOf([PREDICTED], new Uint8Array(4))), "No spots are selected.");
});
