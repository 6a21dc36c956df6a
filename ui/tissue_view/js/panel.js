// @ts-check
/** One map: its title, its two canvases (spots below; arrow, marks and lasso above), its hover text, its colour bar. */

import { css, pixelWord, plain, rgb, rimOf, shadeTable, shadesOf, stained, withDimmed } from "./colours.js";
import { grouped, groupedAmong, same } from "./data.js";
import { contextOf, element, setText } from "./dom.js";
import { NOTHING, roundLength, toPixels, toTissue, transformOf, wholeTissue } from "./geometry.js";
import { listen } from "./input.js";
import { hintOf } from "./keys.js";
import { seesOutlines } from "./outlines.js";
import { fillFew, fillRectangles, fillShapes, trace } from "./shapes.js";
import { Still } from "./still.js";
import { lengthName, readable } from "./text.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Transform} Transform */
/** @typedef {CanvasRenderingContext2D} Context */

const SHAPE_FROM_PX = { few: 2, many: 4 }; // radius; smaller spots are drawn as rectangles, which are faster
const MANY_SPOTS = 10000;
const IN_TIME = 60000; // spots in all maps together that are drawn anew for each frame while the camera moves
const CROSS_PX = { from: 4, to: 18 }; // the spot in the middle stays in sight
const RIM_PX = 1;
const RIM_FROM_PX = 2.5; // radius; smaller dots would be more rim than colour
const OVERLAP_PX = 0.4; // closes the hairlines that antialiasing leaves between touching shapes
// Corners of an arrow of length 1 about the origin, along it and to its side; as in core/figures/tissue.py.
const ARROW = [[-0.5, -0.012], [0.4, -0.012], [0.4, -0.05], [0.5, 0], [0.4, 0.05], [0.4, 0.012], [-0.5, 0.012]];

export class Panel {
  /** @type {import("./data.js").MapData} */ map;
  /** @type {ArrayLike<number> | null} */ categories = null;
  /** @type {import("./colours.js").Colour[]} */ table = []; // of the categories
  /** @type {import("./colours.js").Colouring | null} */ colouring = null;
  /** @type {ReturnType<typeof grouped> | null} */ fills = null; // all spots by colour code
  still = new Still();
  behind = false; // whether the map shows a picture that was moved, in place of its spots
  width = 0;
  height = 0;
  ratio = 0; // pixels of the canvas for each pixel of the screen
  font = ""; // of the scale bar
  tipped = { text: "", within: 0, width: 0, height: 0 }; // the hover text: measured once, not for each move over one spot

  /**
   * @param {import("./index.js").TissueView} view
   * @param {HTMLElement} parent
   */
  constructor(view, parent) {
    this.view = view;
    this.node = element("figure", "map", parent);
    this.title = element("figcaption", "title", this.node);
    this.stage = element("div", "stage", this.node);
    this.spots = element("canvas", "spots", this.stage, { "aria-hidden": "true" });
    const hint = `hint${view.nHints++}`;
    // An application: a screen reader leaves the keys to the map.
    this.marks = element("canvas", "marks", this.stage, {
      role: "application", "aria-roledescription": "map", "aria-describedby": hint, tabindex: "0",
    });
    this.message = element("p", "message", this.stage);
    this.tip = element("div", "tip", this.stage);
    this.hint = element("p", "hint", this.stage, { id: hint });
    setText(this.hint, hintOf(view));
    this.bar = element("div", "bar", this.stage); // over the map: what stands below does not move where one has it
    listen(this);
    view.observer.observe(this.stage);
  }

