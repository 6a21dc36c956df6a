// @ts-check
/**
 * Maps of one tissue side by side, on canvases, with one camera.
 *
 * Streamlit calls the function at the end of this file at each run, with new data. The browser keeps the spots, the nodes, the camera,
 * the mode, the highlighted label and the selection between these calls. All listeners are on nodes of this component, so
 * there is nothing to clean up when Streamlit removes them.
 */

import { CameraEntry, cameraAsText, cameraOfText } from "./address.js";
import { mix, rgb } from "./colours.js";
import { compositionOf, countAndShare, selectionInWords } from "./composition.js";
import { Crosshair } from "./crosshair.js";
import { bitsOf, legendOf, marked, unpack } from "./data.js";
import { element, setText } from "./dom.js";
import { Drawing } from "./drawing.js";
import { Geometry, NOTHING, panned, toTissue, wholeTissue, zoomedAbout } from "./geometry.js";
import { hintOf } from "./keys.js";
import { outlinesOf } from "./outlines.js";
import { Panel } from "./panel.js";
import { fetchSpots, keptSpots } from "./spots.js";
import { cameraInWords, lineAbout } from "./text.js";

/** @typedef {import("./data.js").ViewData} ViewData */
/** @typedef {import("./data.js").SpotData} SpotData */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {"pan" | "lasso" | "polygon" | "brush"} Mode */

const MODES = /** @type {const} */ (["pan", "lasso", "polygon", "brush"]);
const NO_SPOTS = "The spots of this sample did not arrive: check the connection, then reload the page.";
const LONG_NAME = 36; // letters: it takes a row of a narrow legend, or more
const ROOM_FOR = 12; // entries of a legend with such names
const SETTLE_MS = 150; // after the camera moved last
const REST_MS = 120; // without another move: somebody who drags is not told of what is over already

export class TissueView {
  /** @type {Panel[]} */ panels = [];
  /** @type {import("./geometry.js").Camera} */ camera = { x: 0, y: 0, zoom: 1 };
  /** @type {Geometry} */ geometry; // from the first update on
  /** @type {CameraEntry | null} */ entry = null; // of the camera in the address
  /** @type {Uint8Array | null} */ selected = null; // 1 for each selected spot
  /** @type {string | null} */ lit = null;
  hovered = NOTHING;
  marked = NOTHING;
  /** @type {{ panel: Panel, point: Point } | null} */ pointer = null;
  /** @type {Point[]} */ lasso = [];
  crosshair = new Crosshair(this);
  nHints = 0;
  underlay = 0;
  /** @type {ViewData["theme"]} */ theme;
  /** @type {number[]} */ panelColour;
  /** @type {number[]} */ idle; // colour of labels that are not lit, and of spots without a value
  /** @type {ViewData["hover_only"]} */ hoverOnly = [];
  /** @type {SpotData["stain"]} */ stain = null;
  /** @type {ViewData["image"]} */ image = null;
  /** @type {import("./outlines.js").Outlines | null} */ outlines = null;
  /** @type {number | null} */ frame = null; // requested and not drawn yet
  /** @type {number | null} */ marksFrame = null;
  hovers = false; // whether the next frame looks which spot is under the pointer
  moving = false; // whether the camera moved just now
  settling = 0;
  legendEntries = "";
  /** @type {Mode} */ mode = "pan";
  /** @type {ViewData | null} */ newest = null;
  surroundings = ""; // of all maps
  /** @type {(selection: { spots: string, bits: string }) => void} */ report = () => {};
  /** @type {(move: number) => void} */ rested = () => {};
  /** @type {number | undefined} */ move;
  resting = 0;
  /** @type {number | null | undefined} */ choice; // number of the selection from outside that was taken last
  imageNode = new Image();
  observer = new ResizeObserver(() => this.resized());

