// @ts-check
/** Reads the blocks of bytes that component.py and spots.py pack, and writes the selection that goes back. */

/** @typedef {Uint8Array | Uint16Array | Int16Array | Int32Array | Float32Array} NumberArray */

/**
 * One map: labels, or values, or neither and a message.
 *
 * @typedef {object} MapData
 * @property {string} title
 * @property {string} description
 * @property {NumberArray | null} labels index of each spot's label in `names`
 * @property {string[]} names none where colours mean no labels, as of blended values: then no legend, table or hover text has them
 * @property {string[]} colours of the labels, `#RRGGBB`
 * @property {string[]} hover_names of the labels, for the hover text
 * @property {NumberArray | null} values NaN if a spot has none
 * @property {string[]} scale colours from the lowest to the highest value
 * @property {[number, number]} limits values at the ends of the scale; only if there are values
 * @property {string} unit
 * @property {[number, number] | null} arrow
 * @property {NumberArray | null} lines x and y of all points of all lines, in um
 * @property {number[]} line_lengths in points
 * @property {string} message
 */

/** @typedef {{ digest: string, url: string }} Link where the spots are, and a digest that differs for other spots */

/**
 * @typedef {object} ViewData
 * @property {Link} spots
 * @property {{ panel: string, muted: string, text: string, accent: string, paper: string }} theme
 * @property {number} columns
 * @property {MapData[]} maps
 * @property {MapData[]} hover_only more lines of the hover text, without a map
 * @property {{ url: string, um_to_px: number[] } | null} image
 * @property {NumberArray | null} selected a bit for each spot, the lowest of a byte first; null if none is selected
 * @property {number | null} [choice] number of a selection that was made outside the maps; null where the maps' own is the only one
 * @property {number} move that the maps come from
 * @property {string} camera entry of the address that holds the camera; empty for none
 * @property {OutlineLinks | null} [outlines] null where cells have none
 * @property {number | null} [marked] spot that a ring is drawn around in all maps
 * @property {DrawingData | null} drawing what may be drawn; null where nothing may
 */

/**
 * An annotation that is drawn on the first map: its labels are the regions in order, and after them that of spots in no region.
 *
 * @typedef {object} DrawingData
 * @property {string} annotation
 * @property {number} active label of the region that shapes change; -1 for none
 * @property {number} count of the changes that led to what is shown
 * @property {[annotation: string, tab: string, number: number][]} taken number of the last edit of a tab that the server has taken or refused
 */

/**
 * @typedef {object} SpotData
 * @property {string} digest
 * @property {NumberArray} centres_um x, y, x, y, ...
 * @property {Names} names
 * @property {number} width_um of a spot
 * @property {string} unit what lengths are in: µm, or units of the file where nobody said how long these are
 * @property {[number, number] | null} array_um between array rows, and between array columns; null off the lattice
 * @property {NumberArray | null} stain red, green and blue of each spot
 */

/** @typedef {{ digest: string, tiles: { url: string, box: [left: number, top: number, right: number, bottom: number] }[] }} OutlineLinks */

/**
 * Outlines of some neighbouring cells.
 *
 * @typedef {object} OutlineTile
 * @property {string} digest
 * @property {Int32Array} cells
 * @property {Int32Array} begins of the corners of each cell, and the end of the last
 * @property {Int16Array} corners x, y, x, y, ... from the cell's centre, in units
 * @property {number} unit_um
 */

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, i2: Int16Array, i4: Int32Array, f4: Float32Array };

/**
 * Read a block that packing.py wrote: the length of a JSON header, the header, then the arrays that it lists.
 *
 * @param {Uint8Array} bytes
 */
function opened(bytes) {
  const alone = bytes.byteLength === bytes.buffer.byteLength;
  const buffer = /** @type {ArrayBuffer} */ (alone ? bytes.buffer : bytes.slice().buffer); // a copy starts at 0, as typed arrays need it
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  /** @param {number | null} index */
  const array = (index) => {
    if (index === null) return null;
    const [type, offset, count] = header.arrays[index];
    return new ARRAYS[/** @type {keyof typeof ARRAYS} */ (type)](buffer, 4 + length + offset, count);
  };
  return { header, array };
}

/**
 * @param {Uint8Array} bytes
 * @returns {ViewData}
 */
export function unpack(bytes) {
  const { header, array } = opened(bytes);
  /** @param {any} map */
  const read = (map) => ({ ...map, labels: array(map.labels), values: array(map.values), lines: array(map.lines) });
  return { ...header, selected: array(header.selected), maps: header.maps.map(read), hover_only: header.hover_only.map(read) };
}

/**
 * @param {Uint8Array} bytes
 * @returns {SpotData}
 */
export function unpackSpots(bytes) {
  const { header, array } = opened(bytes);
  const names = new Names(/** @type {Uint8Array | null} */ (array(header.names)));
  return { ...header, names, centres_um: array(header.centres_um), stain: array(header.stain) };
}

/**
 * @param {Uint8Array} bytes
 * @returns {OutlineTile}
 */
