// @ts-check
/** Pointer and wheel on a map. */

import { toTissue } from "./geometry.js";
import { pressKey } from "./keys.js";

/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("./geometry.js").Point} Point */

const TAP_PX = 8; // a finger that moves less has tapped

/** @param {Panel} panel */
export function listen(panel) {
  const { view, marks } = panel;
  /** @type {Map<number, Point>} */
  const down = new Map(); // positions of the fingers or the mouse, by pointer id
  /** @type {Point | null} */
  let tapped = null; // where a finger came down that has not moved yet

  marks.onpointerdown = (event) => {
    if (event.button !== 0) return;
    marks.setPointerCapture(event.pointerId);
    down.set(event.pointerId, panel.pointOf(event));
    if (down.size === 1) tapped = panel.pointOf(event);
    view.crosshair.panel = null;
    begin(panel, panel.pointOf(event), down.size === 1);
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
    if (tapped && apart([tapped, point]) > TAP_PX) tapped = null;
    if (view.crosshair.panel && view.lasso.length) return; // corners that keys have set
    view.crosshair.panel = null;
    view.pointer = { panel, point };
    view.hover();
    if (view.mode === "brush" || (view.mode === "polygon" && view.lasso.length)) view.drawMarks();
  };
  marks.ondblclick = () => view.mode === "polygon" && view.drawing.close();
  marks.onpointerup = marks.onpointercancel = (event) => {
    if (!down.delete(event.pointerId)) return;
    view.root.classList.remove("dragging");
    if (view.mode === "lasso" && view.lasso.length) finishLasso(panel, event.type === "pointerup");
    if (view.drawing.stroke) view.drawing.endStroke(event.type === "pointerup");
    if (view.mode === "polygon" && tapped && event.type === "pointerup") view.drawing.addCorner(panel, toTissue(panel.transform(), tapped));
    if (tapped && event.type === "pointerup") {
      view.pointer = { panel, point: tapped };
      view.hover();
    }
  };
  marks.onpointerleave = (event) => {
    if (event.pointerType === "touch" && tapped) return; // a finger cannot stay over a spot to read it
    view.pointer = null;
    view.hover();
    view.drawMarks();
  };
  marks.addEventListener("wheel", (event) => turnWheel(panel, event), { passive: false });
  marks.onkeydown = (event) => pressKey(panel, event);
}

/**
 * Begin a lasso or a stroke; a second finger ends both, because two fingers move the tissue.
 *
 * @param {Panel} panel
 * @param {Point} point
 * @param {boolean} alone
 */
function begin(panel, point, alone) {
  const { view } = panel;
  const um = toTissue(panel.transform(), point);
  if (view.mode !== "polygon") view.lasso = view.mode === "lasso" && alone ? [um] : [];
  if (view.mode !== "brush") return;
  if (alone) view.drawing.startStroke(um);
  else view.drawing.endStroke(false);
}

/**
 * @param {Panel} panel
 * @param {Point} from
 * @param {Point} to
 */
function drag(panel, from, to) {
  const { view } = panel;
  if (view.drawing.stroke) {
    view.drawing.extendStroke(toTissue(panel.transform(), to));
  } else if (view.mode === "lasso" && view.lasso.length) {
    view.lasso.push(toTissue(panel.transform(), to));
    view.repaintMarks();
  } else if (view.mode === "pan" || view.mode === "polygon") {
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
