"""The plan of a sweep: samples x (a grid over one or two knobs, or a search) x starts, in order.

Plain values, stored as JSON. Knows nothing of processes, files of samples, or the record.
"""

import dataclasses
import functools
import hashlib
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import codec, knobs, version_0_1
from core.errors import CodecError, ParameterError
from core.guidance import Guidance
from core.io.annotation_store import annotation_path
from core.knobs import KnobPath
from core.method.seeds import nth_start
from core.params import MethodParams, params_key
from core.sample import Sample
from core.work.sweep.guiding import GuidedBy
from core.work.sweep.varied import Axis, Range, Search, check_once

MOST_KNOBS = 2
"""Most knobs of a grid, as more do not fit on a contact sheet."""

MOST_RUNS = 20_000
"""Most runs of one sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A sample of a sweep, and the settings that its runs start from.

    Parameters
    ----------
    name : str
    path : str
        Its file.
    content_hash, annotation_hash : str
        As :class:`core.sample.Sample` has them.
    params : MethodParams
    annotation : str
        File of the annotation that scores are counted with; empty for that of the sample's file.
    annotated : bool
        Whether scores are counted with any.
    guided_by : GuidedBy or None
        What guides its runs; None for what is label-free.
    """

    name: str
    path: str
    content_hash: str
    annotation_hash: str
    params: MethodParams
    annotation: str = ""
    annotated: bool = True
    guided_by: GuidedBy | None = None

    @classmethod
    def of(cls, sample: Sample, path: Path, params: MethodParams, guidance: Guidance | None = None) -> "Section":
        """Name a sample by its content, and by the annotation that it is compared with.

        Parameters
        ----------
        sample : Sample
        path : Path
            The file that it was read from.
        params : MethodParams
        guidance : Guidance, optional
            What guides its runs.

        Raises
        ------
        DomainsError
            If the guidance cannot guide this sample: every run of it would fail.
        """
        if guidance is not None:
            from core.method.guidable import (
                check_guidable,
            )  # brings scikit-learn, which commands that plan nothing do without

            check_guidable(guidance, sample)
        return cls(
            name=sample.name,
            path=str(path.absolute()),
            content_hash=sample.content_hash,
            annotation_hash=sample.annotation_hash,
            params=params,
            annotation=str(annotation_path(path.absolute(), sample.annotation_id)) if sample.annotation_id else "",
            annotated=sample.labels_true is not None,
            guided_by=None if guidance is None else GuidedBy.of(guidance),
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """One run to compute.

    Parameters
    ----------
    section : int
        Which sample, counted from 0.
    index : tuple of int
        Of the value of each knob of the grid; of a search, of its trial.
    params : MethodParams
        With the seed of its start.
    """

    section: int
    index: tuple[int, ...]
    params: MethodParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Everything that a sweep has to do.

    Parameters
    ----------
    sections : tuple of Section
    axes : tuple of Axis
        One or two, in the order of the method's steps; none for a search.
    search : Search, optional
    n_starts : int
        Runs of each setting, with seeds counted up from that of the section's settings.

    Raises
    ------
    ParameterError
        If there is nothing to do, too much, or a knob is named twice.
    """

    sections: tuple[Section, ...]
    axes: tuple[Axis, ...] = ()
    search: Search | None = None
    n_starts: int = 1

    def __post_init__(self) -> None:
        if not self.sections:
            raise ParameterError("A sweep needs a sample.")
        if (self.search is None) != (0 < len(self.axes) <= MOST_KNOBS):
            raise ParameterError("A sweep is a grid over one or two knobs, or a search: give one of them.")
        if any(axis.knob == "seed" for axis in self.axes) and self.n_starts > 1:
            raise ParameterError("Starts count the seed up by themselves: take either several starts or seeds.")
        check_once([axis.knob for axis in self.axes])
        by_content = {one.content_hash: one.guided_by for one in self.sections}
        if any(by_content[one.content_hash] != one.guided_by for one in self.sections):
            raise ParameterError(
                "Two samples of one content are guided by different things: sweep one after the other."
            )
        if self.n_starts > 1 and any(one.guided_by is not None and not one.guided_by.learns for one in self.sections):
            raise ParameterError("A reference gives the same domains from every start: take one.")
        if self.n_starts < 1:
            raise ParameterError(f"{self.n_starts} starts make no run: give 1 or more.")
        if self.n_runs > MOST_RUNS:
            raise ParameterError(f"This makes {self.n_runs:,} runs, but a sweep has at most {MOST_RUNS:,}.")

    @property
    def n_settings(self) -> int:
        """Number of settings or trials for each sample."""
        return self.search.n_trials if self.search else math.prod(len(axis.values) for axis in self.axes)

    @property
    def n_runs(self) -> int:
        """Number of all runs."""
        return len(self.sections) * self.n_settings * self.n_starts

    @property
    def knobs(self) -> tuple[str, ...]:
        """Knobs that vary."""
        return tuple(item.knob for item in (self.search.ranges if self.search else self.axes))

    @property
    def id(self) -> str:
        """Digest of the plan without paths, so that equal sweeps have equal ids."""
        facts = _as_named(as_json(self))
        for section in facts["sections"]:
            for where in ("path", "annotation", "annotated"):  # its digest says what the annotation is
                del section[where]
            if "guided_by" in section:
                section["guided_by"] = section["guided_by"]["digest"]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def check_knobs(self, others: Iterable[KnobPath] = ()) -> None:
        """Refuse to vary a knob that changes nothing.

        Parameters
        ----------
        others : iterable of KnobPath
            Knobs that were set for all runs.

        Raises
        ------
        ParameterError
            If a knob takes part in none of the runs.
        """
        for path, section in itertools.product((*map(knobs.path_of, self.knobs), *others), self.sections):
            knobs.check_takes_part(path, self._reached_from(section.params))
            if (guided_by := section.guided_by) is not None:
                guided_by.check_takes_part(path, self._reached_from(section.params))

    def _reached_from(self, params: MethodParams) -> Iterator[MethodParams]:
        """Give all settings that the knobs with choices allow; only these decide which knobs take part."""
        turned: Sequence[Axis | Range] = self.search.ranges if self.search else self.axes
        chosen = {
            item.knob_path: item.values if isinstance(item, Axis) else item.choices for item in turned if item.choices
        }
        for values in itertools.product(*chosen.values()):
            yield knobs.changed(params, dict(zip(chosen, values, strict=True)))

    def settings(self) -> list[Setting]:
        """List the runs of a grid, those with the same early steps as close together as the grid allows."""
        method = list(knobs.names())
        outer_first = sorted(range(len(self.axes)), key=lambda axis: method.index(self.axes[axis].knob_path))
        indices = itertools.product(*(range(len(self.axes[axis].values)) for axis in outer_first))
        found = []
        for section, ordered in itertools.product(range(len(self.sections)), indices):
            index = tuple(ordered[outer_first.index(axis)] for axis in range(len(self.axes)))
            values = {axis.knob_path: axis.values[at] for axis, at in zip(self.axes, index, strict=True)}
            found.extend(self.starts(section, index, values))
        return found

    def starts(self, section: int, index: tuple[int, ...], values: Mapping[KnobPath, Any]) -> list[Setting]:
        """List the runs of one setting on one sample.

        Parameters
        ----------
        section : int
        index : tuple of int
        values : mapping of KnobPath to object
            Of the knobs that vary.
        """
        params = knobs.changed(self.sections[section].params, values)
        return [Setting(section, index, nth_start(params, start)) for start in range(self.n_starts)]


@functools.lru_cache(maxsize=4096)
def run_key(content_hash: str, params: MethodParams) -> str:
    """Compute the key of a run from everything that its labels depend on.

    Parameters
    ----------
    content_hash : str
        Of the sample.
    params : MethodParams
    """
    return params_key(content_hash, params)


def as_json(sweep: Sweep) -> dict[str, Any]:
    """Write a sweep as plain values; parameters as one value for each knob, so that later versions can read it."""
    facts: dict[str, Any] = codec.as_plain(sweep)
    for plain, section in zip(facts["sections"], sweep.sections, strict=True):
        plain["params"] = knobs.as_flat(section.params)
        if section.guided_by is None:  # as an earlier version wrote it
            del plain["guided_by"]
    return facts


def from_json(facts: Mapping[str, Any]) -> Sweep:
    """Read a sweep back.

    Raises
    ------
    ParameterError
        If it is not a sweep of this version.
    """
    try:
        facts = _renewed(facts)
        written = [dict(section) for section in facts["sections"]]
        params = [knobs.from_flat(section.pop("params")) for section in written]
        defaults = codec.as_plain(MethodParams())
        sweep = codec.from_plain(Sweep, {**facts, "sections": [{**one, "params": defaults} for one in written]})
    except (CodecError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise ParameterError(f"This is no sweep of this version of the program: {error}.") from error
    pairs = zip(sweep.sections, params, strict=True)
    return dataclasses.replace(sweep, sections=tuple(dataclasses.replace(one, params=own) for one, own in pairs))


def _renewed(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read a plan of version 0.1: the hops that it turns become windows where all of its runs cluster spatial factors."""
    if not all(version_0_1.HOPS in section["params"] for section in facts["sections"]):
        return facts
    embeddings = _embeddings(facts)
    if len(embeddings) > 1 and "factors" in embeddings:
        raise ParameterError(
            "It turns the embedding, and was made by version 0.1, where spatial factors had no window: start it anew"
        )
    params = [version_0_1.renewed(section["params"]) for section in facts["sections"]]
    return _with_turned(facts, params, 1)


def _as_named(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write a plan as version 0.1 did, where it could have: sweeps keep the ids that it gave them."""
    then = [version_0_1.as_then(section["params"]) for section in facts["sections"]]
    if not all(version_0_1.HOPS in params for params in then) or len(embeddings := _embeddings(facts)) > 1:
        return facts
    return _with_turned(facts, then, -1 if embeddings == {"factors"} else 0)


def _embeddings(facts: Mapping[str, Any]) -> set[str]:
    """Collect the embeddings that the runs of a plan have."""
    axes, search = facts["axes"], facts["search"]
    turned = [value for axis in axes if axis["knob"] == "embedding" for value in axis["values"]]
    if search and any(item["knob"] == "embedding" for item in search["ranges"]):
        turned = list(knobs.declared(knobs.path_of("embedding")).metadata["choices"])
    return set(turned) or {section["params"]["embedding"] for section in facts["sections"]}


def _with_turned(facts: Mapping[str, Any], params: Sequence[Any], by: int) -> dict[str, Any]:
    sections = [{**section, "params": own} for section, own in zip(facts["sections"], params, strict=True)]
    search = facts["search"] and {**facts["search"], "ranges": version_0_1.shifted(facts["search"]["ranges"], by)}
    return {**facts, "sections": sections, "axes": version_0_1.shifted(facts["axes"], by), "search": search}
