// @ts-check
/** Edits of an annotation: what they do to labels, and which of them the server has not taken yet, also after a reload. Does not use a canvas. */

/** @typedef {"add" | "take" | "intersect"} What */
/** @typedef {import("./data.js").NumberArray} NumberArray */

/**
 * What one shape does to one region.
 *
 * @typedef {object} Edit
 * @property {string} tab that it was made in; another after each load of the page
 * @property {number} number among the tab's edits of the annotation, from 1
 * @property {string} spots digest of the sample's spots
 * @property {string} annotation
 * @property {number} count of the changes that led to what was seen then
 * @property {What} what
 * @property {number} region its label then
 * @property {string} name of the region
 * @property {number[]} runs of the spots in the shape
 */

const KEPT_AS = "spatial-domains edits";

/**
 * Change labels as an edit does, and list the spots whose label has changed.
 *
 * @param {NumberArray} labels
 * @param {{ what: What, runs: number[] }} edit
 * @param {number} region label of the region
 * @param {number} nothing label of spots in no region
 */
export function apply(labels, { what, runs }, region, nothing) {
  /** @type {number[]} */
  const changed = [];
  /** @param {number} spot */
  const change = (spot) => {
    if (labels[spot] === (what === "add" ? region : nothing)) return;
    labels[spot] = what === "add" ? region : nothing;
    changed.push(spot);
  };
  /** @param {number} spot */
  const takeAway = (spot) => { if (labels[spot] === region) change(spot); };
  const act = what === "add" ? change : takeAway;
  for (const [first, end] of what === "intersect" ? gaps(runs, labels.length) : pairs(runs)) {
    for (let spot = first; spot < Math.min(end, labels.length); spot++) act(spot);
  }
  return changed;
}

/**
 * @param {number[]} runs
 * @returns {[first: number, end: number][]}
 */
function pairs(runs) {
  return Array.from({ length: runs.length >> 1 }, (_, i) => [runs[2 * i], runs[2 * i + 1]]);
}

/**
 * What lies between runs.
 *
 * @param {number[]} runs
 * @param {number} count
 */
function gaps(runs, count) {
  return pairs([0, ...runs, count]);
}

/**
 * How many spots have a label.
 *
 * @param {ArrayLike<number>} labels
 * @param {number} label
 */
export function countOf(labels, label) {
  let count = 0;
  for (let spot = 0; spot < labels.length; spot++) if (labels[spot] === label) count += 1;
  return count;
}

/** The edits that the server has not taken yet, of all annotations, in the order in which they were made. */
export class Pending {
  /** @param {Pick<Storage, "getItem" | "setItem"> | null} storage of this tab; without one a reload loses what is not taken yet */
  constructor(storage) {
    this.storage = storage;
    /** @type {Edit[]} */
    this.edits = read(storage);
    this.tab = [...globalThis.crypto.getRandomValues(new Uint32Array(3))].map((part) => part.toString(16)).join("");
    /** @type {Map<string, number>} */
    this.made = new Map(); // in this tab, by annotation
  }

  /** @param {Omit<Edit, "tab" | "number">} edit */
  add(edit) {
    const number = (this.made.get(edit.annotation) ?? 0) + 1;
    this.made.set(edit.annotation, number);
    this.edits.push({ ...edit, tab: this.tab, number });
    this.keep();
  }

  /** @param {[annotation: string, tab: string, number: number][]} taken number of the last edit that the server has taken, or refused with a sentence */
  drop(taken) {
    /** @param {Edit} edit */
    const isTaken = (edit) => taken.some(([annotation, tab, last]) => edit.annotation === annotation && edit.tab === tab && edit.number <= last);
    const left = this.edits.filter((edit) => !isTaken(edit));
    if (left.length === this.edits.length) return;
    this.edits = left;
    this.keep();
  }

  /**
   * @param {string} spots digest
   * @param {string} annotation
   */
  of(spots, annotation) {
    return this.edits.filter((edit) => edit.spots === spots && edit.annotation === annotation);
  }

  keep() {
    try {
      this.storage?.setItem(KEPT_AS, JSON.stringify(this.edits));
    } catch {
      // A full storage keeps less; the edits themselves are on their way.
    }
  }
}

/**
 * @param {Pick<Storage, "getItem"> | null} storage
 * @returns {Edit[]}
 */
function read(storage) {
  try {
    const kept = JSON.parse(storage?.getItem(KEPT_AS) ?? "[]");
    return Array.isArray(kept) ? kept.filter(({ tab, runs }) => typeof tab === "string" && Array.isArray(runs)) : [];
  } catch {
    return [];
  }
}

/**
 * A shape of several parts, such as a stroke of the brush, as it is made.
 */
export class Stroke {
  /** @param {number} count of all spots */
  constructor(count) {
    this.mask = new Uint8Array(count);
  }

  /**
   * Take spots up, and give those that are new.
   *
   * @param {number[]} spots
   */
  add(spots) {
    const more = spots.filter((spot) => !this.mask[spot]);
    for (const spot of more) this.mask[spot] = 1;
    return more;
  }
}

/**
 * Runs of a list of spots.
 *
 * @param {number[]} spots
 */
export function runsOf(spots) {
  return spots.flatMap((spot) => [spot, spot + 1]);
}

/**
 * Storage of this tab; null where the browser gives none.
 *
 * @returns {Storage | null}
 */
export function tabStorage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}
