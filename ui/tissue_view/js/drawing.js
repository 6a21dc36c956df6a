// @ts-check
/**
 * Drawing the regions of an annotation on the first map, with lasso, polygon and brush.
 *
 * An edit is drawn at once and told to the server, and lies on top of what the server sends until the server has taken it.
 */

import { LEAST_CORNERS } from "./crosshair.js";
import { runs } from "./data.js";
import { element, setText } from "./dom.js";
import { Pending, Stroke, apply, countOf, runsOf, tabStorage } from "./edits.js";
import { toPixels, toTissue } from "./geometry.js";
import { lengthInWords } from "./text.js";

/** @typedef {import("./data.js").MapData} MapData */
/** @typedef {import("./data.js").ViewData} ViewData */
/** @typedef {import("./edits.js").What} What */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./panel.js").Panel} Panel */

const DOES = /** @type {const} */ ({
  add: ["Add", "to", "What is drawn is added to the region; key A"],
  take: ["Take", "from", "What is drawn is taken from the region; key T"],
  intersect: ["Keep", "of", "The region keeps only what is drawn (intersection); key I"],
});
const SIZES = { steps: 18, factor: 1.25, first: 5 }; // of the brush: from one spot to about fifty across
const AGAIN_MS = 15000; // an edit that was not taken by then is told again
const NEAR_PX = 10; // a click this near to the first corner closes a polygon

export class Drawing {
  /** @type {import("./data.js").DrawingData | null} */ data = null;
  /** @type {What} */ what = "add";
  /** @type {Stroke | null} */ stroke = null;
  /** @type {Point} */ last = [0, 0]; // end of the stroke
  step = SIZES.first;
  pending = new Pending(tabStorage());
  again = 0;
  told = 0; // how often
  /** @type {(edits: import("./edits.js").Edit[]) => void} */ report = () => {};

  /** @param {import("./index.js").TissueView} view */
  constructor(view) {
    this.view = view;
    this.node = element("div", "drawing", view.tools, { role: "group" });
    this.region = element("span", "region", this.node);
    /** @type {Record<What, HTMLButtonElement>} */
    this.buttons = { add: this.button("add"), take: this.button("take"), intersect: this.button("intersect") };
    this.size = element("label", "brush", this.node);
    element("span", "", this.size).textContent = "Size";
    this.slider = element("input", "", this.size, {
      type: "range", min: "0", max: String(SIZES.steps), step: "1", "aria-label": "Size of the brush", title: "Size of the brush; keys [ and ]",
    });
    this.slider.oninput = () => this.resize(this.slider.valueAsNumber);
    this.width = element("output", "", this.size);
    this.setWhat("add");
  }

  /** @param {What} what */
  button(what) {
    const [name, , help] = DOES[what];
    const button = element("button", "tool", this.node, { type: "button", title: help });
    button.textContent = name;
    button.onclick = () => this.setWhat(what);
    return button;
  }

  /**
   * What to draw: the maps, and on the first one the edits that the server has not taken yet.
   *
   * @param {ViewData} data
   */
  take({ drawing, maps, spots }) {
    this.data = drawing;
    if (!drawing) this.stroke = null;
    this.pending.drop(drawing?.taken ?? []);
    this.node.hidden = !drawing;
    const drawn = drawing && maps[0]?.labels ? [this.withEdits(maps[0], spots.digest, drawing.annotation), ...maps.slice(1)] : maps;
    this.showRegion(drawn[0]);
    this.tellAgainLater();
    return drawn;
  }

  /**
   * @param {MapData} map
   * @param {string} spots
   * @param {string} annotation
   */
  withEdits(map, spots, annotation) {
    const labels = /** @type {import("./data.js").NumberArray} */ (map.labels).slice();
    for (const edit of this.pending.of(spots, annotation)) {
      const region = map.names.indexOf(edit.name);
      if (region >= 0) apply(labels, edit, region, map.names.length - 1);
    }
    const drawn = { ...map, labels };
    if (this.stroke && this.what !== "intersect") this.change(drawn, runs(this.stroke.mask));
    return drawn;
  }

  /**
   * @param {MapData} map whose labels are changed as the active region and what a shape does ask for
   * @param {number[]} ends
   */
  change({ labels, names }, ends) {
    return this.data && labels ? apply(labels, { what: this.what, runs: ends }, this.data.active, names.length - 1) : [];
  }

  /** @param {MapData} map */
  showRegion({ names, colours }) {
    const active = this.data?.active ?? -1;
    this.region.replaceChildren();
    if (active < 0) return;
    element("span", "swatch", this.region).style.background = colours[active];
    setText(element("span", "name", this.region), names[active]);
    this.region.title = names[active];
    this.node.setAttribute("aria-label", `What a shape does with ${names[active]}`);
    this.resize(this.step, true);
  }

  /** @param {What} what */
  setWhat(what) {
    this.endStroke(true);
    this.what = what;
    for (const [name, button] of Object.entries(this.buttons)) button.setAttribute("aria-pressed", String(name === what));
  }

  /** @param {What} what */
  chooseWhat(what) {
    this.setWhat(what);
    this.view.say(`${DOES[what][2].split(";")[0]}.`);
  }

  // The brush

  get radius() {
    return (this.view.geometry.width / 2) * SIZES.factor ** this.step;
  }

