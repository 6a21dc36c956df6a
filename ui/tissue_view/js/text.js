// @ts-check
/** Numbers and spots as text. */

/** @param {number} value */
export function readable(value) {
  if (!Number.isFinite(value)) return "no value";
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential(1);
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(3)));
}

/**
 * A round length, as a scale bar has it.
 *
 * @param {number} length
 * @param {string} unit µm, or what lengths are in where nobody knows how many µm that is
 */
export function lengthName(length, unit) {
  return unit === "µm" && length >= 1000 ? `${length / 1000} mm` : `${length.toLocaleString("en")} ${unit}`;
}

/**
 * @param {number} length
 * @param {string} unit
 */
export function lengthInWords(length, unit) {
  return `${length.toLocaleString("en", { maximumFractionDigits: 1 })} ${unit}`;
}

/**
 * What the maps show, for those who do not see them.
 *
 * @param {number} zoom 1 shows the whole tissue
 * @param {string} place in the middle of the maps
 */
export function cameraInWords(zoom, place) {
  return `Zoom ${Number(zoom.toFixed(2))}, middle at ${place}.`;
}

/**
 * The line of a map in the hover text of a spot; empty if the map has no labels and values.
 *
 * @param {import("./data.js").MapData} map
 * @param {number} spot
 */
export function lineAbout(map, spot) {
  if (map.labels && map.names.length) return `${map.title}: ${map.hover_names[map.labels[spot]]}`;
  if (map.values) return `${map.title}: ${[readable(map.values[spot]), map.unit].filter(Boolean).join(" ")}`;
  return "";
}
