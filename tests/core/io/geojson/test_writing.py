import json

import numpy as np
import pytest
import shapely

from core.annotation_labels import from_labels
from core.errors import AnnotationError
from core.io.geojson import as_geojson, parse, place
from tests.small_tissue import small_sample

ON = ["spaceranger/151673", "spca_dat/sample_151669.h5"]
OFF = ["tissues/mpfc_1.h5ad", "tissues/barista_1.h5ad", "tissues/mob_200um.h5ad", "tissues/merfish_0.09.h5ad"]


def again(annotation, sample, unit=None):
    text, said = as_geojson(annotation, sample)
    return json.loads(text), said, place(parse(text.encode(), "a.geojson"), sample, unit=unit)


@pytest.mark.parametrize("name", [*ON, *OFF])
@pytest.mark.parametrize("drawn", ["layers", "scattered"])
def test_a_file_read_back_assigns_exactly_the_same_spots(imported, name, drawn):
    sample = imported(name)
    random = np.random.default_rng(0).choice(["a", "b", "c", ""], sample.n_spots)
    annotation = from_labels(sample.labels_true if drawn == "layers" else random, name="mine")
    plain, said, placed = again(annotation, sample)
    assert [region.name for region in placed.regions] == annotation.names
    assert (placed.assigned == annotation.assigned).all()
    assert "would come back" not in said
    assert plain["spatial_domains"]["unit"] == (placed.unit if sample.unit_known else "unit of the file")
    assert placed.unit in (["px"] if sample.coords_px is not None else ["um", "array um"])


@pytest.mark.parametrize("name", [ON[0], OFF[0]])
def test_shapely_reads_the_outlines_and_finds_the_same_spots_without_this_program(imported, name):
    sample = imported(name)
    annotation = from_labels(sample.labels_true, name="mine")
    points = sample.tissue_um if sample.coords_px is None else sample.coords_px[:, ::-1].astype(float)
    for feature in json.loads(as_geojson(annotation, sample)[0])["features"]:
        area = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert shapely.is_valid(area)
        inside = shapely.contains_xy(area, *points.T)
        assert inside.tolist() == annotation.spots_of(feature["properties"]["name"]).tolist()


def test_geopandas_reads_what_squidpy_and_spatialdata_draw(shipped, tmp_path):
    geopandas = pytest.importorskip("geopandas")
    annotation = from_labels(shipped.labels_true, name="mine")
    path = tmp_path / "a.geojson"
    path.write_text(as_geojson(annotation, shipped)[0])
    frame = geopandas.read_file(path)
    spots = geopandas.GeoSeries.from_xy(*shipped.coords_px[:, ::-1].T)
    joined = [spots.within(area).sum() for area in frame.geometry]
    assert dict(zip(frame["name"], joined, strict=True)) == dict(zip(annotation.names, annotation.sizes, strict=True))


def test_names_and_colours_are_where_qupath_looks_for_them():
    sample = small_sample("one")
    labels = np.where(sample.lattice[:, 0] < 8, "<b>up</b>", "")
    annotation = from_labels(labels, name="mine", colours={"<b>up</b>": "#C80010"})
    (feature,) = json.loads(as_geojson(annotation, sample)[0])["features"]
    assert feature["properties"] == {
        "objectType": "annotation",
        "name": "<b>up</b>",
        "classification": {"name": "<b>up</b>", "color": [200, 0, 16]},
    }
    assert again(annotation, sample)[2].regions == annotation.regions


def test_a_region_of_the_lattice_is_one_polygon_without_gaps():
    sample = small_sample("one")
    (feature,) = json.loads(as_geojson(from_labels(np.full(sample.n_spots, "all"), name="mine"), sample)[0])["features"]
    area = shapely.from_geojson(json.dumps(feature["geometry"]))
    assert (area.geom_type, len(area.interiors)) == ("Polygon", 0)
    assert area.area == pytest.approx(
        sample.n_spots * 100 * 100 * np.sqrt(3) / 2
    )  # hexagons of neighbours 100 µm apart


def test_regions_without_spots_are_left_out_and_spots_that_share_a_position_are_counted():
    from core.sample import Sample

    places = np.random.default_rng(0).uniform(0, 500, (60, 2))
    twice = Sample(name="two", expression=np.ones((120, 2)), coords_um=np.concatenate([places, places]))
    annotation = from_labels(np.repeat(["a", "b"], 60), name="mine")
    assert "60 spots would come back with another region" in as_geojson(annotation, twice)[1]


def test_an_annotation_of_other_spots_is_not_written(shipped):
    with pytest.raises(AnnotationError, match="belongs to another sample"):
        as_geojson(from_labels(np.array(["a", "b"]), name="mine"), shipped)


def test_a_slide_that_lies_askew_in_its_image_is_written_around_its_spots():
    import dataclasses

    sample = small_sample("one")
    bent = np.column_stack(
        [sample.lattice[:, 0] * 87.0 + (sample.lattice[:, 1] - 12) ** 2 * 3.0, sample.lattice[:, 1] * 50.0]
    )
    askew = dataclasses.replace(sample, coords_px=bent)
    annotation = from_labels(sample.labels_true, name="mine")
    assert (again(annotation, askew)[2].assigned == annotation.assigned).all()
