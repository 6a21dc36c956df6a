// @ts-check
/** Fetches the spots of a sample once, and keeps those of the last samples, also for nodes that Streamlit makes anew. */

import { again } from "./again.js";
import { unpackSpots } from "./data.js";

/** @typedef {import("./data.js").SpotData} SpotData */
/** @typedef {import("./data.js").Link} Link */

const KEPT = 4; // samples
const PAUSES_MS = [250, 500, 1000, 2000]; // Streamlit's store lacks a block for a moment while a run begins

/** @type {Map<string, SpotData>} */
const kept = new Map(); // by digest; the one asked for last comes last
/** @type {Map<string, Promise<SpotData>>} */
const expected = new Map(); // by digest

/** @param {string} digest */
export function keptSpots(digest) {
  const spots = kept.get(digest);
  if (spots) keep(spots);
  return spots;
}

/** @param {SpotData} spots */
function keep(spots) {
  kept.delete(spots.digest);
  kept.set(spots.digest, spots);
  if (kept.size > KEPT) kept.delete([...kept.keys()][0]);
}

/**
 * Spots that are not kept yet; fails if all attempts did.
 *
 * @param {Link} link
 */
export function fetchSpots(link) {
  const coming = expected.get(link.digest) ?? again(PAUSES_MS, () => attempt(link)).finally(() => expected.delete(link.digest));
  expected.set(link.digest, coming);
  return coming;
}

/** @param {Link} link */
async function attempt({ digest, url }) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The spots at ${url} were answered with ${answer.status}.`);
  const spots = unpackSpots(new Uint8Array(await answer.arrayBuffer()));
  if (spots.digest !== digest) throw new Error(`The spots at ${url} are those of another sample.`);
  keep(spots);
  return spots;
}