export function unpackOutlines(bytes) {
  const { header, array } = opened(bytes);
  return { ...header, cells: array(header.cells), begins: array(header.begins), corners: array(header.corners) };
}

/** Names of spots as they travel, a line for each: as strings, those of a million spots would take most of the memory. */
export class Names {
  /** @type {Uint32Array | null} */ starts = null; // of the lines, found when a name is first asked for

  /** @param {Uint8Array | null} text null where spots are called by their number */
  constructor(text) {
    this.text = text;
  }

  /** @param {number} spot */
  of(spot) {
    if (!this.text) return `Spot ${spot}`;
    this.starts ??= startsOfLines(this.text);
    const end = (this.starts[spot + 1] ?? this.text.length + 1) - 1;
    return new TextDecoder().decode(this.text.subarray(this.starts[spot], end));
  }
}

const LINE_END = 10;

/** @param {Uint8Array} text */
function startsOfLines(text) {
  let count = 1;
  for (let i = 0; i < text.length; i++) if (text[i] === LINE_END) count += 1;
  const starts = new Uint32Array(count);
  for (let i = 0, line = 1; line < count; i++) if (text[i] === LINE_END) starts[line++] = i + 1;
  return starts;
}

/**
 * Whether two maps show the same.
 *
 * @param {MapData} one
 * @param {MapData} other
 */
export function same(one, other) {
  const names = /** @type {(keyof MapData)[]} */ (Object.keys(one));
  return names.every((name) => equal(one[name], other[name]));
}

/**
 * @param {unknown} one
 * @param {unknown} other
 * @returns {boolean}
 */
function equal(one, other) {
  if (!isList(one) || !isList(other)) return Object.is(one, other); // a value may be NaN
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (!Object.is(one[i], other[i])) return false;
  return true;
}

/**
 * @param {unknown} thing
 * @returns {thing is ArrayLike<unknown>}
 */
function isList(thing) {
  return Array.isArray(thing) || ArrayBuffer.isView(thing);
}

/**
 * Sort indices by a small whole number (counting sort): the indices with number c are order[starts[c] .. starts[c + 1]].
 *
 * @param {ArrayLike<number>} numbers
 * @param {number} n one more than the largest number
 */
export function grouped(numbers, n) {
  const starts = new Int32Array(n + 1);
  for (let i = 0; i < numbers.length; i++) starts[numbers[i] + 1]++;
  for (let c = 0; c < n; c++) starts[c + 1] += starts[c];
  const next = starts.slice();
  const order = new Int32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) order[next[numbers[i]]++] = i;
  return { order, starts };
}

/**
 * Sort some of the indices by their number, as `grouped` does with all.
 *
 * @param {Int32Array} some
 * @param {ArrayLike<number>} numbers of all
 * @param {number} n
 */
export function groupedAmong(some, numbers, n) {
  const { order, starts } = grouped(some.map((index) => numbers[index]), n);
  return { order: order.map((place) => some[place]), starts };
}

/**
 * Runs of marked spots as [first, one past the last, first, one past the last, ...], which is short if spots are in rows.
 *
 * @param {Uint8Array} mask
 */
export function runs(mask) {
  const ends = [];
  for (let spot = 0; spot <= mask.length; spot++) {
    if ((mask[spot] ?? 0) !== (mask[spot - 1] ?? 0)) ends.push(spot);
  }
  return ends;
}

/**
 * The mask of bits; null if no spot is marked.
 *
 * @param {ArrayLike<number> | null} bits
 * @param {number} count
 */
export function marked(bits, count) {
  if (!bits) return null;
  const mask = new Uint8Array(count);
  for (let spot = 0; spot < count; spot++) mask[spot] = (bits[spot >> 3] >> (spot & 7)) & 1;
  return mask.includes(1) ? mask : null;
}

/**
 * A bit for each spot, the lowest of a byte first, in the letters of base64: cells lie in no order, so that runs of them are many.
 *
 * @param {Uint8Array} mask
 */
export function bitsOf(mask) {
  const bits = new Uint8Array((mask.length + 7) >> 3);
  for (let spot = 0; spot < mask.length; spot++) bits[spot >> 3] |= mask[spot] << (spot & 7);
  let text = "";
  for (let first = 0; first < bits.length; first += CHUNK) text += String.fromCharCode(...bits.subarray(first, first + CHUNK));
  return btoa(text);
}

const CHUNK = 8192; // a function takes no more arguments than that everywhere

/**
 * Names and colours of the labels that have spots, each name once, in the order of the maps.
 *
 * @param {MapData[]} maps
 */
export function legendOf(maps) {
  /** @type {Map<string, string>} */
  const colours = new Map();
  const present = new Set();
  for (const { labels, names, colours: given } of maps) {
    if (!labels) continue;
    names.forEach((name, c) => colours.has(name) || colours.set(name, given[c]));
    const counts = new Uint32Array(given.length);
    for (let spot = 0; spot < labels.length; spot++) counts[labels[spot]] += 1;
    counts.forEach((count, c) => { if (count) present.add(names[c]); });
  }
  return [...colours].filter(([name]) => present.has(name));
}
