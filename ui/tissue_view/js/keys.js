// @ts-check
/** What keys do on a map that has the focus, and the words that say so. */

/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("./geometry.js").Point} Point */

const ZOOM_STEP = 1.25;
const PAN_STEP = 0.1; // of the smaller side, for one press of an arrow key
const LONG_STEP = 10; // with Shift

/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const HINTS = {
  pan: "Arrow keys move the maps, + and - zoom, 0 fits. L: read spots and draw a lasso by keys. Escape clears.",
  lasso: "Arrow keys move the crosshair, with Shift ten times as far. Enter sets a corner of the lasso, Backspace takes it back, "
    + "Escape closes it. P: move the maps.",
};

/**
 * @param {Panel} panel
 * @param {KeyboardEvent} event
 */
export function pressKey(panel, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const act = panel.view.mode === "lasso" ? (lassoAct(panel, event) ?? cameraAct(panel, event)) : cameraAct(panel, event);
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
    p: () => { panel.view.setMode("pan"); panel.view.say(HINTS.pan); },
  };
  if (crosshair.panel) acts.Escape = () => crosshair.end();
  return actOf(acts, key);
}

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
