/**
 * Maps of one tissue side by side, on canvases, under one camera.
 *
 * Streamlit calls the function at the end of this file at each run. The nodes, the camera, the mode, the lit label and the
 * selection belong to the browser and outlive those calls; what the calls bring is the data. All listeners sit on nodes of
 * our own, so that nothing is left to clean up when Streamlit drops them.
 */

const SHAPE_FROM_PX = { few: 2, many: 4 }; // radius; smaller spots are drawn as rectangles, which are faster
const MANY_SPOTS = 10000;
const OVERLAP_PX = 0.4; // closes the hairlines that antialiasing leaves between touching shapes
const ZOOM = { least: 0.5, most: 60, step: 1.25 };
const PAN_STEP = 0.1; // of the smaller side, for one press of an arrow key
const FOOT_PX = 30; // room for the scale bar below the tissue
const DIMMED = 0.8;
const N_SHADES = 256;
const MISSING = N_SHADES; // category of spots without a value
const NOTHING = -1;
// Along the arrow and to its side, for an arrow of length 1 about the origin; as in core/figures/tissue.py.
const ARROW = [[-0.5, -0.012], [0.4, -0.012], [0.4, -0.05], [0.5, 0], [0.4, 0.05], [0.4, 0.012], [-0.5, 0.012]];
const ARRAYS = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array };

// ---------------------------------------------------------------------------------------------------------------- data

/** Read what component.py packed: the length of a JSON header, the header, then the arrays that it lists. */
function unpack(bytes) {
  const buffer = bytes.slice().buffer; // a copy of its own starts at 0, as typed arrays need it
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const array = (place) => {
    if (place === null) return null;
    const [type, offset, count] = header.arrays[place];
    return new ARRAYS[type](buffer, 4 + length + offset, count);
  };
  const read = (map) => ({ ...map, labels: array(map.labels), values: array(map.values), lines: array(map.lines) });
  return {
    ...header,
    centres_um: array(header.centres_um),
    stain: array(header.stain),
    maps: header.maps.map(read),
    told: header.told.map(read),
  };
}

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function mix(one, other, share) {
  return one.map((value, channel) => value + (other[channel] - value) * share);
}

function css(colour) {
  return `rgb(${colour.map(Math.round).join(",")})`;
}

/** Colour at a place from 0 to 1 on a scale of evenly spaced colours. */
function onScale(scale, place) {
  const at = place * (scale.length - 1);
  const below = Math.min(Math.floor(at), scale.length - 2);
  return mix(scale[below], scale[below + 1], at - below);
}

/** Where the spots are: positions, shape, extent, and a grid of cells in which the spot under a point is found. */
class Geometry {
  constructor(data) {
    this.key = data.geometry;
    this.names = data.names;
    this.arrayUm = data.array_um; // between array rows, and between array columns; null off the lattice
    this.count = data.centres_um.length / 2;
    this.width = data.width_um;
    this.takeShape();
    this.x = new Float32Array(this.count);
    this.y = new Float32Array(this.count);
    for (let spot = 0; spot < this.count; spot++) {
      this.x[spot] = data.centres_um[2 * spot];
      this.y[spot] = data.centres_um[2 * spot + 1];
    }
    this.measure();
    this.sortIntoCells();
  }

  /** Hexagons stand on a corner and touch; dots have a spot's share of the tissue as their square. */
  takeShape() {
    this.radius = this.arrayUm ? this.width / Math.sqrt(3) : this.width / 2;
    this.reach = this.arrayUm ? this.radius : 0.75 * this.width; // dots leave gaps, in which the pointer finds the nearest
    this.trace = this.arrayUm ? hexagons : dots;
    // Of small cells the gaps are noise, not tissue: their rectangles overlap a little.
    this.rectangle = this.arrayUm
      ? { across: this.width / 2, down: this.radius * 0.75 }
      : { across: 0.65 * this.width, down: 0.65 * this.width };
  }

