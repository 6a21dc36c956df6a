"""Values that are written as JSON: they come back as they were, and nothing else is made of what a file holds."""

import base64
import io
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import codec
from core.depth import Bend, FoundDirection
from core.errors import CodecError, DomainsError
from core.params import MethodParams, PoolingParams, preset
from core.result import AutoencoderReport, Result, Scores


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    path: Path
    when: datetime
    colour: Colour
    pair: tuple[int, ...]
    by_number: Mapping[int, float]
    maybe: PoolingParams | None = None
    nested: dict[str, tuple[Path, ...]] = field(default_factory=dict)


EVERYTHING = Everything(
    path=Path("a/b"),
    when=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    colour=Colour.RED,
    pair=(1, 2),
    by_number=MappingProxyType({3: 0.5}),
    maybe=PoolingParams(window=3),
    nested={"x": (Path("c"),)},
)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Everything, EVERYTHING),
        (MethodParams, preset("recommended", 5)),
        (Scores, Scores(ari=0.25, n_tiny=1.0)),
        (FoundDirection, FoundDirection(angle=1, method="bending", bend=Bend(centre_um=(1, 2), scale_um=3, coefficients=(1, 2)))),
        (list[tuple[int, float, str]], [(1, 2.5, "three"), (-(2**63), 1e-300, "\u2028\x00")]),
        (type(None), None),
    ],
)  # fmt: skip
def test_a_value_comes_back_as_it_was(kind, value):
    assert codec.decode(kind, codec.encode(value)) == value
    assert codec.from_plain(kind, codec.as_plain(value)) == value


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(
    "labels", [np.arange(7), np.arange(6.0).reshape(2, 3).T, np.array(["A", "µ"]), np.zeros((0, 3))]
)
def test_arrays_come_back_to_the_last_bit_within_the_line_or_apart_from_it(labels, apart):
    arrays: list[np.ndarray] | None = [] if apart else None
    result = Result(sample_name="first", labels=labels, params=MethodParams(), seconds={"pool": np.float64(0.1)})
    again = codec.decode(list[Result], codec.encode([result], arrays), arrays)[0]
    np.testing.assert_array_equal(again.labels, labels)
    assert (again.labels.dtype, again.params, again.seconds) == (labels.dtype, result.params, {"pool": 0.1})


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_stay_what_they_are(number):
    again = codec.decode(AutoencoderReport, codec.encode(AutoencoderReport(explained_variance=number)))
    np.testing.assert_array_equal(again.explained_variance, number)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists, max_leaves=20
    )
)
def test_plain_values_come_back_as_json_has_them(value):
    assert codec.decode(Any, codec.encode(value)) == value


@pytest.mark.parametrize("value", [os.system, io.StringIO(), object(), np.array([object()]), {"deep": [{1, print}]}])
def test_what_is_no_data_is_not_written(value):
    with pytest.raises(CodecError, match="cannot be kept on disk"):
        codec.encode(value)


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (PoolingParams, '{"window": "3"}', "window"),
        (PoolingParams, '{"window": 3.0}', "window"),
        (PoolingParams, '{"window": true}', "window"),
        (PoolingParams, '{"window": 10000000}', "between 0 and 40"),
        (PoolingParams, '{"window": 3, "pane": 1}', "`pane`, which this version of the program does not know"),
        (MethodParams, '{"pooling": {"pane": 1}}', "`pane`, which this version"),
        (list[PoolingParams], '[{}, {"pane": 1}]', "`pane`, which this version"),
        (PoolingParams, '{"scale": NaN}', "finite"),
        (PoolingParams, "[]", "array"),
        (Result, '{"sample_name": "first"}', "labels"),
        (AutoencoderReport, '{"explained_variance": null}', "null"),
        (tuple[int, int], "[1, 2, 3]", "length 2"),
        (Path, "7", "is no Path"),
        (os.PathLike, '"a"', "is no PathLike"),
        (datetime, '"yesterday"', "RFC3339"),
        (int, "1", None),
        (int, "1" * 5000, "digits"),
        (int, '{"kind": "Popen", "fields": {"args": ["true"]}}', "object"),
        (int, '{"half', "JSON"),
        (int, b"\xff\xfe\x00\xd8", "JSON"),
        (Any, "[" * 200_000, "JSON"),
        (str, '"' + "x" * 100 + '"', "more than 50 bytes"),
    ],
)
def test_only_what_belongs_there_is_read(kind, text, words):
    if words is None:
        assert codec.decode(kind, text) == 1
        return
    with pytest.raises(CodecError, match=words) as caught:
        codec.decode(kind, text, most_bytes=50 if "50" in words else codec.MOST_BYTES)
    assert isinstance(caught.value, DomainsError)
    assert len(str(caught.value)) < 400


def npy(array, **changed):
    file = io.BytesIO()
    header = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape} | changed
    np.lib.format.write_array_header_1_0(file, header)
    return base64.b64encode(file.getvalue() + array.tobytes()).decode()


@pytest.mark.parametrize(
    "text",
    [
        npy(np.zeros(3), shape=(10**12,)),
        npy(np.zeros(3), shape=(10**30, 10**30)),
        npy(np.zeros(3), shape=(-1, -3)),
        npy(np.zeros(3), descr="|O"),
        npy(np.zeros(3))[:-4],
        base64.b64encode(b"\x93NUMPY\x03\x00").decode(),
        base64.b64encode(b"PK").decode(),
        "not base64",
        "",
        7,
        None,
        {"array": 0},
    ],
)
def test_a_hostile_array_is_refused_before_memory_is_taken_for_it(text):
    with pytest.raises(CodecError):
        codec.decode(np.ndarray, json.dumps(text))


@pytest.mark.parametrize("index", ["1", "-1", "true", '"0"', "[0]", "null", "0.0"])
def test_an_array_that_was_written_apart_is_found_by_its_index_alone(index):
    with pytest.raises(CodecError):
        codec.decode(np.ndarray, index, [np.zeros(3)])
    assert codec.decode(np.ndarray, "0", [np.zeros(3)]).tolist() == [0, 0, 0]


def test_a_field_too_many_is_refused_inside_a_tuple_too():
    written = json.loads(codec.encode((PoolingParams(window=3),)))
    assert codec.from_plain(tuple[PoolingParams, ...], written) == (PoolingParams(window=3),)
    written[0]["more"] = 1
    with pytest.raises(CodecError, match="does not know"):
        codec.from_plain(tuple[PoolingParams, ...], written)


@pytest.mark.parametrize("text", ['{"size": 1, "size": 2}', '[{"a": {"size": 1, "b": 0, "size": 1}}]'])
def test_what_stands_twice_in_one_place_is_refused_since_readers_would_not_agree_on_it(text):
    with pytest.raises(CodecError, match="size stands in it twice"):
        codec.parsed(text)
    assert codec.parsed('[{"size": 1}, {"size": 2}]') == [{"size": 1}, {"size": 2}]
