"""Space Ranger's files as GEO, Macs and people leave them."""

import gzip
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.errors import SampleFileError
from core.io import importing
from core.io.incoming import ImportChoices
from core.io.visium.under_tissue import of_tissue
from tests import space_ranger
from tests.space_ranger import BARCODES, COUNTS

ALL = ImportChoices(genes="all")
LITTER = b"\0\5\x16\7" + bytes(200)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = space_ranger.write_output(tmp_path / "made")
    (folder / "annotation.csv").unlink()
    return folder


def assert_is_the_tissue(sample, *, image: bool = True) -> None:
    assert np.asarray(sample.expression).tolist() == COUNTS.tolist()
    assert sample.barcodes.tolist() == BARCODES
    assert sample.lattice.tolist() == [[0, 0], [0, 2], [2, 0], [3, 1]]
    assert sample.coords_px.tolist() == [[100, 200], [100, 300], [260, 200], [180, 300]]
    assert (sample.image is not None) == image


def flat(output: Path, folder: Path, prefix: str, *, packed: bool) -> Path:
    """Lay all files into one folder, with a prefix, as GEO keeps them."""
    folder.mkdir(exist_ok=True)
    for path in [path for path in output.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        name = f"{prefix}{path.name}"
        is_packed = packed and path.suffix != ".h5"
        (folder / f"{name}{'.gz' * is_packed}").write_bytes(gzip.compress(content) if is_packed else content)
    return folder


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("prefix", ["GSM1000001_A1_", "GSM1000001-", ""])
def test_files_of_a_sample_of_geo_lie_flat_with_a_prefix(output, tmp_path, prefix, packed):
    folder = flat(output, tmp_path / "GSM1000001", prefix, packed=packed)
    assert_is_the_tissue(importing.read(folder, ALL))


def test_the_matrix_may_be_three_texts_with_the_same_prefix_or_compressed_as_a_whole(output, tmp_path):
    folder = flat(output, tmp_path / "GSM2", "GSM2_", packed=True)
    (folder / "GSM2_filtered_feature_bc_matrix.h5").unlink()
    space_ranger.write_text_matrix(tmp_path / "texts", packed=True)
    for path in (tmp_path / "texts").iterdir():
        path.rename(folder / f"GSM2_{path.name}")
    assert_is_the_tissue(importing.read(folder, ALL))
    other = flat(output, tmp_path / "GSM3", "GSM3_", packed=True)
    matrix = other / "GSM3_filtered_feature_bc_matrix.h5"
    (other / f"{matrix.name}.gz").write_bytes(gzip.compress(matrix.read_bytes()))
    matrix.unlink()
    assert_is_the_tissue(importing.read(other, ALL))


def raw_tar(output: Path, folder: Path, archive: Path) -> Path:
    for sample in ("GSM1_S1_", "GSM2_S2_"):
        flat(output, folder, sample, packed=True)
    with tarfile.open(archive, "w") as packed:
        for path in sorted(folder.iterdir()):
            packed.add(path, path.name)
    return archive


def test_of_several_samples_one_is_picked_by_name_and_all_are_named(output, tmp_path):
    archive = raw_tar(output, tmp_path / "flat", tmp_path / "GSE1_RAW.tar")
    space_ranger.write_h5(output / "filtered_feature_bc_matrix.h5", counts=COUNTS * 2)
    found = importing.survey(archive)
    assert not found.importable
    assert list(found.sections) == ["GSM1_S1", "GSM2_S2"]
    with pytest.raises(SampleFileError, match="name one as the section: GSM1_S1, GSM2_S2"):
        importing.read(archive, ALL)
    assert importing.survey(archive, section="GSM2_S2").importable
    assert_is_the_tissue(importing.read(archive, ALL, section="GSM2_S2"))
    assert importing.read(archive, ALL, section="GSM1_S1").name == "GSM1_S1"


def test_what_a_mac_leaves_beside_files_is_passed_over(output):
    (output / "._filtered_feature_bc_matrix.h5").write_bytes(LITTER)
    (output / "spatial" / "._tissue_positions_list.csv").write_bytes(LITTER)
    (output / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    assert_is_the_tissue(importing.read(output, ALL))
    with zipfile.ZipFile(output.parent / "made.zip", "w") as archive:
        for path in sorted(path for path in output.rglob("*") if path.is_file()):
            name = path.relative_to(output.parent)
            archive.write(path, name)
            archive.writestr(f"__MACOSX/{name.parent}/._{name.name}", LITTER)
    assert_is_the_tissue(importing.read(output.parent / "made.zip", ALL))


def test_the_folder_of_the_three_texts_itself_finds_spatial_beside_it(output):
    (output / "filtered_feature_bc_matrix.h5").unlink()
    space_ranger.write_text_matrix(output / "filtered_feature_bc_matrix", packed=True)
    assert_is_the_tissue(importing.read(output / "filtered_feature_bc_matrix", ALL))


@pytest.mark.parametrize("name", ["tissue_positions_list.txt", "tissue_positions.tsv", "tissue_positions.csv.gz"])
def test_the_table_of_positions_may_have_other_endings(output, name):
    table = output / "spatial" / "tissue_positions_list.csv"
    content = table.read_bytes()
    table.unlink()
    (output / "spatial" / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert_is_the_tissue(importing.read(output, ALL))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tissue_lowres_image.png", b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100), "is a JPEG under the name of a PNG"),
        ("tissue_lowres_image.png", b"GIF89a" + bytes(50), "is not a whole PNG"),
        ("tissue_lowres_image.png", b"\x89PNG\r\n\x1a\n", "is not a whole PNG"),
        ("scalefactors_json.json", None, "scalefactors_json.json cannot be read"),
        ("scalefactors_json.json", b"{", "scalefactors_json.json cannot be read"),
        ("scalefactors_json.json", b"[" * 100_000, "scalefactors_json.json cannot be read"),
        ("scalefactors_json.json", b'{"tissue_lowres_scalef": -1}', "has no number above 0"),
    ],
)
def test_a_bad_or_missing_image_or_scale_never_blocks_the_counts(output, name, content, said):
    path = output / "spatial" / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    found = importing.survey(output)
    assert found.importable
    image = next(check for check in found.checks if check.what == "Image")
    assert (image.status, said in image.found) == ("notice", True)
    assert_is_the_tissue(importing.read(output, ALL), image=False)


def test_another_kind_of_picture_is_named(output):
    (output / "spatial" / "tissue_lowres_image.png").rename(output / "spatial" / "tissue_lowres_image.jpg")
    found = next(check.found for check in importing.survey(output).checks if check.what == "Image")
    assert found.startswith("Left out: tissue_lowres_image.jpg is no PNG")


def test_the_other_image_serves_where_the_first_is_damaged(output):
    spatial = output / "spatial"
    shutil.copy(spatial / "tissue_lowres_image.png", spatial / "tissue_hires_image.png")
    (spatial / "tissue_lowres_image.png").write_bytes(b"no picture")
    assert importing.read(output, ALL).image.scale == 0.5


def test_a_raw_matrix_alone_keeps_spots_under_tissue(output):
    (output / "filtered_feature_bc_matrix.h5").unlink()
    space_ranger.write_h5(
        output / "raw_feature_bc_matrix.h5", barcodes=[*BARCODES, "AAAT-1"], counts=np.vstack([COUNTS, [[1, 1, 1]]])
    )
    assert_is_the_tissue(importing.read(output, ALL))


def test_without_flags_the_spots_of_a_raw_matrix_part_by_their_counts_and_that_is_said(output):
    (output / "filtered_feature_bc_matrix.h5").unlink()
    counts = np.vstack([COUNTS * 100, [[1, 0, 1]]])
    space_ranger.write_h5(output / "raw_feature_bc_matrix.h5", barcodes=[*BARCODES, "AAAT-1"], counts=counts)
    table = output / "spatial" / "tissue_positions_list.csv"
    rows = [line.split(",") for line in table.read_text().split()]
    head = space_ranger.HEADER.replace(",in_tissue", "")
    table.write_text("\n".join([head, *(",".join([row[0], *row[2:]]) for row in rows)]))
    assert importing.read(output, ALL).barcodes.tolist() == BARCODES
    said = next(check for check in importing.survey(output).checks if check.what == "Tissue")
    assert "does not say which spots lie under tissue" in said.found


def test_counts_part_where_the_gap_is():
    totals = np.array([3000, 12, 9, 4500, 2600, 15, 0, 8000])
    assert of_tissue(totals).tolist() == [True, False, False, True, True, False, False, True]
    assert of_tissue(np.array([5, 5])).tolist() == [True, True]


def test_the_output_of_aggr_is_named_with_the_way_out(output):
    (output / "spatial" / "tissue_positions_list.csv").rename(output / "spatial" / "aggr_tissue_positions.csv")
    (output / "aggregation.csv").write_text("library_id,molecule_h5\nA,x\n")
    with pytest.raises(
        SampleFileError, match=r"`spaceranger aggr` wrote this.* Import each section from its own `outs`"
    ):
        importing.read(output, ALL)


def test_links_to_files_elsewhere_are_followed_as_nextflow_leaves_them(output, tmp_path):
    linked = tmp_path / "outs"
    (linked / "spatial").mkdir(parents=True)
    for path in output.rglob("*"):
        if path.is_file():
            (linked / path.relative_to(output)).symlink_to(path)
    assert_is_the_tissue(importing.read(linked, ALL))


def test_what_10x_publishes_as_two_archives_is_read_without_unpacking(output):
    (output / "filtered_feature_bc_matrix.h5").unlink()
    space_ranger.write_text_matrix(output / "filtered_feature_bc_matrix", packed=True)
    for folder in ("filtered_feature_bc_matrix", "spatial"):
        shutil.make_archive(str(output / f"Brain_{folder}"), "gztar", output, folder)
        shutil.rmtree(output / folder)
    sample = importing.read(output, ALL)
    assert_is_the_tissue(sample)
    assert sample.name == "Brain"


def test_positions_of_several_sections_in_one_table_are_refused(output):
    table = output / "spatial" / "tissue_positions_list.csv"
    table.write_text(table.read_text() + "AAAC-1,1,5,1,500,250\n")
    with pytest.raises(SampleFileError, match="gives AAAC-1 two positions: keep the rows of one section"):
        importing.read(output, ALL)
