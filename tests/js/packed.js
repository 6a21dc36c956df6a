/** Writes blocks of bytes for the tests. */

/** A block as packing.py lays it out: length, header, and each array at a multiple of 8 bytes. */
export function packed(header, arrays) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil((4 + text.length) / 8) * 8 - 4;
  const size = arrays.reduce((sum, array) => sum + Math.ceil(array.byteLength / 8) * 8, 0);
  const block = new Uint8Array(4 + length + size).fill(32, 0, 4 + length);
  new DataView(block.buffer).setUint32(0, length, true);
  block.set(text, 4);
  let offset = 4 + length;
  for (const array of arrays) {
    block.set(new Uint8Array(array.buffer), offset);
    offset += Math.ceil(array.byteLength / 8) * 8;
  }
  return block;
}
