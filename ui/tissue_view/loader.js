// @ts-check
/** Loads the script of the maps, once: what Streamlit is given as a component's own script travels with every run. */

/** @typedef {{ parentElement: WeakKey, data: Uint8Array }} Component */

const PAUSES_MS = [250, 500, 1000, 2000, 4000]; // Streamlit's store lacks the script for a moment while a run begins

/** @type {Promise<(component: Component) => void> | null} */
let script = null;

/** What each place shows next. While the script loads, another run may send newer maps, over which older ones must not be drawn.
 * @type {WeakMap<WeakKey, Component>} */
const latest = new WeakMap();

/** @param {Component} component */
export default async function (component) {
  latest.set(component.parentElement, component);
  script ??= loaded(addressIn(component.data));
  const draw = await script.catch((error) => {
    script = null; // the next run tries again
    throw error;
  });
  if (latest.get(component.parentElement) === component) draw(component);
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
  for (const pause of PAUSES_MS) {
    try {
      return (await import(address)).default;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
      address = `${address.split("?")[0]}?after=${pause}`; // some browsers remember that an address failed
    }
  }
  return (await import(address)).default;
}
