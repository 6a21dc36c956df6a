// @ts-check
/**
 * What a map showed when its spots were last drawn: while the camera moves over very many spots, that picture moves in their place.
 *
 * A picture is laid over another one of the whole tissue, so that what comes into sight is there at once, if not sharp.
 */

/** @typedef {import("./geometry.js").Transform} Transform */
/** @typedef {{ layer: OffscreenCanvas, at: Transform }} Picture spots on a layer, and where they lie on it */

export class Still {
  /** @type {Picture | null} */ whole = null; // the whole tissue, as long as it has the present colours
  /** @type {Picture | null} */ last = null;

  /** Let go of what has other colours than the spots have now. */
  forget() {
    [this.whole, this.last] = [null, null];
  }

  /**
   * @param {Picture} picture
   * @param {boolean} complete whether it has all spots
   */
  keep(picture, complete) {
    this.last = picture;
    if (complete) this.whole = picture;
  }

  /**
   * Draw what is kept, where the camera has it now; false if there is nothing.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Transform} at
   */
  draw(context, at) {
    const { last, whole } = this;
    context.save();
    if (last) place(context, last, at);
    if (last) leaveOut(context, boxOf(last, at));
    if (whole && whole !== last) place(context, whole, at);
    context.restore();
    return Boolean(last ?? whole);
  }
}

/**
 * How the pixels of a picture lie on the canvas now.
 *
 * @param {Transform} before of the picture
 * @param {Transform} now
 * @returns {Transform}
 */
export function moved(before, now) {
  const scale = now.scale / before.scale;
  return { scale, x: now.x - scale * before.x, y: now.y - scale * before.y };
}

/**
 * @param {Picture} picture
 * @param {Transform} at
 * @returns {[number, number, number, number]} left, top, width, height
 */
function boxOf({ layer, at: before }, at) {
  const { scale, x, y } = moved(before, at);
  return [x, y, layer.width * scale, layer.height * scale];
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Picture} picture
 * @param {Transform} at
 */
function place(context, picture, at) {
  context.drawImage(picture.layer, ...boxOf(picture, at));
}

/**
 * Draw outside a box alone: where the tissue shines through, what is drawn twice would be seen twice.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number, number, number]} box
 */
function leaveOut(context, box) {
  context.beginPath();
  context.rect(0, 0, context.canvas.width, context.canvas.height);
  context.rect(...box);
  context.clip("evenodd");
}