  measure() {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let spot = 0; spot < this.count; spot++) {
      box[0] = Math.min(box[0], this.x[spot]);
      box[1] = Math.min(box[1], this.y[spot]);
      box[2] = Math.max(box[2], this.x[spot]);
      box[3] = Math.max(box[3], this.y[spot]);
    }
    const half = this.width / 2;
    [this.left, this.top, this.right, this.bottom] = [
      box[0] - half, box[1] - this.radius, box[2] + half, box[3] + this.radius,
    ];
  }

  sortIntoCells() {
    const [across, down] = [this.right - this.left, this.bottom - this.top];
    // Far outliers off the lattice would otherwise ask for more cells than there is memory.
    this.cell = Math.max(this.width, Math.sqrt((across * down) / (4 * this.count)), (across + down) / (4 * this.count));
    this.nAcross = Math.ceil(across / this.cell) + 1;
    const nDown = Math.ceil(down / this.cell) + 1;
    const cells = Int32Array.from({ length: this.count }, (_, spot) => this.cellOf(this.x[spot], this.y[spot]));
    this.cells = grouped(cells, this.nAcross * nDown);
  }

  cellOf(x, y) {
    return Math.floor((y - this.top) / this.cell) * this.nAcross + Math.floor((x - this.left) / this.cell);
  }

  /** Index of the nearest spot within reach of a point, or NOTHING. */
  at(x, y) {
    let [best, nearest] = [NOTHING, this.reach ** 2];
    for (const down of [-1, 0, 1]) {
      for (const across of [-1, 0, 1]) {
        const cell = this.cellOf(x + across * this.cell, y + down * this.cell);
        if (!(cell >= 0 && cell + 1 < this.cells.starts.length)) continue;
        for (let i = this.cells.starts[cell]; i < this.cells.starts[cell + 1]; i++) {
          const spot = this.cells.order[i];
          const distance = (this.x[spot] - x) ** 2 + (this.y[spot] - y) ** 2;
          if (distance < nearest) [best, nearest] = [spot, distance];
        }
      }
    }
    return best;
  }

  /** Where a spot lies, in words. */
  placeOf(spot) {
    const [x, y] = [this.x[spot], this.y[spot]];
    if (!this.arrayUm) return `x ${micrometres(x)}, y ${micrometres(y)}`;
    return `Array row ${Math.round(y / this.arrayUm[0])}, column ${Math.round(x / this.arrayUm[1])}`;
  }

  /** Mark the spots whose centres lie inside a polygon; null where there is none. */
  inside(polygon) {
    const mask = new Uint8Array(this.count);
    const [xs, ys] = [0, 1].map((axis) => Float64Array.from(polygon, (corner) => corner[axis]));
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    for (let spot = 0; spot < this.count; spot++) {
      const x = this.x[spot];
      const y = this.y[spot];
      if (x < left || x > right || y < top || y > bottom) continue;
      mask[spot] = holds(xs, ys, x, y) ? 1 : 0;
    }
    return mask.includes(1) ? mask : null;
  }
}

/** Sort indices by their small whole number (a counting sort): those of number c are order[starts[c] .. starts[c + 1]]. */
function grouped(numbers, n) {
  const starts = new Int32Array(n + 1);
  for (const number of numbers) starts[number + 1]++;
  for (let c = 0; c < n; c++) starts[c + 1] += starts[c];
  const next = starts.slice();
  const order = new Int32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) order[next[numbers[i]]++] = i;
  return { order, starts };
}

function holds(xs, ys, x, y) {
  let odd = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) odd = !odd;
  }
  return odd;
}

/** Runs of marked spots, as first, one past the last, first, one past the last, ...: short where spots come in rows. */
function runs(mask) {
  const ends = [];
  for (let spot = 0; spot <= mask.length; spot++) {
    if ((mask[spot] ?? 0) !== (mask[spot - 1] ?? 0)) ends.push(spot);
  }
  return ends;
}

function marked(ends, count) {
  const mask = new Uint8Array(count);
  for (let i = 0; i < ends.length; i += 2) mask.fill(1, ends[i], ends[i + 1]);
  return mask.includes(1) ? mask : null;
}

function readable(value) {
  if (!Number.isFinite(value)) return "no value";
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential(1);
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(3)));
}

function lengthName(um) {
  return um >= 1000 ? `${um / 1000} mm` : `${um} µm`;
}

function micrometres(um) {
  return `${um.toLocaleString("en", { maximumFractionDigits: 1 })} µm`;
}

/** A round length (1, 2 or 5 times a power of ten) of at most `um`. */
function roundLength(um) {
  const power = 10 ** Math.floor(Math.log10(um));
  return Math.max(...[1, 2, 5].map((factor) => factor * power).filter((length) => length <= um));
}

