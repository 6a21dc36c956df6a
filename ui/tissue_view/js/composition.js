// @ts-check
/** Counts the spots of each label, for a table that everybody can read, and for words. */

import { legendOf } from "./data.js";

/** @typedef {import("./data.js").MapData} MapData */
/** @typedef {{ name: string, counts: number[] }} Row a label, and its spots on each map */
/** @typedef {{ titles: string[], total: number, rows: Row[] }} Composition */

/**
 * Count the spots of each label on each map that has labels.
 *
 * @param {MapData[]} maps
 * @param {Uint8Array | null} selected count these alone
 * @returns {Composition}
 */
export function compositionOf(maps, selected) {
  const labelled = maps.filter((map) => map.labels && map.names.length);
  const counted = labelled.map((map) => countsOf(map, selected));
  const rows = legendOf(labelled).map(([name]) => ({ name, counts: counted.map((counts) => counts.get(name) ?? 0) }));
  const total = selected ? selected.reduce((sum, one) => sum + one, 0) : (labelled[0]?.labels?.length ?? 0);
  return { titles: labelled.map((map) => map.title), total, rows };
}

/**
 * @param {MapData} map
 * @param {Uint8Array | null} selected
 * @returns {Map<string, number>}
 */
function countsOf({ labels, names }, selected) {
  const spots = new Uint32Array(names.length);
  labels?.forEach((label, spot) => { if (!selected || selected[spot]) spots[label] += 1; });
  /** @type {Map<string, number>} */
  const counts = new Map();
  names.forEach((name, label) => counts.set(name, (counts.get(name) ?? 0) + spots[label]));
  return counts;
}

/**
 * The spots and the share of a label, as a cell of the table.
 *
 * @param {number} count
 * @param {number} total
 */
export function countAndShare(count, total) {
  return `${count.toLocaleString("en")} (${total ? ((100 * count) / total).toFixed(1) : "0.0"}%)`;
}

/**
 * What is selected, as sentences: the labels with most spots come first.
 *
 * @param {Composition} composition
 */
export function selectionInWords({ titles, total, rows }) {
  if (!total) return "No spots are selected.";
  const sentences = titles.map((title, map) => {
    const present = rows.filter(({ counts }) => counts[map]).sort((one, other) => other.counts[map] - one.counts[map]);
    return `${title}: ${present.map(({ name, counts }) => `${counts[map].toLocaleString("en")} in ${name}`).join(", ")}.`;
  });
  return [`${total.toLocaleString("en")} spot${total === 1 ? "" : "s"} selected.`, ...sentences].join(" ");
}
