"""Small tissue as it comes in from outside: as Space Ranger's output, as a zip of it, and as a public section."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from core.sample import Sample
from tests.small_tissue import small_sample
from tests.space_ranger import write_h5

GENES = [f"GENE{number}" for number in range(12)]


def tissue() -> Sample:
    """Three flat layers on 192 spots."""
    return small_sample("small")


def barcodes(sample: Sample) -> list[str]:
    """Made-up barcodes, one for each spot."""
    signs = [np.base_repr(number, 4).translate(str.maketrans("0123", "ACGT")) for number in range(sample.n_spots)]
    return [f"{sign:A>16}-1" for sign in signs]


def positions(sample: Sample) -> str:
    """Table without a header: barcode, in_tissue, array row and column, pixel row and column."""
    assert sample.lattice is not None
    rows = zip(barcodes(sample), sample.lattice.tolist(), strict=True)
    lines = [f"{name},1,{row},{col},{100 + 40 * row},{100 + 23 * col}" for name, (row, col) in rows]
    return "\n".join([*lines, "TTTTTTTTTTTTTTTT-1,0,77,127,9,9"]) + "\n"


def layers(sample: Sample, section: str) -> str:
    """Lines of the public table of layers; unannotated spots are left out."""
    assert sample.labels_true is not None
    pairs = zip(barcodes(sample), sample.labels_true.tolist(), strict=True)
    return "".join(f"{name}\t{section}\t{label.replace('Layer', 'L')}\n" for name, label in pairs if label != "NA")


def image() -> bytes:
    """A picture of 80 x 75 pixels."""
    content = io.BytesIO()
    Image.new("RGB", (80, 75), (200, 120, 160)).save(content, format="PNG")
    return content.getvalue()


SCALES = json.dumps({"tissue_lowres_scalef": 0.1, "tissue_hires_scalef": 0.3, "spot_diameter_fullres": 20.0})


def write_folder(folder: Path) -> Path:
    """Write Space Ranger's output, with a table of the layers."""
    sample = tissue()
    assert sample.labels_true is not None
    write_h5(
        folder / "filtered_feature_bc_matrix.h5",
        counts=np.asarray(sample.expression).astype(int),
        barcodes=barcodes(sample),
        genes=GENES,
    )
    (folder / "spatial").mkdir()
    (folder / "spatial" / "tissue_positions_list.csv").write_text(positions(sample))
    (folder / "spatial" / "scalefactors_json.json").write_text(SCALES)
    (folder / "spatial" / "tissue_lowres_image.png").write_bytes(image())
    pairs = zip(barcodes(sample), sample.labels_true.tolist(), strict=True)
    (folder / "annotation.csv").write_text("barcode,layer\n" + "".join(f"{name},{label}\n" for name, label in pairs))
    return folder


def write_zip(path: Path) -> Path:
    """Pack Space Ranger's output, in a folder called `block_a`."""
    folder = write_folder(path.parent / "block_a")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, f"block_a/{file.relative_to(folder)}")
    return path


def public_files(scratch: Path, sections: list[str]) -> dict[str, bytes]:
    """The files of public sections by their paths, as both public places lay them out."""
    folder, sample = write_folder(scratch / "public"), tissue()
    matrix = (folder / "filtered_feature_bc_matrix.h5").read_bytes()
    files = {"/10X/barcode_level_layer_map.tsv": "".join(layers(sample, name) for name in sections).encode()}
    for name in sections:
        files[f"/h5/{name}_filtered_feature_bc_matrix.h5"] = matrix
        files[f"/images/{name}_tissue_lowres_image.png"] = image()
        files[f"/10X/{name}/tissue_positions_list.txt"] = positions(sample).encode()
        files[f"/10X/{name}/scalefactors_json.json"] = SCALES.encode()
    return files
