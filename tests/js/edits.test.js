/** Edits of an annotation, with truths worked out by hand, and without a page. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Pending, Stroke, apply, countOf, runsOf } from "../../ui/tissue_view/js/edits.js";

const NOTHING = 2; // after two regions

/** What is left of labels after an edit, and the spots that changed. */
function after(labels, what, runs, region = 0) {
  const kept = Uint8Array.from(labels);
  return [[...kept], apply(kept, { what, runs }, region, NOTHING), [...kept]].slice(1);
}

/** A storage as a tab has it. */
function storage(entries = {}) {
  return { entries, getItem: (name) => entries[name] ?? null, setItem(name, text) { entries[name] = text; } };
}

const edit = (more = {}) => ({ spots: "s", annotation: "a", count: 0, what: "add", region: 0, name: "L1", runs: [0, 1], ...more });
const numbers = (edits) => edits.map(({ number }) => number);

test("adding gives spots to the region, whatever they belonged to", () => {
  assert.deepEqual(after([2, 1, 0, 2], "add", [0, 3]), [[0, 1], [0, 0, 0, 2]]);
});

test("taking frees spots of the region, and of no other", () => {
  assert.deepEqual(after([0, 1, 0, 0], "take", [0, 3]), [[0, 2], [2, 1, 2, 0]]);
});

test("intersecting frees the spots of the region that lie outside, and leaves others as they are", () => {
  assert.deepEqual(after([0, 0, 1, 0, 2, 0], "intersect", [1, 2, 3, 4]), [[0, 5], [2, 0, 1, 0, 2, 2]]);
  assert.deepEqual(after([0, 0], "intersect", []), [[0, 1], [2, 2]]);
});

test("the same edit twice changes nothing more", () => {
  const labels = Uint8Array.from([2, 1, 2]);
  apply(labels, { what: "add", runs: [0, 2] }, 0, NOTHING);
  assert.deepEqual(apply(labels, { what: "add", runs: [0, 2] }, 0, NOTHING), []);
});

test("runs beyond the spots change only spots", () => {
  assert.deepEqual(after([2, 2], "add", [1, 9]), [[1], [2, 0]]);
});

test("a stroke takes each spot up once, and its runs are those of its spots", () => {
  const stroke = new Stroke(5);
  assert.deepEqual(stroke.add([1, 2]), [1, 2]);
  assert.deepEqual(stroke.add([2, 4]), [4]);
  assert.deepEqual([...stroke.mask], [0, 1, 1, 0, 1]);
  assert.deepEqual(runsOf([1, 4]), [1, 2, 4, 5]);
});

test("spots of a label are counted", () => {
  assert.equal(countOf([0, 1, 1, 2], 1), 2);
});

test("edits are numbered from 1 in each annotation, and what the server has taken is dropped", () => {
  const pending = new Pending(storage());
  for (const annotation of ["a", "a", "b", "a"]) pending.add(edit({ annotation }));
  assert.deepEqual(numbers(pending.edits), [1, 2, 1, 3]);
  pending.drop([["a", pending.tab, 2], ["b", "another tab", 9]]);
  assert.deepEqual(pending.edits.map(({ annotation, number }) => [annotation, number]), [["b", 1], ["a", 3]]);
});

test("edits that the server has not taken outlive a reload, in their order, and those after it are of another tab", () => {
  const tab = storage();
  const first = new Pending(tab);
  for (let i = 0; i < 3; i++) first.add(edit());
  first.drop([["a", first.tab, 1]]);
  const second = new Pending(storage(tab.entries));
  assert.deepEqual(second.edits, first.edits);
  assert.deepEqual(numbers(second.edits), [2, 3]);
  second.add(edit());
  assert.deepEqual(numbers(second.edits), [2, 3, 1]);
  assert.notEqual(second.tab, first.tab);
  second.drop([["a", second.tab, 1]]);
  assert.deepEqual(numbers(second.edits), [2, 3]);
});

test("only edits of the shown annotation and sample lie on top of it", () => {
  const pending = new Pending(storage());
  for (const more of [{}, { annotation: "b" }, { spots: "t" }]) pending.add(edit(more));
  assert.deepEqual(pending.of("s", "a"), [{ ...edit(), tab: pending.tab, number: 1 }]);
});

test("without a storage, and with a full or a damaged one, edits are kept in memory", () => {
  const full = { getItem: () => "{", setItem() { throw new Error("full"); } };
  for (const tab of [null, full, storage({ "spatial-domains edits": "[3, null, {\"tab\": 7}]" })]) {
    const pending = new Pending(tab);
    assert.deepEqual(pending.edits, []);
    pending.add(edit());
    assert.equal(pending.edits.length, 1);
  }
});