function element(tag, className, parent, attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// ---------------------------------------------------------------------------------------------------------------- maps

/** One map: its title, its two canvases (spots below; arrow, marks and lasso above), its hover text, its colour bar. */
class Panel {
  constructor(view, parent) {
    this.view = view;
    this.node = element("figure", "map", parent);
    this.title = element("figcaption", "title", this.node);
    this.stage = element("div", "stage", this.node);
    this.spots = element("canvas", "spots", this.stage, { "aria-hidden": "true" });
    this.marks = element("canvas", "marks", this.stage, { role: "img", tabindex: "0" });
    this.message = element("p", "message", this.stage);
    this.tip = element("div", "tip", this.stage);
    this.bar = element("div", "bar", this.node);
    listen(this);
    view.observer.observe(this.stage);
  }

  show(map) {
    this.map = map;
    setText(this.title, map.title);
    this.title.title = map.title;
    setText(this.message, map.message);
    this.marks.setAttribute("aria-label", map.description || map.title);
    this.categories = map.values ? shadesOf(map) : map.labels;
    this.table = map.values ? [...shadeTable(map.scale), this.view.idle] : map.colours.map(rgb);
    this.showBar();
    this.fills = null;
  }

  showBar() {
    this.bar.hidden = !this.map.values;
    if (!this.map.values) return;
    const [low, high] = this.map.limits.map(readable);
    const gradient = `linear-gradient(to right, ${this.map.scale.join(", ")})`;
    this.bar.replaceChildren();
    setText(element("span", "", this.bar), low);
    element("span", "ramp", this.bar).style.background = gradient;
    setText(element("span", "", this.bar), [high, this.map.unit].filter(Boolean).join(" "));
  }

  resize() {
    const { width, height } = this.stage.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    [this.width, this.height] = [width, height];
    for (const canvas of [this.spots, this.marks]) {
      const size = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    }
  }

  /** From um to pixels of the screen, or of the canvas. */
  transform(perPixel = 1) {
    const { camera, geometry } = this.view;
    const across = this.width / (geometry.right - geometry.left);
    const down = Math.max(1, this.height - FOOT_PX) / (geometry.bottom - geometry.top);
    const scale = 0.95 * Math.min(across, down) * camera.zoom;
    const [x, y] = [this.width / 2 - camera.x * scale, (this.height - FOOT_PX * 0.6) / 2 - camera.y * scale];
    return { scale: scale * perPixel, x: x * perPixel, y: y * perPixel };
  }

  /** From pixels of the stage to um. */
  toTissue([x, y]) {
    const at = this.transform();
    return [(x - at.x) / at.scale, (y - at.y) / at.scale];
  }

  place(event) {
    const box = this.marks.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // Spots: which colour each has, grouped by colour so that one fill serves many.

  group() {
    const { view } = this;
    this.colours = view.stain && view.underlay > 0 ? this.stained() : this.plain();
    this.fills = grouped(this.colours.codes, this.colours.css.length);
  }

  plain() {
    const { selected } = this.view;
    const codes = Uint16Array.from(this.categories, (c, spot) => 2 * c + (selected && !selected[spot] ? 1 : 0));
    return { codes, css: this.tones().map(css) };
  }

  /** Colour of each category, and after it the same dimmed. */
  tones() {
    const { lit, idle, panelColour } = this.view;
    const stays = (c) => lit === null || !this.map.labels || this.map.names[c] === lit;
    const lights = this.table.map((colour, c) => (stays(c) ? colour : idle));
    return lights.flatMap((colour) => [colour, mix(colour, panelColour, DIMMED)]);
  }

  /** Blend each spot with the colour of its tissue, in steps of 8 of 256, so that many spots share one fill. */
  stained() {
    const { stain, underlay, selected } = this.view;
    const tones = this.tones();
    const codes = Uint16Array.from(this.categories, (c, spot) => {
      const tone = tones[2 * c + (selected && !selected[spot] ? 1 : 0)];
      let code = 0;
      for (let channel = 0; channel < 3; channel++) {
        const value = tone[channel] + (stain[3 * spot + channel] - tone[channel]) * underlay;
        code = (code << 5) | (value >> 3);
      }
      return code;
    });
    const spread = (code) => [code >> 10, (code >> 5) & 31, code & 31].map((part) => Math.round((part * 255) / 31));
    return { codes, css: Array.from({ length: 1 << 15 }, (_, code) => code).map((code) => spread(code)).map(css) };
  }

  draw() {
    if (!this.width || !this.map) return;
    const ratio = this.spots.width / this.width;
    const context = this.spots.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.clearRect(0, 0, this.spots.width, this.spots.height);
    const at = this.transform(ratio);
    this.drawImage(context, at);
    if (this.categories) this.drawSpots(context, at, ratio);
    this.drawMarks();
  }

  drawImage(context, at) {
    const { image, imageNode, underlay } = this.view;
    if (!image || underlay === 0 || !imageNode.complete || !imageNode.naturalWidth) return;
    const camera = new DOMMatrix([at.scale, 0, 0, at.scale, at.x, at.y]);
    context.setTransform(camera.multiply(new DOMMatrix(image.um_to_px).inverse()));
    context.globalAlpha = Math.min(1, 4 * underlay);
    context.drawImage(imageNode, 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1 - underlay;
  }

  drawSpots(context, at, ratio) {
    if (!this.fills) this.group();
    const { geometry } = this.view;
    const radius = geometry.radius * at.scale;
    const least = geometry.count > MANY_SPOTS ? SHAPE_FROM_PX.many : SHAPE_FROM_PX.few;
    if (radius >= least * ratio) this.drawShapes(context, at, context.globalAlpha < 1 ? 0 : OVERLAP_PX * ratio);
    else this.drawRectangles(context, at);
    context.globalAlpha = 1;
  }

  drawShapes(context, at, overlap) {
    for (let c = 0; c + 1 < this.fills.starts.length; c++) {
      const [first, end] = [this.fills.starts[c], this.fills.starts[c + 1]];
      if (first === end) continue;
      context.fillStyle = this.colours.css[c];
      this.view.geometry.trace(context, this.view.geometry, at, overlap, this.fills.order, first, end);
    }
  }

  /** Write pixels, which takes a tenth of the time of as many calls of fillRect. */
  drawRectangles(context, at) {
    const { width, height } = context.canvas;
    const layer = new OffscreenCanvas(width, height);
    const image = new ImageData(width, height);
    const words = new Uint32Array(image.data.buffer);
    for (let c = 0; c + 1 < this.fills.starts.length; c++) {
      const [first, end] = [this.fills.starts[c], this.fills.starts[c + 1]];
      if (first === end) continue;
      const [r, g, b] = this.colours.css[c].match(/\d+/g).map(Number);
      const colour = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0; // bytes run backwards in a word
      rectangles(words, width, height, this.view.geometry, at, colour, this.fills.order.subarray(first, end));
    }
    layer.getContext("2d").putImageData(image, 0, 0);
    context.drawImage(layer, 0, 0);
  }

  // Above the spots: direction, scale bar, the spot under the pointer, the lasso.

  drawMarks() {
    if (!this.width || !this.map) return;
    const ratio = this.marks.width / this.width;
    const context = this.marks.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const at = this.transform();
    if (this.map.lines) this.drawLines(context, at);
    if (this.map.arrow) this.drawArrow(context, at);
    if (this.view.panels[0] === this) this.drawScaleBar(context, at);
    if (this.view.hovered !== NOTHING && this.categories) this.drawSpotMark(context, at);
    if (this.view.lasso.length > 1) this.drawLasso(context, at);
  }

  drawLines(context, at) {
    const { lines, line_lengths: lengths } = this.map;
    context.beginPath();
    let first = 0;
    for (const length of lengths) {
      for (let point = first; point < first + length; point++) {
        const [x, y] = [lines[2 * point] * at.scale + at.x, lines[2 * point + 1] * at.scale + at.y];
        if (point === first) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
      first += length;
    }
    this.outline(context, 2.5);
    context.strokeStyle = this.view.look.text;
    context.lineWidth = 1;
    context.stroke();
  }

  drawArrow(context, at) {
    const { left, right, top, bottom } = this.view.geometry;
    const length = 0.4 * Math.min(right - left, bottom - top) * at.scale;
    const [x, y] = [((left + right) / 2) * at.scale + at.x, ((top + bottom) / 2) * at.scale + at.y];
    const [dx, dy] = this.map.arrow;
    trace(context, ARROW.map(([along, aside]) => [
      x + length * (along * dx - aside * dy), y + length * (along * dy + aside * dx),
    ]));
    this.outline(context, 3);
    context.fillStyle = this.view.look.text;
    context.fill();
  }

  drawScaleBar(context, at) {
    const { look } = this.view;
    const um = roundLength(this.width / 4 / at.scale);
    const [x, y, length] = [14, this.height - 14, um * at.scale];
    context.font = `12px ${getComputedStyle(this.stage).fontFamily}`;
    const words = lengthName(um);
    context.globalAlpha = 0.8;
    context.fillStyle = look.panel;
    context.fillRect(x - 6, y - 11, length + context.measureText(words).width + 18, 22);
    context.globalAlpha = 1;
    context.fillStyle = look.text;
    context.fillRect(x, y - 1.25, length, 2.5);
    context.textBaseline = "middle";
    context.fillText(words, x + length + 6, y);
  }

  drawSpotMark(context, at) {
    const { geometry, hovered, look } = this.view;
    const [x, y] = [geometry.x[hovered] * at.scale + at.x, geometry.y[hovered] * at.scale + at.y];
    const radius = Math.max(6, geometry.radius * at.scale + 1.5);
    const arms = [[0, -1], [0, 1], [-1, 0], [1, 0]];
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    for (const [dx, dy] of arms) {
      context.moveTo(x + dx * radius, y + dy * radius);
      context.lineTo(x + dx * (radius + 6), y + dy * (radius + 6));
    }
    this.outline(context, 4);
    context.strokeStyle = look.text;
    context.lineWidth = 1.75;
    context.stroke();
  }

  drawLasso(context, at) {
    trace(context, this.view.lasso.map(([x, y]) => [x * at.scale + at.x, y * at.scale + at.y]));
    this.outline(context, 4);
    context.strokeStyle = this.view.look.accent;
    context.lineWidth = 2;
    context.stroke();
  }

  /** A rim in the paper's colour keeps lines visible on every colour. */
  outline(context, width) {
    context.strokeStyle = this.view.look.paper;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.stroke();
  }

  // Hover text

  showTip(spot, [x, y]) {
    this.tip.replaceChildren();
    setText(element("strong", "", this.tip), this.view.geometry.names[spot]);
    for (const line of this.view.linesAbout(spot)) setText(element("div", "", this.tip), line);
    this.tip.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.tip;
    const left = x + 16 + width > this.width ? x - 16 - width : x + 16;
    const top = Math.max(4, Math.min(y + 16, this.height - height - 4));
    this.tip.style.transform = `translate(${Math.max(4, left)}px, ${top}px)`;
  }
}

function shadesOf(map) {
  const [low, high] = map.limits;
  const width = high - low || 1;
  const shade = (value) => Math.max(0, Math.min(N_SHADES - 1, Math.floor(((value - low) / width) * N_SHADES)));
  return Uint16Array.from(map.values, (value) => (Number.isNaN(value) ? MISSING : shade(value)));
}

function shadeTable(scale) {
  const colours = scale.map(rgb);
  return Array.from({ length: N_SHADES }, (_, shade) => onScale(colours, shade / (N_SHADES - 1)));
}

function trace(context, points) {
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
}

function hexagons(context, geometry, at, overlap, order, first, end) {
  const [half, long] = [(geometry.width / 2) * at.scale + overlap, geometry.radius * at.scale + overlap];
  const short = long / 2;
  const { width, height } = context.canvas;
  context.beginPath();
  for (let i = first; i < end; i++) {
    const x = geometry.x[order[i]] * at.scale + at.x;
    const y = geometry.y[order[i]] * at.scale + at.y;
    if (x < -half || y < -long || x > width + half || y > height + long) continue;
    context.moveTo(x, y - long);
    context.lineTo(x + half, y - short);
    context.lineTo(x + half, y + short);
    context.lineTo(x, y + long);
    context.lineTo(x - half, y + short);
    context.lineTo(x - half, y - short);
  }
  context.fill();
}

function dots(context, geometry, at, overlap, order, first, end) {
  const radius = geometry.radius * at.scale;
  const { width, height } = context.canvas;
  context.beginPath();
  for (let i = first; i < end; i++) {
    const x = geometry.x[order[i]] * at.scale + at.x;
    const y = geometry.y[order[i]] * at.scale + at.y;
    if (x < -radius || y < -radius || x > width + radius || y > height + radius) continue;
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fill();
}

function rectangles(words, width, height, geometry, at, colour, spots) {
  const [across, down] = [geometry.rectangle.across * at.scale, geometry.rectangle.down * at.scale];
  for (const spot of spots) {
    const x = geometry.x[spot] * at.scale + at.x;
    const y = geometry.y[spot] * at.scale + at.y;
    // Neighbours round the same edge to the same pixel, so that they touch and do not overlap.
    const left = Math.max(0, Math.round(x - across));
    const right = Math.min(width, Math.round(x + across));
    const bottom = Math.min(height, Math.round(y + down));
    if (left >= right) continue;
    for (let line = Math.max(0, Math.round(y - down)); line < bottom; line++) {
      words.fill(colour, line * width + left, line * width + right);
    }
  }
}

// ------------------------------------------------------------------------------------------------------------ the whole

class TissueView {
  constructor(parent) {
    this.panels = [];
    this.camera = { x: 0, y: 0, zoom: 1 };
    this.geometry = null;
    this.selected = null;
    this.lit = null;
    this.hovered = NOTHING;
    this.pointer = null; // of the map under it: { panel, place }
    this.lasso = [];
    this.underlay = 0;
    this.imageNode = new Image();
    this.imageNode.onload = () => this.repaint();
    this.observer = new ResizeObserver(() => this.resized());
    this.build(parent);
    this.setMode("pan");
  }

  build(parent) {
    this.root = element("div", "view", parent);
    this.tools = element("div", "tools", this.root, { role: "group", "aria-label": "What dragging on the maps does" });
    this.buttons = {
      pan: this.button("Pan", "Drag to move all maps; arrow keys and + and - do the same", () => this.setMode("pan")),
      lasso: this.button("Lasso", "Draw around spots to select them in all maps", () => this.setMode("lasso")),
      fit: this.button("Fit", "Show the whole tissue; key 0 does the same", () => this.fit()),
      clear: this.button("Clear", "Let go of selected spots and of the lit label", () => this.clear()),
    };
    this.grid = element("div", "maps", this.root);
    this.foot = element("div", "foot", this.root);
    this.legend = element("div", "legend", this.foot, { role: "group", "aria-label": "Labels: press one to light it" });
    this.buildUnderlay();
  }

  button(name, words, act) {
    const button = element("button", "tool", this.tools, { type: "button", title: words });
    button.textContent = name;
    button.onclick = act;
    return button;
  }

  buildUnderlay() {
    this.underlayNode = element("label", "underlay", this.foot);
    const words = "How much the stained tissue shows through the spots";
    element("span", "", this.underlayNode).textContent = "H&E";
    this.slider = element("input", "", this.underlayNode, {
      type: "range", min: "0", max: "100", step: "1", value: "0", "aria-label": words, title: words,
    });
    this.share = element("output", "", this.underlayNode);
    this.share.textContent = "0%";
    this.slider.oninput = () => {
      this.underlay = this.slider.valueAsNumber / 100;
      this.share.textContent = `${this.slider.value}%`;
      this.recolour();
    };
  }

  update(data) {
    this.takeLook(data.look);
    if (this.geometry?.key !== data.geometry) this.takeGeometry(data);
    this.takeUnderlay(data);
    this.told = data.told;
    this.grid.style.setProperty("--columns", data.columns);
    this.grid.style.setProperty("--rows", Math.ceil(data.maps.length / data.columns));
    this.root.classList.toggle("crowded", data.columns > 2);
    while (this.panels.length > data.maps.length) this.drop(this.panels.pop());
    while (this.panels.length < data.maps.length) this.panels.push(new Panel(this, this.grid));
    this.panels.forEach((panel, i) => panel.show(data.maps[i]));
    this.showLegend(data.maps);
    this.showButtons();
    this.panels.forEach((panel) => panel.resize());
    this.drawAll();
    this.hover(); // the spot under the pointer may have another label now
  }

  takeLook(look) {
    this.look = look;
    this.panelColour = rgb(look.panel);
    this.idle = mix(rgb(look.muted), this.panelColour, 0.75);
    for (const [name, colour] of Object.entries(look)) this.root.style.setProperty(`--${name}`, colour);
  }

  takeGeometry(data) {
    const opening = this.geometry === null;
    this.geometry = new Geometry(data);
    this.selected = opening && data.selected ? marked(data.selected, this.geometry.count) : null;
    this.lasso = [];
    this.camera = this.wholeTissue();
  }

  takeUnderlay(data) {
    this.stain = data.stain;
    this.image = data.image;
    if (data.image && this.imageNode.getAttribute("src") !== data.image.url) this.imageNode.src = data.image.url;
    this.underlayNode.hidden = !data.image && !data.stain;
  }

  drop(panel) {
    this.observer.unobserve(panel.stage);
    panel.node.remove();
    if (this.pointer?.panel === panel) this.pointer = null;
  }

  // Drawing

  resized() {
    for (const panel of this.panels) panel.resize();
    this.drawAll(); // at once: a canvas that changed its size is empty
  }

  drawAll() {
    if (!this.geometry) return;
    for (const panel of this.panels) panel.draw();
  }

  repaint() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.drawAll();
    });
  }

  recolour() {
    for (const panel of this.panels) panel.fills = null;
    this.showButtons();
    this.repaint();
  }

  // Legend

  showLegend(maps) {
    const entries = legendOf(maps);
    if (!entries.some(([name]) => name === this.lit)) this.lit = null;
    const written = JSON.stringify(entries);
    if (written !== this.written) this.writeLegend(entries);
    this.written = written;
    this.pressLegend();
  }

  writeLegend(entries) {
    const focused = this.legend.getRootNode().activeElement?.textContent;
    this.legend.replaceChildren();
    for (const [name, colour] of entries) {
      const words = `Light ${name} and grey the rest; press again to release`;
      const button = element("button", "label", this.legend, { type: "button", title: words });
      element("span", "swatch", button).style.background = colour;
      button.append(name);
      button.onclick = () => this.light(name);
      if (name === focused) button.focus();
    }
  }

  light(name) {
    this.lit = this.lit === name ? null : name;
    this.pressLegend();
    this.recolour();
  }

  pressLegend() {
    for (const button of this.legend.children) {
      const lit = button.textContent === this.lit;
      button.setAttribute("aria-pressed", String(lit));
      button.classList.toggle("faint", this.lit !== null && !lit);
    }
  }

  // Modes and selection

  setMode(mode) {
    this.mode = mode;
    for (const name of ["pan", "lasso"]) this.buttons[name].setAttribute("aria-pressed", String(name === mode));
    this.root.dataset.mode = mode;
  }

  showButtons() {
    this.buttons.clear.disabled = this.selected === null && this.lit === null;
  }

  select(mask) {
    const changed = this.selected !== null || mask !== null;
    this.selected = mask;
    this.recolour();
    if (changed) this.report({ geometry: this.geometry.key, runs: mask ? runs(mask) : [] });
  }

  clear() {
    this.lit = null;
    this.pressLegend();
    this.select(null);
  }

  // Camera

  wholeTissue() {
    const { left, right, top, bottom } = this.geometry;
    return { x: (left + right) / 2, y: (top + bottom) / 2, zoom: 1 };
  }

  fit() {
    this.camera = this.wholeTissue();
    this.moved();
  }

  /** Zoom while the tissue under a place of the stage stays there. */
  zoomBy(factor, panel, place) {
    const before = panel.toTissue(place);
    this.camera.zoom = Math.max(ZOOM.least, Math.min(ZOOM.most, this.camera.zoom * factor));
    const after = panel.toTissue(place);
    this.panBy(before[0] - after[0], before[1] - after[1]);
  }

  panBy(dx, dy) {
    const { left, right, top, bottom } = this.geometry;
    this.camera.x = Math.max(left, Math.min(right, this.camera.x + dx));
    this.camera.y = Math.max(top, Math.min(bottom, this.camera.y + dy));
    this.moved();
  }

  moved() {
    this.repaint();
    this.hover();
  }

  // Hover

  hover() {
    const { panel, place } = this.pointer ?? {};
    const there = panel && panel.categories && this.lasso.length === 0;
    const spot = there ? this.geometry.at(...panel.toTissue(place)) : NOTHING;
    for (const other of this.panels) if (other !== panel || spot === NOTHING) other.tip.hidden = true;
    if (spot !== NOTHING) panel.showTip(spot, place);
    if (spot === this.hovered) return;
    this.hovered = spot;
    for (const each of this.panels) each.drawMarks();
  }

  linesAbout(spot) {
    const maps = [...this.panels.map((panel) => panel.map), ...this.told];
    return [...maps.map((map) => lineAbout(map, spot)).filter(Boolean), this.geometry.placeOf(spot)];
  }
}

function lineAbout(map, spot) {
  if (map.labels) return `${map.title}: ${map.words[map.labels[spot]]}`;
  if (map.values) return `${map.title}: ${[readable(map.values[spot]), map.unit].filter(Boolean).join(" ")}`;
  return "";
}

/** Names and colours of the labels that have spots, each name once, in the order in which the maps bring them. */
function legendOf(maps) {
  const colours = new Map();
  const present = new Set();
  for (const map of maps.filter((each) => each.labels)) {
    map.names.forEach((name, c) => colours.has(name) || colours.set(name, map.colours[c]));
    for (const c of new Set(map.labels)) present.add(map.names[c]);
  }
  return [...colours].filter(([name]) => present.has(name));
}

// --------------------------------------------------------------------------------------------- pointer, wheel, keyboard

function listen(panel) {
  const { view, marks } = panel;
  const down = new Map(); // places of the fingers or the mouse, by pointer

  marks.onpointerdown = (event) => {
    if (event.button !== 0) return;
    marks.setPointerCapture(event.pointerId);
    down.set(event.pointerId, panel.place(event));
    view.lasso = view.mode === "lasso" && down.size === 1 ? [panel.toTissue(panel.place(event))] : [];
    view.root.classList.add("dragging");
  };
  marks.onpointermove = (event) => {
    const place = panel.place(event);
    if (down.has(event.pointerId)) drag(view, panel, down, event.pointerId, place);
    view.pointer = { panel, place };
    view.hover();
  };
  marks.onpointerup = marks.onpointercancel = (event) => {
    if (!down.delete(event.pointerId)) return;
    view.root.classList.remove("dragging");
    if (view.lasso.length) finishLasso(view, event.type === "pointerup");
  };
  marks.onpointerleave = () => {
    view.pointer = null;
    view.hover();
  };
  marks.addEventListener("wheel", (event) => turnWheel(view, panel, event), { passive: false });
  marks.onkeydown = (event) => pressKey(view, panel, event);
}

function drag(view, panel, down, pointer, place) {
  const before = new Map(down);
  down.set(pointer, place);
  if (down.size === 2) return pinch(view, panel, [...before.values()], [...down.values()]);
  if (view.lasso.length) {
    view.lasso.push(panel.toTissue(place));
    return view.repaint();
  }
  if (view.mode !== "pan") return undefined;
  const [from, to] = [panel.toTissue(before.get(pointer)), panel.toTissue(place)];
  return view.panBy(from[0] - to[0], from[1] - to[1]);
}

function pinch(view, panel, before, now) {
  const apart = ([one, other]) => Math.hypot(one[0] - other[0], one[1] - other[1]);
  const middle = ([one, other]) => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
  const [from, to] = [panel.toTissue(middle(before)), panel.toTissue(middle(now))];
  view.panBy(from[0] - to[0], from[1] - to[1]);
  view.zoomBy(apart(now) / Math.max(1, apart(before)), panel, middle(now));
}

function finishLasso(view, wanted) {
  const polygon = view.lasso;
  view.lasso = [];
  if (wanted) view.select(polygon.length > 2 ? view.geometry.inside(polygon) : null);
  else view.repaint();
}

function turnWheel(view, panel, event) {
  const focused = panel.marks.getRootNode().activeElement === panel.marks;
  if (!focused && !event.ctrlKey && !event.metaKey) return; // or the page could not be scrolled past the maps
  event.preventDefault();
  view.zoomBy(Math.exp(-Math.max(-100, Math.min(100, event.deltaY)) / 400), panel, panel.place(event));
}

function pressKey(view, panel, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const step = (PAN_STEP * Math.min(panel.width, panel.height)) / panel.transform().scale;
  const middle = [panel.width / 2, panel.height / 2];
  const act = {
    ArrowLeft: () => view.panBy(-step, 0),
    ArrowRight: () => view.panBy(step, 0),
    ArrowUp: () => view.panBy(0, -step),
    ArrowDown: () => view.panBy(0, step),
    "+": () => view.zoomBy(ZOOM.step, panel, middle),
    "=": () => view.zoomBy(ZOOM.step, panel, middle),
    "-": () => view.zoomBy(1 / ZOOM.step, panel, middle),
    0: () => view.fit(),
    Escape: () => view.clear(),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

export default function ({ parentElement, data, setStateValue }) {
  const view = (parentElement.tissueView ??= new TissueView(parentElement));
  view.report = (selection) => setStateValue("selection", selection);
  view.update(unpack(data));
}