  /** @param {ParentNode} parent */
  constructor(parent) {
    this.imageNode.onload = () => this.repaint();
    element("style", "", parent).textContent = STYLES;
    this.root = element("div", "view waits", parent);
    this.tools = element("div", "tools", this.root, { role: "group" });
    this.buttons = {
      pan: this.button("Pan", "Drag to move all maps; on a map, arrow keys and + and - do the same", () => this.setMode("pan")),
      lasso: this.button("Lasso", "Draw around spots to select them in all maps; on a map, key L does so with a crosshair", () => this.setMode("lasso")),
      polygon: this.button("Polygon", "Click corner by corner; a double click or Enter closes, Backspace takes a corner back, Escape lets go; key G", () => this.setMode("polygon")),
      brush: this.button("Brush", "Paint over spots; a stroke is one edit; key B", () => this.setMode("brush")),
      fit: this.button("Fit", "Show the whole tissue; key 0 does the same", () => this.fit()),
      clear: this.button("Clear", "Clear the selected spots and the highlighted label", () => this.clear()),
    };
    this.drawing = new Drawing(this);
    this.grid = element("div", "maps", this.root);
    this.foot = element("div", "foot", this.root);
    this.missing = element("p", "missing", this.root, { role: "alert" });
    this.legend = element("div", "legend", this.foot, { role: "group" });
    this.underlayNode = this.underlaySlider(this.foot);
    this.shares = element("details", "shares", this.foot);
    element("summary", "", this.shares).textContent = "Spots of each label as a table";
    this.table = element("table", "", this.shares);
    this.shares.ontoggle = () => this.showShares();
    this.said = element("p", "said", this.root, { role: "status", "aria-live": "polite" });
    this.setMode("pan");
  }

  /**
   * @param {string} name
   * @param {string} help
   * @param {() => void} act
   */
  button(name, help, act) {
    const button = element("button", "tool", this.tools, { type: "button", title: help });
    button.textContent = name;
    button.onclick = act;
    return button;
  }

  /** @param {HTMLElement} parent */
  underlaySlider(parent) {
    const label = element("label", "underlay", parent);
    const help = "How much the stained tissue shows through the spots";
    element("span", "", label).textContent = "H&E";
    const slider = element("input", "", label, {
      type: "range", min: "0", max: "100", step: "1", value: "0", "aria-label": help, title: help,
    });
    const share = element("output", "", label);
    share.textContent = "0%";
    slider.oninput = () => {
      this.underlay = slider.valueAsNumber / 100;
      share.textContent = `${slider.value}%`;
      this.recolour();
    };
    return label;
  }

  /**
   * Draw data, at once if their spots are here.
   *
   * @param {ViewData} data
   */
  take(data) {
    this.newest = data;
    const spots = keptSpots(data.spots.digest);
    if (spots) this.update(data, spots);
    else this.takeLater(data);
  }

  /**
   * Draw data when their spots have arrived, unless newer data came meanwhile.
   *
   * @param {ViewData} data
   */
  async takeLater(data) {
    const spots = await fetchSpots(data.spots).catch(() => null);
    if (this.newest !== data) return;
    if (spots) this.update(data, spots);
    else this.lack(data);
  }

  /**
   * @param {ViewData} data
   * @param {SpotData} spots
   */
  update(data, spots) {
    this.showMissing("");
    this.takeTheme(data.theme);
    if (this.geometry?.key !== spots.digest) this.takeSpots(data, spots);
    this.takeUnderlay(data, spots);
    this.outlines = outlinesOf(data.outlines, this.geometry.count);
    this.hoverOnly = data.hover_only;
    const maps = this.drawing.take(data);
    this.offerDrawing(Boolean(data.drawing));
    this.grid.style.setProperty("--columns", String(data.columns));
    this.grid.style.setProperty("--rows", String(Math.ceil(data.maps.length / data.columns)));
    this.root.classList.toggle("crowded", data.columns > 2 || data.columns < data.maps.length);
    this.panels.splice(data.maps.length).forEach((panel) => this.drop(panel));
    while (this.panels.length < data.maps.length) this.panels.push(new Panel(this, this.grid));
    const surroundings = JSON.stringify([data.theme, data.image, spots.digest]);
    this.panels.forEach((panel, i) => panel.show(maps[i], surroundings !== this.surroundings));
    this.surroundings = surroundings;
    this.takeChoice(data);
    this.nameGroups(data.maps[0]);
    this.showLegend(maps);
    this.showShares();
    this.showButtons();
    this.resized();
    this.takeMark(data.marked ?? NOTHING);
    this.hover(); // the spot under the pointer may have another label now
    this.entry?.keep();
    this.awaitRest(data);
  }

