// @ts-check
/** Turns the colours that component.py sends into the fill of each spot. */

/** @typedef {number[]} Colour red, green and blue, from 0 to 255 */

/**
 * A colour code below `n` for each spot, and the colour of a code, so that one fill draws many spots.
 *
 * @typedef {{ codes: Uint16Array, n: number, colourOf: (code: number) => Colour }} Colouring
 */

const DIMMED = 0.8;
const SEEN = 3; // contrast that WCAG 2.2 asks of graphics (1.4.11)
const RIM_OF_TEXT = 0.5; // share of text: even a white spot on a light panel then has a rim of 3:1
const N_SHADES = 256;
const MISSING = N_SHADES; // category of spots without a value

/** @param {string} hex `#RRGGBB` */
export function rgb(hex) {
  return [1, 3, 5].map((first) => parseInt(hex.slice(first, first + 2), 16));
}

/**
 * @param {Colour} one
 * @param {Colour} other
 * @param {number} share of the other colour
 */
export function mix(one, other, share) {
  return one.map((value, channel) => value + (other[channel] - value) * share);
}

/**
 * Contrast of two colours as WCAG counts it: (lighter + 0.05) / (darker + 0.05), of relative luminances.
 *
 * @param {Colour} one
 * @param {Colour} other
 */
export function contrast(one, other) {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** @param {Colour} colour */
function luminance(colour) {
  const [r, g, b] = colour.map((value) => value / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * The colour of the rim around spots that would hardly be seen on their background; null where they stand out from it.
 *
 * @param {Colour} colour
 * @param {Colour} background
 * @param {Colour} text stands out from the background
 */
export function rimOf(colour, background, text) {
  return contrast(colour, background) < SEEN ? mix(colour, text, RIM_OF_TEXT) : null;
}

/** @param {Colour} colour */
export function css(colour) {
  return `rgb(${colour.map(Math.round).join(",")})`;
}

/**
 * The four bytes of a pixel of an ImageData as one number, in reverse order (little-endian).
 *
 * @param {Colour} colour
 */
export function pixelWord(colour) {
  const [r, g, b] = colour.map(Math.round);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/**
 * A colour at a share from 0 to 1 of a scale of evenly spaced colours.
 *
 * @param {Colour[]} scale
 * @param {number} share
 */
export function onScale(scale, share) {
  const index = share * (scale.length - 1);
  const below = Math.min(Math.floor(index), scale.length - 2);
  return mix(scale[below], scale[below + 1], index - below);
}

/** @param {string[]} scale */
export function shadeTable(scale) {
  const colours = scale.map(rgb);
  return Array.from({ length: N_SHADES }, (_, shade) => onScale(colours, shade / (N_SHADES - 1)));
}

/**
 * The shade of each value between the limits; missing values get the number after the last shade.
 *
 * @param {ArrayLike<number>} values
 * @param {[number, number]} limits
 */
export function shadesOf(values, [low, high]) {
  const width = high - low || 1;
  /** @param {number} value */
  const shade = (value) => Math.max(0, Math.min(N_SHADES - 1, Math.floor(((value - low) / width) * N_SHADES)));
  return Uint16Array.from(values, (value) => (Number.isNaN(value) ? MISSING : shade(value)));
}

/**
 * Each colour, followed by a dimmed one for spots that are not selected.
 *
 * @param {Colour[]} colours
 * @param {Colour} background
 */
export function withDimmed(colours, background) {
  return colours.flatMap((colour) => [colour, mix(colour, background, DIMMED)]);
}

/**
 * @param {ArrayLike<number>} categories
 * @param {Uint8Array | null} selected
 * @param {Colour[]} tones two for each category
 * @returns {Colouring}
 */
export function plain(categories, selected, tones) {
  const codes = new Uint16Array(categories.length);
  for (let spot = 0; spot < codes.length; spot++) codes[spot] = toneOf(categories[spot], spot, selected);
  return { codes, n: tones.length, colourOf: (code) => tones[code] };
}

/**
 * Blend each spot with the colour of its tissue, in steps of 8 of 256, so that many spots share one fill.
 *
 * @param {ArrayLike<number>} categories
 * @param {Uint8Array | null} selected
 * @param {Colour[]} tones
 * @param {ArrayLike<number>} stain
 * @param {number} underlay share of the stain, from 0 to 1
 * @returns {Colouring}
 */
export function stained(categories, selected, tones, stain, underlay) {
  const codes = Uint16Array.from(categories, (c, spot) => {
    const tone = tones[toneOf(c, spot, selected)];
    let code = 0;
    for (let channel = 0; channel < 3; channel++) {
      const value = tone[channel] + (stain[3 * spot + channel] - tone[channel]) * underlay;
      code = (code << 5) | (value >> 3);
    }
    return code;
  });
  /** @param {number} code */
  const colourOf = (code) => [code >> 10, (code >> 5) & 31, code & 31].map((part) => Math.round((part * 255) / 31));
  return { codes, n: 1 << 15, colourOf };
}

/**
 * @param {number} category
 * @param {number} spot
 * @param {Uint8Array | null} selected
 */
function toneOf(category, spot, selected) {
  return 2 * category + (selected && !selected[spot] ? 1 : 0);
}
