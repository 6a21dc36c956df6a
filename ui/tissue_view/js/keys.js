// @ts-check
/** What keys do on a map that has the focus, and the words that say so. */

/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("./geometry.js").Point} Point */

const ZOOM_STEP = 1.25;
const PAN_STEP = 0.1; // of the smaller side, for one press of an arrow key
const LONG_STEP = 10; // with Shift

/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const HINTS = {
  pan: "Arrow keys move the maps, + and - zoom, 0 fits. L: read spots and draw a lasso by keys. Escape clears.",
  lasso: "Arrow keys move the crosshair, with Shift ten times as far. Enter sets a corner of the lasso, Backspace takes it back, "
    + "Escape closes it.",
  polygon: "Arrow keys move the crosshair, with Shift ten times as far. Space sets a corner of the polygon, Backspace takes it back, "
    + "Enter closes it, Escape lets it go.",
  brush: "Arrow keys move the brush, with Shift ten times as far. Space puts it down and lifts it, [ and ] change its size, "
    + "Escape lets the stroke go.",
};
const LEAVING_HINT = " P: move the maps.";
const DRAWING_HINT = " B: brush, G: polygon, L: lasso, P: move the maps. A: add, T: take, I: keep only what is drawn.";

/**
 * What keys do now.
 *
 * @param {import("./index.js").TissueView} view
 */
export function hintOf({ drawing, mode }) {
  if (drawing?.data) return HINTS[mode] + DRAWING_HINT;
  return HINTS[mode] + (mode === "pan" ? "" : LEAVING_HINT);
}

/**
 * @param {Panel} panel
 * @param {KeyboardEvent} event
 */
export function pressKey(panel, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const act = OWN[panel.view.mode]?.(panel, event) ?? drawingAct(panel, event) ?? cameraAct(panel, event);
  if (!act) return;
  event.preventDefault();
  act();
}

/**
 * @param {Record<string, () => void>} acts
 * @param {string} key letters act as capitals, too
 */
function actOf(acts, key) {
  const name = key.length === 1 ? key.toLowerCase() : key;
  return Object.hasOwn(acts, name) ? acts[name] : undefined;
}

/**
 * @param {Panel} panel
 * @param {KeyboardEvent} event
 */
function lassoAct(panel, { key, shiftKey }) {
  const { crosshair } = panel.view;
  const steps = shiftKey ? LONG_STEP : 1;
  if (Object.hasOwn(ARROWS, key)) return () => crosshair.move(panel, steps * ARROWS[key][0], steps * ARROWS[key][1]);
  /** @type {Record<string, () => void>} */
  const acts = {
    Enter: () => crosshair.setCorner(panel),
    Backspace: () => crosshair.takeCornerBack(),
    p: () => { panel.view.setMode("pan"); panel.view.say(hintOf(panel.view)); },
  };
  if (crosshair.panel) acts.Escape = () => crosshair.end();
  return actOf(acts, key);
}

/**
 * @param {Panel} panel
 * @param {KeyboardEvent} event
 */
function polygonAct(panel, event) {
  const { crosshair, drawing, lasso } = panel.view;
  /** @type {Record<string, () => void>} */
  const acts = { " ": () => crosshair.setCorner(panel), Enter: () => drawing.close(), Backspace: () => crosshair.takeCornerBack() };
  if (lasso.length) acts.Escape = () => drawing.letGo();
  return actOf(acts, event.key) ?? moveOrLeave(panel, event);
}

/**
 * @param {Panel} panel
 * @param {KeyboardEvent} event
 */
function brushAct(panel, event) {
  const { crosshair, drawing } = panel.view;
  /** @type {Record<string, () => void>} */
  const acts = {
    " ": () => {
      if (!crosshair.panel) crosshair.show(panel);
      if (drawing.stroke) drawing.endStroke(true);
      else drawing.startStroke(crosshair.um);
    },
  };
  if (drawing.stroke) acts.Escape = () => drawing.endStroke(false);
  return actOf(acts, event.key) ?? moveOrLeave(panel, event);
}

/**
 * Move the crosshair, or go back to moving the maps.
 *
 * @param {Panel} panel
 * @param {KeyboardEvent} event
 */
function moveOrLeave(panel, { key, shiftKey }) {
  const { view } = panel;
  const steps = shiftKey ? LONG_STEP : 1;
  if (Object.hasOwn(ARROWS, key)) return () => view.crosshair.move(panel, steps * ARROWS[key][0], steps * ARROWS[key][1]);
  if (key === "Escape" && view.crosshair.panel) return () => view.crosshair.end();
  return undefined;
}

/**
 * @param {Panel} panel
 * @param {KeyboardEvent} event
 */
function drawingAct(panel, { key }) {
  const { view } = panel;
  const { drawing } = view;
  if (!drawing?.data) return undefined;
  /** @param {import("./index.js").Mode} mode */
  const choose = (mode) => () => {
    view.setMode(mode);
    view.crosshair.show(panel);
  };
  return actOf({
    b: choose("brush"),
    g: choose("polygon"),
    p: () => { view.setMode("pan"); view.say(hintOf(view)); },
    a: () => drawing.chooseWhat("add"),
    t: () => drawing.chooseWhat("take"),
    i: () => drawing.chooseWhat("intersect"),
    "[": () => drawing.resize(drawing.step - 1),
    "]": () => drawing.resize(drawing.step + 1),
  }, key);
}

/** @type {Partial<Record<import("./index.js").Mode, (panel: Panel, event: KeyboardEvent) => (() => void) | undefined>>} */
const OWN = { lasso: lassoAct, polygon: polygonAct, brush: brushAct };

/**
 * @param {Panel} panel
 * @param {KeyboardEvent} event
 */
function cameraAct(panel, { key }) {
  const { view } = panel;
  /** @type {Point} */
  const centre = [panel.width / 2, panel.height / 2];
  /** @param {() => void} move */
  const said = (move) => () => {
    move();
    view.sayCamera();
  };
  if (Object.hasOwn(ARROWS, key)) return said(() => pan(panel, ARROWS[key]));
  /** @type {Record<string, () => void>} */
  const acts = {
    "+": said(() => view.zoomBy(ZOOM_STEP, panel, centre)),
    "=": said(() => view.zoomBy(ZOOM_STEP, panel, centre)),
    "-": said(() => view.zoomBy(1 / ZOOM_STEP, panel, centre)),
    0: said(() => view.fit()),
    Escape: () => view.clear(),
    l: () => { view.setMode("lasso"); view.crosshair.show(panel); },
  };
  return actOf(acts, key);
}

/**
 * @param {Panel} panel
 * @param {Point} direction
 */
function pan(panel, [across, down]) {
  const step = (PAN_STEP * Math.min(panel.width, panel.height)) / panel.transform().scale;
  panel.view.panBy(across * step, down * step);
}
