// @ts-check
/** What fails for a moment is tried again: Streamlit's store lacks a block while a run begins. */

/**
 * The first attempt that does not fail, or else the failure of the last: one after each pause, and one before them.
 *
 * @template T
 * @param {number[]} pauses in ms
 * @param {() => Promise<T>} attempt
 */
export async function again(pauses, attempt) {
  for (const pause of pauses) {
    try {
      return await attempt();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return attempt();
}
