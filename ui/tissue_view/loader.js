// @ts-check
/** Loads the script of the maps, once: what Streamlit is given as a component's own script travels with every run. */

/** @typedef {{ data: Uint8Array }} Component */

const PAUSE_MS = 500; // Streamlit's store lacks the script for a moment while a run begins

/** @type {((component: Component) => void) | null} */
let draw = null;

/** @param {Component} component */
export default async function (component) {
  const now = (draw ??= await loaded(addressIn(component.data)));
  now(component);
}

/**
 * The address in the header of a block that packing.py wrote.
 *
 * @param {Uint8Array} data
 */
function addressIn(data) {
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const { script } = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  return new URL(script, document.baseURI).href;
}

/** @param {string} address */
async function loaded(address) {
  try {
    return (await import(address)).default;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return (await import(`${address}?again`)).default; // some browsers remember that an address failed
  }
}