  /**
   * @param {number} step
   * @param {boolean} silently
   */
  resize(step, silently = false) {
    this.step = Math.max(0, Math.min(SIZES.steps, step));
    this.slider.value = String(this.step);
    const size = lengthInWords(Number((2 * this.radius).toPrecision(2)), this.view.geometry.unit);
    setText(this.width, size);
    this.slider.setAttribute("aria-valuetext", size);
    if (silently) return;
    this.view.say(`The brush is ${size} wide.`);
    this.view.drawMarks();
  }

  /** @param {Point} um */
  startStroke(um) {
    if (!this.data || this.data.active < 0) return;
    this.stroke = new Stroke(this.view.geometry.count);
    this.last = um;
    this.extendStroke(um);
  }

  /** @param {Point} um */
  extendStroke(um) {
    if (!this.stroke) return;
    const spots = this.stroke.add(this.view.geometry.along(this.last, um, this.radius));
    this.last = um;
    const panel = this.view.panels[0];
    if (this.what !== "intersect") panel.patch(this.change(panel.map, runsOf(spots.sort((one, other) => one - other))));
  }

  /** @param {boolean} wanted otherwise it is as if it had never been */
  endStroke(wanted) {
    const { stroke } = this;
    if (!stroke) return;
    this.stroke = null;
    this.forget();
    if (wanted) return this.shape(stroke.mask); // which draws what the stroke has painted already
    this.redraw();
    this.view.say("The stroke was let go.");
  }

  /** Label spots as the server and the edits say, without the stroke. */
  forget() {
    const { newest, panels } = this.view;
    if (newest?.drawing) panels[0].map.labels = this.withEdits(newest.maps[0], newest.spots.digest, newest.drawing.annotation).labels;
    panels[0].categories = panels[0].map.labels;
  }

  redraw() {
    const [panel] = this.view.panels;
    panel.categories = panel.map.labels;
    panel.recolour();
    panel.draw();
  }

  // Corners of a polygon

  /**
   * @param {Panel} panel
   * @param {Point} um
   */
  addCorner(panel, um) {
    const { lasso } = this.view;
    const [x, y] = toPixels(panel.transform(), um);
    const [left, top] = lasso.length ? toPixels(panel.transform(), lasso[0]) : [Infinity, Infinity];
    if (lasso.length >= LEAST_CORNERS && Math.hypot(x - left, y - top) <= NEAR_PX) this.close();
    else lasso.push(um);
    this.view.drawMarks();
  }

  close() {
    const corners = this.view.lasso;
    this.view.lasso = [];
    if (corners.length < LEAST_CORNERS) this.view.say("The polygon needs three corners: it was let go.");
    else this.shape(this.view.geometry.inside(corners));
    this.view.drawMarks();
  }

  letGo() {
    if (!this.view.lasso.length) return;
    this.view.lasso = [];
    this.view.drawMarks();
    this.view.say("The polygon was let go.");
  }

  // Edits

  /** @param {Uint8Array | null} mask of the spots in a shape */
  shape(mask) {
    const { data, view, what } = this;
    const { map } = view.panels[0];
    if (!data || data.active < 0 || !map.labels) return view.say("There is no region to draw: add one first.");
    if (!mask) return view.say("There is no spot in this shape.");
    const ends = runs(mask);
    const changed = this.change(map, ends);
    const name = map.names[data.active];
    if (!changed.length) return view.say(`This shape changes nothing in ${name}.`);
    this.redraw();
    view.showLegend(view.panels.map((panel) => panel.map));
    view.showShares();
    const { annotation, active, count } = data;
    this.pending.add({ spots: view.geometry.key, annotation, count, what, region: active, name, runs: ends });
    view.say(`${inWords(changed.length)} ${what === "add" ? "added to" : "taken from"} ${name}, which has ${inWords(countOf(map.labels, data.active))} now.`);
    this.tell();
  }

  tell() {
    this.told += 1;
    // What is told again has to differ, or a server that had it before the connection was lost would take it for no news.
    this.report(this.pending.edits.map((edit) => ({ ...edit, told: this.told })));
    this.tellAgainLater();
  }

  /** Tell the edits of before a reload at once, and all again while they are not taken. */
  tellAgainLater() {
    clearTimeout(this.again);
    if (this.pending.edits.length && this.data) this.again = setTimeout(() => this.tell(), this.told ? AGAIN_MS : 0);
  }

  // Marks

  /** Where the crosshair or the pointer is, in um; null where neither is on a map. */
  place() {
    const { crosshair, pointer } = this.view;
    if (crosshair.panel) return crosshair.um;
    return pointer && toTissue(pointer.panel.transform(), pointer.point);
  }

  /** Where the brush would paint; null without one. */
  brush() {
    return this.data && this.view.mode === "brush" ? this.place() : null;
  }

  /** The line that a lasso or a polygon has by now, to where its next corner would be. */
  outline() {
    const { crosshair, lasso, mode } = this.view;
    const next = lasso.length && (crosshair.panel || mode === "polygon") ? this.place() : null;
    return next ? [...lasso, next] : lasso;
  }
}

/** @param {number} count */
function inWords(count) {
  return `${count.toLocaleString("en")} spot${count === 1 ? "" : "s"}`;
}
