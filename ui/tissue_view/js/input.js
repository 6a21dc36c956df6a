// @ts-check
/** Pointer, wheel and keyboard on a map. */

import { toTissue } from "./geometry.js";

/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("./geometry.js").Point} Point */

const ZOOM_STEP = 1.25;
const PAN_STEP = 0.1; // of the smaller side, for one press of an arrow key

/** @param {Panel} panel */
export function listen(panel) {
  const { view, marks } = panel;
  /** @type {Map<number, Point>} */
  const down = new Map(); // positions of the fingers or the mouse, by pointer id

  marks.onpointerdown = (event) => {
    if (event.button !== 0) return;
    marks.setPointerCapture(event.pointerId);
    down.set(event.pointerId, panel.pointOf(event));
    view.lasso = view.mode === "lasso" && down.size === 1 ? [toTissue(panel.transform(), panel.pointOf(event))] : [];
    view.root.classList.add("dragging");
  };
  marks.onpointermove = (event) => {
    const point = panel.pointOf(event);
    const from = down.get(event.pointerId);
    if (from) {
      const before = [...down.values()];
      down.set(event.pointerId, point);
      if (down.size === 2) pinch(panel, before, [...down.values()]);
      else drag(panel, from, point);
    }
    view.pointer = { panel, point };
    view.hover();
  };
  marks.onpointerup = marks.onpointercancel = (event) => {
    if (!down.delete(event.pointerId)) return;
    view.root.classList.remove("dragging");
    if (view.lasso.length) finishLasso(panel, event.type === "pointerup");
  };
  marks.onpointerleave = () => {
    view.pointer = null;
    view.hover();
  };
  marks.addEventListener("wheel", (event) => turnWheel(panel, event), { passive: false });
  marks.onkeydown = (event) => pressKey(panel, event);
}

/**
 * @param {Panel} panel
 * @param {Point} from
 * @param {Point} to
 */
function drag(panel, from, to) {
  const { view } = panel;
  if (view.lasso.length) {
    view.lasso.push(toTissue(panel.transform(), to));
    view.repaint();
  } else if (view.mode === "pan") {
    pull(panel, from, to);
  }
}

/**
 * Move the tissue with the pointer.
 *
 * @param {Panel} panel
 * @param {Point} from
 * @param {Point} to
 */
function pull(panel, from, to) {
  const { scale } = panel.transform();
  panel.view.panBy((from[0] - to[0]) / scale, (from[1] - to[1]) / scale);
}

/**
 * @param {Panel} panel
 * @param {Point[]} before
 * @param {Point[]} now
 */
function pinch(panel, before, now) {
  pull(panel, middle(before), middle(now));
  panel.view.zoomBy(apart(now) / Math.max(1, apart(before)), panel, middle(now));
}

/** @param {Point[]} points two points */
function apart([one, other]) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}

/**
 * @param {Point[]} points two points
 * @returns {Point}
 */
function middle([one, other]) {
  return [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
}

/**
 * @param {Panel} panel
 * @param {boolean} wanted
 */
function finishLasso({ view }, wanted) {
  const polygon = view.lasso;
  view.lasso = [];
  if (wanted) view.select(polygon.length > 2 ? view.geometry.inside(polygon) : null);
  else view.repaint();
}

/**
 * @param {Panel} panel
 * @param {WheelEvent} event
 */
function turnWheel(panel, event) {
  const { activeElement } = /** @type {Document | ShadowRoot} */ (panel.marks.getRootNode());
  if (activeElement !== panel.marks && !event.ctrlKey && !event.metaKey) return; // otherwise users could not scroll past the maps
  event.preventDefault();
  panel.view.zoomBy(Math.exp(-Math.max(-100, Math.min(100, event.deltaY)) / 400), panel, panel.pointOf(event));
}

/**
 * @param {Panel} panel
 * @param {KeyboardEvent} event
 */
function pressKey(panel, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { view } = panel;
  const step = (PAN_STEP * Math.min(panel.width, panel.height)) / panel.transform().scale;
  /** @type {Point} */
  const centre = [panel.width / 2, panel.height / 2];
  /** @type {Record<string, () => void>} */
  const acts = {
    ArrowLeft: () => view.panBy(-step, 0),
    ArrowRight: () => view.panBy(step, 0),
    ArrowUp: () => view.panBy(0, -step),
    ArrowDown: () => view.panBy(0, step),
    "+": () => view.zoomBy(ZOOM_STEP, panel, centre),
    "=": () => view.zoomBy(ZOOM_STEP, panel, centre),
    "-": () => view.zoomBy(1 / ZOOM_STEP, panel, centre),
    0: () => view.fit(),
    Escape: () => view.clear(),
  };
  if (!Object.hasOwn(acts, event.key)) return;
  event.preventDefault();
  acts[event.key]();
}
