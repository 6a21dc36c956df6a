// @ts-check
/** Reads the blocks of bytes that component.py and spots.py pack, and writes the selection that goes back. */

/** @typedef {Uint8Array | Uint16Array | Int32Array | Float32Array} NumberArray */

/**
 * One map: labels, or values, or neither and a message.
 *
 * @typedef {object} MapData
 * @property {string} title
 * @property {string} description
 * @property {NumberArray | null} labels index of each spot's label in `names`
 * @property {string[]} names
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
 * @property {number[]} selected runs of the selected spots
 * @property {number} move that the maps come from
 * @property {string} camera entry of the address that holds the camera; empty for none
 */

/**
 * @typedef {object} SpotData
 * @property {string} digest
 * @property {NumberArray} centres_um x, y, x, y, ...
 * @property {string[]} names
 * @property {number} width_um of a spot
 * @property {[number, number] | null} array_um between array rows, and between array columns; null off the lattice
 * @property {NumberArray | null} stain red, green and blue of each spot
 */

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array };

/**
 * Read a block that packing.py wrote: the length of a JSON header, the header, then the arrays that it lists.
 *
 * @param {Uint8Array} bytes
 */
function opened(bytes) {
  const buffer = bytes.slice().buffer; // a copy starts at 0, as typed arrays need it
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
  return { ...header, maps: header.maps.map(read), hover_only: header.hover_only.map(read) };
}

/**
 * @param {Uint8Array} bytes
 * @returns {SpotData}
 */
export function unpackSpots(bytes) {
  const { header, array } = opened(bytes);
  return { ...header, centres_um: array(header.centres_um), stain: array(header.stain) };
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
 * The mask of runs; null if no spot is marked.
 *
 * @param {number[]} ends
 * @param {number} count
 */
export function marked(ends, count) {
  const mask = new Uint8Array(count);
  for (let i = 0; i < ends.length; i += 2) mask.fill(1, ends[i], ends[i + 1]);
  return mask.includes(1) ? mask : null;
}

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
    for (const c of new Set(labels)) present.add(names[c]);
  }
  return [...colours].filter(([name]) => present.has(name));
}
