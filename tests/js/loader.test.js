/** Loading the script of the maps, which Streamlit's store lacks for a moment while a run begins. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

import load from "../../ui/tissue_view/loader.js";
import { packed } from "./packed.js";

const folder = await mkdtemp(join(tmpdir(), "loader-"));
after(() => rm(folder, { recursive: true }));
globalThis.document = { baseURI: `${pathToFileURL(folder)}/` };

/** What Streamlit gives for a place of the page, whose script writes down what it draws there. */
const component = (place, shows) => ({ parentElement: place, data: packed({ script: "script.mjs" }, []), shows });

test("where the script comes late, each place shows the newest maps that were sent, once", async () => {
  const [one, other] = [{ drawn: [] }, { drawn: [] }];
  const early = [load(component(one, "being found")), load(component(other, "annotation"))];
  const script = "export default ({ parentElement, shows }) => parentElement.drawn.push(shows);";
  await writeFile(join(folder, "script.mjs"), script);
  const late = load(component(one, "domains")); // the script is there now: this one would come first
  await Promise.all([...early, late]);
  assert.deepEqual([one.drawn, other.drawn], [["domains"], ["annotation"]]);
});

test("once the script is there, every run draws, in order", async () => {
  const place = { drawn: [] };
  for (const shows of ["first", "second", "first"]) await load(component(place, shows));
  assert.deepEqual(place.drawn, ["first", "second", "first"]);
});