  /**
   * Say in the maps' place that their spots did not arrive; what is told of them waits no longer.
   *
   * @param {ViewData} data
   */
  lack(data) {
    this.takeTheme(data.theme);
    this.showMissing(NO_SPOTS);
    this.awaitRest(data);
  }

  /** @param {string} sentence */
  showMissing(sentence) {
    this.root.classList.remove("waits");
    setText(this.missing, sentence);
    this.missing.hidden = !sentence;
    for (const node of [this.tools, this.grid, this.foot]) node.hidden = Boolean(sentence);
  }

  /** @param {ViewData} data */
  awaitRest({ move }) {
    if (this.move !== undefined && this.move !== move) {
      this.say(this.panels[0]?.map?.description ?? "");
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.rested(move), REST_MS);
    }
    this.move = move;
  }

  /**
   * Select what was selected outside the maps, once; at the opening it is selected already.
   *
   * @param {ViewData} data
   */
  takeChoice({ choice, selected }) {
    if (this.choice !== undefined && choice !== this.choice) {
      this.selected = marked(selected, this.geometry.count);
      this.recolour();
    }
    this.choice = choice ?? null;
  }

  /** @param {number} spot that a ring is drawn around; brought into sight where the camera does not show it */
  takeMark(spot) {
    if (spot === this.marked) return;
    this.marked = spot;
    const [panel] = this.panels;
    if (spot !== NOTHING && panel?.width && !panel.shows(spot)) this.fit();
    this.drawMarks();
  }

  /** @param {ViewData["theme"]} theme */
  takeTheme(theme) {
    this.theme = theme;
    this.panelColour = rgb(theme.panel);
    this.idle = mix(rgb(theme.muted), this.panelColour, 0.75);
    for (const [name, colour] of Object.entries(theme)) this.root.style.setProperty(`--${name}`, colour);
  }

  /**
   * @param {ViewData} data
   * @param {SpotData} spots
   */
  takeSpots(data, spots) {
    const opening = !this.geometry;
    this.geometry = new Geometry(spots);
    this.selected = opening ? marked(data.selected, this.geometry.count) : null;
    this.lasso = [];
    this.marked = NOTHING;
    this.crosshair.panel = null;
    if (opening && data.camera) this.entry = new CameraEntry(data.camera, this.root);
    this.setCamera((opening && this.entry && cameraOfText(this.geometry.extent, this.entry.read())) || this.whole());
  }

  /**
   * @param {ViewData} data
   * @param {SpotData} spots
   */
  takeUnderlay({ image }, { stain }) {
    this.stain = image ? null : stain;
    this.image = image;
    if (image && this.imageNode.getAttribute("src") !== image.url) this.imageNode.src = image.url;
    this.underlayNode.hidden = !image && !stain;
  }

  /** @param {boolean} offered */
  offerDrawing(offered) {
    this.root.classList.toggle("draws", offered);
    for (const button of [this.buttons.polygon, this.buttons.brush]) button.hidden = !offered;
    if (!offered && (this.mode === "polygon" || this.mode === "brush")) this.setMode("pan");
    for (const panel of this.panels) setText(panel.hint, hintOf(this));
  }

  /** @param {Panel} panel */
  drop(panel) {
    this.observer.unobserve(panel.stage);
    panel.node.remove();
    if (this.pointer?.panel === panel) this.pointer = null;
    if (this.crosshair.panel === panel) this.crosshair.panel = null;
  }

  // Drawing

  resized() {
    if (this.geometry) for (const panel of this.panels) panel.refresh();
  }

  drawAll() {
    if (!this.geometry) return;
    for (const panel of this.panels) panel.draw();
  }

  repaint() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.hovers) this.takeHovered();
      this.drawAll();
    });
  }

  repaintMarks() {
    this.marksFrame ??= requestAnimationFrame(() => {
      this.marksFrame = null;
      this.drawMarks();
    });
  }

  /** Draw one map after another, each in a frame of its own, so that the page answers between them. */
  settle() {
    if (!this.moving && this.panels.some((panel) => panel.settle())) requestAnimationFrame(() => this.settle());
  }

  recolour() {
    for (const panel of this.panels) panel.recolour();
    this.showButtons();
    this.repaint();
  }

  // Legend

  /**
   * A page may hold several views: their buttons belong to groups of other names.
   *
   * @param {import("./data.js").MapData} first
   */
  nameGroups({ description, title }) {
    this.tools.setAttribute("aria-label", `What dragging on the maps does: ${description || title}`);
    this.legend.setAttribute("aria-label", `Labels, press one to highlight it: ${description || title}`);
  }

  /** @param {ViewData["maps"]} maps */
  showLegend(maps) {
    const entries = legendOf(maps);
    if (this.lit !== null && !entries.some(([name]) => name === this.lit)) {
      this.lit = null;
      for (const panel of this.panels) panel.recolour();
    }
    const written = JSON.stringify(entries);
    if (written !== this.legendEntries) this.writeLegend(entries);
    this.legendEntries = written;
    this.pressLegend();
  }

  /** @param {[name: string, colour: string][]} entries */
  writeLegend(entries) {
    const focused = /** @type {Document | ShadowRoot} */ (this.legend.getRootNode()).activeElement?.textContent;
    this.legend.replaceChildren();
    for (const [name, colour] of entries) {
      const help = `Highlight ${name} and gray out the rest; press again to undo`;
      const button = element("button", "label", this.legend, { type: "button", title: help });
      element("span", "swatch", button).style.background = colour;
      button.append(name);
      button.onclick = () => this.light(name);
      if (name === focused) button.focus();
    }
    // Names of many words leave no two results with as many rows: page and legend are as high for a few domains more.
    if (!entries.some(([name]) => name.length > LONG_NAME)) return;
    for (let n = entries.length; n < ROOM_FOR; n++) element("span", "spare", this.legend, { "aria-hidden": "true" }).textContent = "Domain 0";
  }

  /** @param {string} name */
  light(name) {
    this.lit = this.lit === name ? null : name;
    this.pressLegend();
    this.recolour();
  }

  pressLegend() {
    for (const button of this.legend.querySelectorAll(".label")) {
      const lit = button.textContent === this.lit;
      button.setAttribute("aria-pressed", String(lit));
      button.classList.toggle("faint", this.lit !== null && !lit);
    }
  }

  // Words and the table

  /**
   * Tell those who listen to a screen reader.
   *
   * @param {string} sentence
   */
  say(sentence) {
    const again = this.said.textContent === sentence;
    setText(this.said, again ? `${sentence}\u00a0` : sentence); // the same text would not be read again
  }

  sayCamera() {
    this.say(cameraInWords(this.camera.zoom, this.geometry.placeOf([this.camera.x, this.camera.y])));
  }

  composition() {
    return compositionOf(this.panels.map((panel) => panel.map), this.selected);
  }

  /** Write the table of labels, if somebody looks at it. */
  showShares() {
    this.shares.hidden = !this.panels.some(({ map }) => map.labels && map.names.length);
    if (!this.shares.open || this.shares.hidden) return;
    const { titles, total, rows } = this.composition();
    this.table.replaceChildren();
    const among = `${total.toLocaleString("en")} ${this.selected ? "selected " : ""}spots`;
    element("caption", "", this.table).textContent = `Spots of each label, and their share of ${among}`;
    const head = element("tr", "", element("thead", "", this.table));
    for (const title of ["Label", ...titles]) element("th", "", head, { scope: "col" }).textContent = title;
    const body = element("tbody", "", this.table);
    for (const { name, counts } of rows) {
      const row = element("tr", "", body);
      element("th", "", row, { scope: "row" }).textContent = name;
      for (const count of counts) element("td", "", row).textContent = countAndShare(count, total);
    }
  }

  // Modes and selection

  /** @param {Mode} mode */
  setMode(mode) {
    this.drawing.endStroke(true);
    if (mode !== this.mode) this.lasso = [];
    if (mode === "pan" && this.crosshair.panel) this.crosshair.hide();
    this.mode = mode;
    for (const panel of this.panels) setText(panel.hint, hintOf(this));
    for (const name of MODES) this.buttons[name].setAttribute("aria-pressed", String(mode === name));
    this.root.dataset.mode = mode;
    this.drawMarks();
  }

  showButtons() {
    this.buttons.clear.disabled = this.selected === null && this.lit === null;
  }

  /**
   * Select the spots in a shape, or draw with it where an annotation is drawn.
   *
   * @param {Uint8Array | null} mask
   */
  select(mask) {
    if (this.drawing.data) this.drawing.shape(mask);
    else this.mark(mask);
  }

  /** @param {Uint8Array | null} mask */
  mark(mask) {
    const changed = this.selected !== null || mask !== null;
    this.selected = mask;
    this.recolour();
    this.showShares();
    if (changed) this.say(mask ? selectionInWords(this.composition()) : "No spots are selected.");
    if (changed) this.report({ spots: this.geometry.key, bits: mask ? bitsOf(mask) : "" });
  }

  clear() {
    this.lit = null;
    this.pressLegend();
    this.mark(null);
  }

  // Camera

  /** @param {import("./geometry.js").Camera} camera */
  moveTo(camera) {
    this.setCamera(camera);
    this.settleLater();
    this.hovers = true; // once a frame: a pointer that drags says by itself where it is
    this.repaint();
  }

  settleLater() {
    this.moving = true;
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.moving = false;
      this.settle();
    }, SETTLE_MS);
  }

  /** @param {import("./geometry.js").Camera} camera */
  setCamera(camera) {
    this.camera = camera;
    this.entry?.take(cameraAsText(this.geometry.extent, camera, this.whole()));
    this.root.classList.toggle("zoomed", camera.zoom > 1);
  }

  whole() {
    return wholeTissue(this.geometry.extent);
  }

  fit() {
    this.moveTo(this.whole());
  }

  /**
   * @param {number} factor
   * @param {Panel} panel
   * @param {Point} point of its stage, where the tissue stays in place
   */
  zoomBy(factor, panel, point) {
    this.moveTo(zoomedAbout(this.geometry.extent, this.camera, panel, factor, point));
  }

  /**
   * @param {number} dx in um
   * @param {number} dy
   */
  panBy(dx, dy) {
    this.moveTo(panned(this.geometry.extent, this.camera, dx, dy));
  }

  // Hover

  hover() {
    if (this.takeHovered()) this.drawMarks();
  }

  /** Find the spot under the crosshair or the pointer, and show its text; whether it is another one than before. */
  takeHovered() {
    this.hovers = false;
    const { panel, point } = this.crosshair.place() ?? this.pointer ?? {};
    const spot = panel && point ? this.spotUnder(panel, point) : NOTHING;
    for (const other of this.panels) if (other !== panel || spot === NOTHING) other.tip.hidden = true;
    if (panel && point && spot !== NOTHING) panel.showTip(spot, point);
    const another = spot !== this.hovered;
    this.hovered = spot;
    return another;
  }

  drawMarks() {
    for (const panel of this.panels) panel.drawMarks();
  }

  /**
   * @param {Panel} panel
   * @param {Point} point
   */
  spotUnder(panel, point) {
    if (!panel.categories || this.drawing.stroke || (this.lasso.length > 0 && !this.crosshair.panel)) return NOTHING;
    return this.geometry.at(toTissue(panel.transform(), point));
  }

  /** @param {number} spot */
  linesAbout(spot) {
    const maps = [...this.panels.map((panel) => panel.map), ...this.hoverOnly];
    return [...maps.map((map) => lineAbout(map, spot)).filter(Boolean), this.geometry.positionOf(spot)];
  }
}

/**
 * @param {{ parentElement: ParentNode & { tissueView?: TissueView }, data: Uint8Array,
 *   setStateValue: (name: string, value: unknown) => void,
 *   setTriggerValue: (name: string, value: unknown) => void }} component
 */
export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const view = (parentElement.tissueView ??= new TissueView(parentElement));
  view.report = (selection) => setStateValue("selection", selection);
  view.drawing.report = (edits) => setStateValue("edits", edits);
  view.rested = (move) => setTriggerValue("rest", move);
  view.take(unpack(data));
}