  /**
   * @param {import("./data.js").MapData} map
   * @param {boolean} anew even if the map is the same
   */
  show(map, anew) {
    if (!anew && this.map && same(this.map, map)) return;
    this.map = map;
    setText(this.title, map.title);
    this.title.title = map.title;
    setText(this.message, map.message);
    this.marks.setAttribute("aria-label", map.description || map.title);
    this.categories = map.values ? shadesOf(map.values, map.limits) : map.labels;
    this.table = map.values ? [...shadeTable(map.scale), this.view.idle] : map.colours.map(rgb);
    this.showBar();
    this.recolour();
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

  /** Fit the canvases into the stage, and draw if that or a new map asks for it: a canvas is empty after its size changes. */
  refresh() {
    const { width, height } = this.stage.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    const current = width === this.width && height === this.height && ratio === this.ratio;
    [this.width, this.height, this.ratio] = [width, height, ratio];
    this.font = `12px ${getComputedStyle(this.stage).fontFamily}`;
    for (const canvas of [this.spots, this.marks]) {
      const size = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    }
    if (!current || !this.colouring) this.draw();
  }

  /** From um to pixels of the screen. */
  transform() {
    return transformOf(this.view.geometry.extent, this.view.camera, this);
  }

  /**
   * Where the pointer is, in pixels of the stage.
   *
   * @param {MouseEvent} event
   * @returns {Point}
   */
  pointOf(event) {
    const box = this.marks.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // Spots, grouped by colour so that one fill draws many.

  /** Compute the colours again the next time spots are drawn. */
  recolour() {
    [this.colouring, this.fills] = [null, null];
    this.still.forget();
  }

  group() {
    const { stain, underlay, selected } = this.view;
    const categories = this.categories ?? [];
    const tones = this.tones();
    const shown = stain && underlay > 0;
    this.colouring = shown ? stained(categories, selected, tones, stain, underlay) : plain(categories, selected, tones);
    return this.colouring;
  }

  /** Colour of each category: gray if another label is lit. */
  litColours() {
    const { lit, idle } = this.view;
    if (lit === null || !this.map.labels) return this.table;
    return this.table.map((colour, c) => (this.map.names[c] === lit ? colour : idle));
  }

  /**
   * Draw spots again whose labels have changed, over what is there; all where the tissue shows through.
   *
   * @param {number[]} changed
   */
  patch(changed) {
    if (!changed.length || !this.map.labels) return;
    this.recolour();
    if (this.view.underlay > 0 || !this.width) return this.view.repaint();
    const { categories, numbers } = this.over(changed);
    const context = contextOf(this.spots);
    const { ratio, at } = this.onCanvas();
    const { selected } = this.view;
    const colouring = plain(categories, selected && Uint8Array.from(numbers, (spot) => selected[spot]), this.tones());
    const { order, starts } = grouped(colouring.codes, colouring.n);
    for (let c = 0; c < colouring.n; c++) {
      if (starts[c] === starts[c + 1]) continue;
      context.fillStyle = css(colouring.colourOf(c));
      const spots = order.subarray(starts[c], starts[c + 1]).map((i) => numbers[i]);
      if (this.drawsShapes(at, ratio)) this.fillSpots(context, at, ratio, OVERLAP_PX * ratio, spots);
      else fillFew(context, this.view.geometry, at, spots);
    }
  }

  /** @param {number[]} spots */
  over(spots) {
    return { numbers: Int32Array.from(spots), categories: Int32Array.from(spots, (spot) => this.map.labels?.[spot] ?? 0) };
  }

  tones() {
    return withDimmed(this.litColours(), this.view.panelColour);
  }

  /** From um to pixels of the canvas. */
  onCanvas() {
    const ratio = this.spots.width / this.width;
    const { scale, x, y } = this.transform();
    return { ratio, at: { scale: scale * ratio, x: x * ratio, y: y * ratio } };
  }

  /**
   * Whether spots are large enough to be drawn as shapes.
   *
   * @param {Transform} at
   * @param {number} ratio
   */
  drawsShapes(at, ratio) {
    const { geometry } = this.view;
    if (this.outlines(at, ratio)) return true;
    const least = geometry.count > MANY_SPOTS ? SHAPE_FROM_PX.many : SHAPE_FROM_PX.few;
    return geometry.radius * at.scale >= least * ratio;
  }

  /**
   * The outlines that spots are drawn with; null where there are none, or spots are too small for them.
   *
   * @param {Transform} at
   * @param {number} ratio
   */
  outlines(at, ratio) {
    const { geometry, outlines } = this.view;
    return outlines && seesOutlines(geometry, at, ratio) ? outlines : null;
  }

  /**
   * Fill spots of one colour: cells as their outlines where these are here, else as all spots.
   *
   * @param {Context} context
   * @param {Transform} at
   * @param {number} ratio
   * @param {number} overlap
   * @param {Int32Array} spots
   */
  fillSpots(context, at, ratio, overlap, spots) {
    const { geometry } = this.view;
    const outlines = this.outlines(at, ratio);
    if (!outlines) return fillShapes(context, geometry, at, overlap, spots);
    const { outlined, dots } = outlines.parted(spots);
    if (dots.length) fillShapes(context, geometry, at, overlap, dots);
    outlines.fill(context, geometry, at, ratio, outlined);
  }

  draw() {
    if (!this.width || !this.map) return;
    const { ratio, at } = this.onCanvas();
    const context = contextOf(this.spots);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.clearRect(0, 0, this.spots.width, this.spots.height);
    this.drawImage(context, at);
    if (this.categories) this.drawSpots(context, at, ratio);
    this.drawMarks();
  }

  /**
   * @param {Context} context
   * @param {Transform} at
   */
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

  /**
   * @param {Context} context
   * @param {Transform} at
   * @param {number} ratio pixels of the canvas for each pixel of the screen
   */
  drawSpots(context, at, ratio) {
    const box = this.boxInSight(at);
    const { geometry, moving, panels } = this.view;
    this.outlines(at, ratio)?.need(box, () => this.view.repaint());
    const late = moving && panels.length * geometry.countNear(box) > IN_TIME;
    this.behind = late && this.still.draw(context, at);
    if (!this.behind && this.drawsShapes(at, ratio)) this.drawShapes(context, at, ratio, geometry.near(box));
    else if (!this.behind) this.drawRectangles(context, at, geometry.near(box));
    context.globalAlpha = 1;
  }

  /**
   * Where the spots lie that the canvas may show.
   *
   * @param {Transform} at
   */
  boxInSight(at) {
    const { geometry } = this.view;
    const [left, top] = toTissue(at, [0, 0]);
    const [right, bottom] = toTissue(at, [this.spots.width, this.spots.height]);
    const rim = geometry.width + 2 / at.scale; // of spots whose centres lie beside the canvas
    return { left: left - rim, right: right + rim, top: top - rim, bottom: bottom + rim };
  }

  /**
   * Call `fill` with each colour that has spots in sight, with these spots, and with the colour's code.
   *
   * @param {Int32Array | null} seen
   * @param {(colour: import("./colours.js").Colour, spots: Int32Array, code: number) => void} fill
   */
  eachColour(seen, fill) {
    const { codes, n, colourOf } = this.colouring ?? this.group();
    const { order, starts } = seen ? groupedAmong(seen, codes, n) : (this.fills ??= grouped(codes, n));
    for (let c = 0; c < n; c++) {
      if (starts[c] < starts[c + 1]) fill(colourOf(c), order.subarray(starts[c], starts[c + 1]), c);
    }
  }

  /**
   * @param {Context} context
   * @param {Transform} at
   * @param {number} ratio
   * @param {Int32Array | null} seen
   */
  drawShapes(context, at, ratio, seen) {
    const overlap = context.globalAlpha < 1 ? 0 : OVERLAP_PX * ratio;
    this.drawRims(context, at, ratio, seen);
    this.eachColour(seen, (colour, spots) => {
      context.fillStyle = css(colour);
      this.fillSpots(context, at, ratio, overlap, spots);
    });
  }

  /**
   * Draw what pale spots stand on, a little larger and darker: what no neighbour covers stays, a line around the tissue and its
   * holes, and around cells that touch none. Off the lattice, values have
   * none: of low ones it would be all that is seen. Nor has what is dimmed.
   *
   * @param {Context} context
   * @param {Transform} at
   * @param {number} ratio
   * @param {Int32Array | null} seen
   */
  drawRims(context, at, ratio, seen) {
    const { geometry, lit, panelColour, theme, underlay } = this.view;
    const { labels, names } = this.map;
    if (underlay > 0 || (!labels && geometry.shape === "dots")) return;
    if (geometry.radius * at.scale < RIM_FROM_PX * ratio || this.outlines(at, ratio)) return;
    const rims = this.table.map((colour, c) => (
      lit === null || !labels || names[c] === lit ? rimOf(colour, panelColour, rgb(theme.text)) : null
    ));
    this.eachColour(seen, (_, spots, code) => {
      const rim = code % 2 ? null : rims[code / 2];
      if (!rim) return;
      context.fillStyle = css(rim);
      fillShapes(context, geometry, at, OVERLAP_PX * ratio, spots, RIM_PX * ratio);
    });
  }

  /**
   * @param {Context} context
   * @param {Transform} at
   * @param {Int32Array | null} seen
   */
  drawRectangles(context, at, seen) {
    const layer = this.layerOf(at, seen);
    context.drawImage(layer, 0, 0);
    if (this.view.panels.length * this.view.geometry.count > IN_TIME) this.still.keep({ layer, at }, !seen);
  }

  /**
   * Spots as rectangles of pixels, on a layer of the size of the canvas.
   *
   * @param {Transform} at
   * @param {Int32Array | null} seen
   */
  layerOf(at, seen) {
    const { width, height } = this.spots;
    const [layer, image] = [new OffscreenCanvas(width, height), new ImageData(width, height)];
    const target = { pixels: new Uint32Array(image.data.buffer), width, height };
    this.eachColour(seen, (colour, spots) => fillRectangles(target, this.view.geometry, at, pixelWord(colour), spots));
    layer.getContext("2d")?.putImageData(image, 0, 0);
    return layer;
  }

  /** Draw what the camera shows now that it rests, then, unseen, the whole tissue for later; false once there is nothing to draw. */
  settle() {
    if (!this.behind) return this.keepWhole();
    this.behind = false;
    this.draw();
    return true;
  }

  keepWhole() {
    const { geometry, panels } = this.view;
    if (!this.categories || !this.width || this.still.whole || panels.length * geometry.count <= IN_TIME) return false;
    const { ratio } = this.onCanvas();
    const { scale, x, y } = transformOf(geometry.extent, wholeTissue(geometry.extent), this);
    const at = { scale: scale * ratio, x: x * ratio, y: y * ratio };
    this.still.whole = { layer: this.layerOf(at, null), at };
    return true;
  }

  // Marks above the spots: direction, scale bar, the spot under the pointer, the lasso.

  drawMarks() {
    if (!this.width || !this.map) return;
    const ratio = this.marks.width / this.width;
    const context = contextOf(this.marks);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const at = this.transform();
    const { crosshair, drawing, hovered, marked, panels } = this.view;
    if (this.map.lines) this.drawLines(context, at, this.map.lines);
    if (this.map.arrow) this.drawArrow(context, at, this.map.arrow);
    if (panels[0] === this) this.drawScaleBar(context, at);
    if (marked !== NOTHING && this.categories) this.drawQuestion(context, at, marked);
    if (hovered !== NOTHING && this.categories) this.drawSpotMark(context, at, hovered);
    const [outline, brush] = [drawing.outline(), drawing.brush()];
    if (outline.length > 1) this.drawLasso(context, at, outline);
    if (brush) this.drawBrush(context, toPixels(at, brush), drawing.radius * at.scale);
    this.hint.classList.toggle("below", crosshair.panel === this && toPixels(at, crosshair.um)[1] < this.height / 2); // not over it
    if (crosshair.panel) this.drawCrosshair(context, toPixels(at, crosshair.um));
  }

  /**
   * @param {Context} context
   * @param {Transform} at
   * @param {ArrayLike<number>} lines
   */
  drawLines(context, at, lines) {
    context.beginPath();
    let first = 0;
    for (const length of this.map.line_lengths) {
      for (let point = first; point < first + length; point++) {
        const [x, y] = toPixels(at, [lines[2 * point], lines[2 * point + 1]]);
        if (point === first) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
      first += length;
    }
    this.strokeTwice(context, 2.5, 1, this.view.theme.text);
  }

  /**
   * @param {Context} context
   * @param {Transform} at
   * @param {[number, number]} direction
   */
  drawArrow(context, at, [dx, dy]) {
    const { left, right, top, bottom } = this.view.geometry.extent;
    const length = 0.4 * Math.min(right - left, bottom - top);
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    trace(context, at, ARROW.map(([along, aside]) => [
      x + length * (along * dx - aside * dy), y + length * (along * dy + aside * dx),
    ]));
    this.strokeRim(context, 3);
    context.fillStyle = this.view.theme.text;
    context.fill();
  }

  /**
   * @param {Context} context
   * @param {Transform} at
   */
  drawScaleBar(context, at) {
    const { theme } = this.view;
    const um = roundLength(this.width / 4 / at.scale);
    const [x, y, length] = [14, this.height - 14, um * at.scale];
    context.font = this.font;
    const label = lengthName(um, this.view.geometry.unit);
    context.globalAlpha = 0.8;
    context.fillStyle = theme.panel;
    context.fillRect(x - 6, y - 11, length + context.measureText(label).width + 18, 22);
    context.globalAlpha = 1;
    context.fillStyle = theme.text;
    context.fillRect(x, y - 1.25, length, 2.5);
    context.textBaseline = "middle";
    context.fillText(label, x + length + 6, y);
  }

  /**
   * @param {Context} context
   * @param {Transform} at
   * @param {number} spot
   */
  drawSpotMark(context, at, spot) {
    const { geometry, theme } = this.view;
    const [x, y] = toPixels(at, [geometry.x[spot], geometry.y[spot]]);
    const radius = Math.max(6, geometry.radius * at.scale + 1.5);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    for (const [dx, dy] of [[0, -1], [0, 1], [-1, 0], [1, 0]]) {
      context.moveTo(x + dx * radius, y + dy * radius);
      context.lineTo(x + dx * (radius + 6), y + dy * (radius + 6));
    }
    this.strokeTwice(context, 4, 1.75, theme.text);
  }

  /**
   * Whether a spot lies within the stage.
   *
   * @param {number} spot
   */
  shows(spot) {
    const { x, y } = this.view.geometry;
    const [left, top] = toPixels(this.transform(), [x[spot], y[spot]]);
    return left >= 0 && top >= 0 && left <= this.width && top <= this.height;
  }

  /**
   * Two rings about the spot that is asked about, seen on any colour.
   *
   * @param {Context} context
   * @param {Transform} at
   * @param {number} spot
   */
  drawQuestion(context, at, spot) {
    const { geometry, theme } = this.view;
    const [x, y] = toPixels(at, [geometry.x[spot], geometry.y[spot]]);
    for (const more of [3, 9]) {
      context.beginPath();
      context.arc(x, y, Math.max(6, geometry.radius * at.scale) + more, 0, 2 * Math.PI);
      this.strokeTwice(context, 5, 2.5, theme.accent);
    }
  }

  /**
   * @param {Context} context
   * @param {Transform} at
   * @param {Point[]} lasso
   */
  drawLasso(context, at, lasso) {
    trace(context, at, lasso);
    this.strokeTwice(context, 4, 2, this.view.theme.accent);
  }

  /**
   * @param {Context} context
   * @param {Point} point of the stage
   * @param {number} radius
   */
  drawBrush(context, [x, y], radius) {
    context.beginPath();
    context.arc(x, y, Math.max(2, radius), 0, 2 * Math.PI);
    this.strokeTwice(context, 4, 1.75, this.view.theme.accent);
  }

  /**
   * @param {Context} context
   * @param {Point} point of the stage
   */
  drawCrosshair(context, [x, y]) {
    context.beginPath();
    for (const [dx, dy] of [[0, -1], [0, 1], [-1, 0], [1, 0]]) {
      context.moveTo(x + CROSS_PX.from * dx, y + CROSS_PX.from * dy);
      context.lineTo(x + CROSS_PX.to * dx, y + CROSS_PX.to * dy);
    }
    this.strokeTwice(context, 5, 2.5, this.view.theme.accent);
  }

  /**
   * @param {Context} context
   * @param {number} rim width
   * @param {number} width
   * @param {string} colour
   */
  strokeTwice(context, rim, width, colour) {
    this.strokeRim(context, rim);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }

  /**
   * A rim in the background colour keeps lines visible on every colour.
   *
   * @param {Context} context
   * @param {number} width
   */
  strokeRim(context, width) {
    context.strokeStyle = this.view.theme.paper;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.stroke();
  }

  // Hover text

  /**
   * @param {number} spot
   * @param {Point} point
   */
  showTip(spot, [x, y]) {
    const { width, height } = this.writeTip([this.view.geometry.names.of(spot), ...this.view.linesAbout(spot)]);
    const left = x + 16 + width > this.width ? x - 16 - width : x + 16;
    const top = Math.max(4, Math.min(y + 16, this.height - height - 4));
    this.tip.style.transform = `translate(${Math.max(4, left)}px, ${top}px)`;
  }

  /**
   * Show lines as the hover text, and say how large it is.
   *
   * @param {string[]} lines
   */
  writeTip(lines) {
    const text = lines.join("\n");
    const known = this.tipped.text === text && this.tipped.within === this.width;
    if (!known) {
      this.tip.replaceChildren();
      lines.forEach((line, i) => setText(element(i ? "div" : "strong", "", this.tip), line));
    }
    this.tip.hidden = false;
    if (!known) this.tipped = { text, within: this.width, width: this.tip.offsetWidth, height: this.tip.offsetHeight };
    return this.tipped;
  }
}
