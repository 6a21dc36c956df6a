// @ts-check
/** A crosshair that keys move over the tissue: it reads spots, and sets the corners of a lasso, without a pointer. */

import { panned, toPixels, transformOf } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Extent} Extent */
/** @typedef {import("./geometry.js").Camera} Camera */
/** @typedef {import("./geometry.js").Size} Size */

const LEAST_STEP = 0.0125; // of the smaller side of a stage: spots may be too small to be told apart
const RIM = 0.02; // of a side, which the crosshair keeps from it
export const LEAST_CORNERS = 3;

/**
 * How far one key moves the crosshair, in um: to the next spot beside it or below it, or further where spots are small.
 *
 * @param {{ width: number, arrayUm: [number, number] | null }} geometry
 * @param {number} scale pixels for each um
 * @param {Size} size
 * @returns {Point}
 */
export function stepUm({ width, arrayUm }, scale, size) {
  const least = (LEAST_STEP * Math.min(size.width, size.height)) / scale;
  return [Math.max(width, least), Math.max(arrayUm ? arrayUm[0] : width, least)];
}

/**
 * The nearest point of the tissue's extent.
 *
 * @param {Extent} extent
 * @param {Point} point
 * @returns {Point}
 */
export function within({ left, right, top, bottom }, [x, y]) {
  return [Math.max(left, Math.min(right, x)), Math.max(top, Math.min(bottom, y))];
}

/**
 * The camera moved no further than it must be to show a point.
 *
 * @param {Extent} extent
 * @param {Camera} camera
 * @param {Size} size
 * @param {Point} um
 */
export function showing(extent, camera, size, um) {
  const at = transformOf(extent, camera, size);
  const [x, y] = toPixels(at, um);
  return panned(extent, camera, beyond(x, size.width) / at.scale, beyond(y, size.height) / at.scale);
}

/**
 * @param {number} at
 * @param {number} length
 */
function beyond(at, length) {
  const rim = RIM * length;
  return Math.min(0, at - rim) + Math.max(0, at - (length - rim));
}

export class Crosshair {
  /** @type {import("./panel.js").Panel | null} */ panel = null; // where it is, while it is shown
  /** @type {Point} */ um = [0, 0];

  /** @param {import("./index.js").TissueView} view */
  constructor(view) {
    this.view = view;
  }

  /** Where it is in its stage, in pixels; null while it is hidden. */
  place() {
    return this.panel && { panel: this.panel, point: toPixels(this.panel.transform(), this.um) };
  }

  /** @param {import("./panel.js").Panel} panel */
  show(panel) {
    if (!this.panel) this.um = [this.view.camera.x, this.view.camera.y];
    this.panel = panel;
    this.read();
  }

  hide() {
    this.panel = null;
    this.view.lasso = [];
    this.view.repaint();
    this.view.hover();
  }

  /**
   * @param {import("./panel.js").Panel} panel
   * @param {number} across steps
   * @param {number} down
   */
  move(panel, across, down) {
    const { geometry, camera } = this.view;
    if (!this.panel) this.um = [camera.x, camera.y];
    const [dx, dy] = stepUm(geometry, panel.transform().scale, panel);
    this.um = within(geometry.extent, [this.um[0] + across * dx, this.um[1] + down * dy]);
    this.panel = panel;
    this.view.drawing?.extendStroke(this.um);
    this.view.moveTo(showing(geometry.extent, camera, panel, this.um));
    this.read();
  }

  /** Say what is under it. */
  read() {
    this.view.repaint();
    this.view.hover();
    const { hovered, geometry } = this.view;
    this.view.say(hovered < 0 ? `No spot at ${geometry.placeOf(this.um)}.` : `${this.view.linesAbout(hovered).join(". ")}.`);
  }

  /** @param {import("./panel.js").Panel} panel */
  setCorner(panel) {
    if (!this.panel) this.show(panel);
    this.view.lasso.push([...this.um]);
    this.view.repaint();
    const corners = this.view.lasso.length;
    this.view.say(`Corner ${corners} set.${corners < LEAST_CORNERS ? "" : ` ${this.closing()}`}`);
  }

  /** What closes the line. */
  closing() {
    if (this.view.mode === "polygon") return "Enter closes the polygon.";
    return this.view.drawing?.data ? "Escape closes the lasso." : "Escape closes the lasso and selects the spots inside.";
  }

  takeCornerBack() {
    if (!this.view.lasso.pop()) return;
    this.view.repaint();
    this.view.say(`Corner ${this.view.lasso.length + 1} taken back.`);
  }

  /** Close the lasso if it has corners; else go away. */
  end() {
    const corners = this.view.lasso;
    if (!corners.length) {
      this.hide();
      this.view.setMode("pan");
      this.view.say("Arrow keys move the maps again.");
      return;
    }
    this.view.lasso = [];
    if (corners.length >= LEAST_CORNERS) this.view.select(this.view.geometry.inside(corners));
    else this.view.say("The lasso needs three corners: it was let go.");
    this.view.repaint();
  }
}
