/** Spots that are fetched from a real server, once and for all. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { fetchSpots, keptSpots } from "../../ui/tissue_view/js/spots.js";
import { packed } from "./packed.js";

const asked = []; // paths
const failures = new Map(); // how often a path still fails
let server, address;

/** The block at a path: its digest is the path without the stroke, except for a block that is another's. */
function block(path) {
  const digest = path === "/mistaken" ? "other" : path.slice(1);
  const header = { digest, names: 1, centres_um: 0, stain: null, arrays: [["f4", 0, 4], ["u1", 16, 3]] };
  return packed(header, [Float32Array.of(0, 0, 100, 0), new TextEncoder().encode("a\nb")]);
}

before(async () => {
  server = createServer(({ url }, answer) => {
    asked.push(url);
    const left = failures.get(url) ?? 0;
    failures.set(url, left - 1);
    if (left > 0) answer.writeHead(404).end();
    else answer.end(block(url));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const link = (digest) => ({ digest, url: `${address}/${digest}` });
const times = (digest) => asked.filter((path) => path === `/${digest}`).length;

test("spots that two maps wait for are fetched once, and kept", async () => {
  assert.equal(keptSpots("one"), undefined);
  const [left, right] = await Promise.all([fetchSpots(link("one")), fetchSpots(link("one"))]);
  assert.equal(left, right);
  assert.equal(keptSpots("one"), left);
  assert.deepEqual([[0, 1].map((spot) => left.names.of(spot)), [...left.centres_um], times("one")], [["a", "b"], [0, 0, 100, 0], 1]);
});

test("a fetch that failed is tried again", async () => {
  failures.set("/late", 1);
  assert.equal((await fetchSpots(link("late"))).digest, "late");
  assert.equal(times("late"), 2);
});

test("spots that did not come five times, or are those of another sample, are refused, and asked for anew the next time", async () => {
  failures.set("/lost", 5);
  await assert.rejects(fetchSpots(link("lost")), /404/);
  assert.equal(times("lost"), 5);
  await assert.rejects(fetchSpots(link("mistaken")), /another sample/);
  assert.equal(keptSpots("mistaken"), undefined);
  assert.equal((await fetchSpots(link("lost"))).digest, "lost");
});

test("the spots of the last four samples are kept, by when they were asked for", async () => {
  for (const digest of ["a", "b", "c", "d"]) await fetchSpots(link(digest));
  keptSpots("a");
  await fetchSpots(link("e"));
  assert.deepEqual(["a", "b", "c", "d", "e"].map((digest) => Boolean(keptSpots(digest))), [true, false, true, true, true]);
});
