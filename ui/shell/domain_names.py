"""What people call domains: remembered in the session by partition, and in the record with a kept run."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from core.evaluation.matching import Matching, domains_of, kept_domains
from core.io.export import renamed
from core.sample import Sample
from core.work.runs import Run
from core.work.runs.artifacts import labels_hash
from ui.data.kept_runs import KeptRun
from ui.data.record import record
from ui.shell import guards, known_runs

_NAMES = "names of domains"
MAX_NAMED = 200
"""Most partitions with names in a session."""


@dataclass(frozen=True, slots=True)
class _Names:
    """Names by cluster, and what they were before each change."""

    given: Mapping[int, str] = field(default_factory=dict)
    before: tuple[Mapping[int, str], ...] = ()


def domains(sample: Sample, labels: np.ndarray, run: Run | None = None) -> Matching:
    """Look up what all pages call the domains of a partition, which is that of a kept run if one is given."""
    kept = () if run is None else run.domains
    found = kept_domains(sample, labels, kept, run.annotation_hash) if run and kept else domains_of(sample, labels)
    return found if found.given else found.named(_names(sample, labels).given)


def of_runs(chosen: Sequence[KeptRun]) -> dict[str, Matching]:
    """Look up the domains of kept runs, by the id of the run, where labels and sample are here."""
    return {
        kept.run.id: domains(kept.sample, kept.result.labels, kept.run)
        for kept in chosen
        if kept.sample is not None and kept.result is not None
    }


def with_domains(chosen: Sequence[KeptRun]) -> list[KeptRun]:
    """Give kept runs what the session calls their domains: a file of them is made where there is no session."""
    found = of_runs(chosen)
    return [dataclasses.replace(kept, domains=found.get(kept.run.id)) for kept in chosen]


def rename(sample: Sample, found: Matching, cluster: int, name: str, run: Run | None) -> None:
    """Give a domain another name, or with no name its own again; a name that files cannot hold is refused on the page."""
    with guards.kept_for_the_page():
        name = name.strip() or found.own_names[cluster]
        renamed(np.array(list(found.layers)), {cluster: name})
        given = {**found.given, cluster: name}
        if name == found.own_names[cluster]:
            del given[cluster]
        before = (*_names(sample, found.labels).before, found.given)
        _store(sample, found, _Names(given, before), run)


def can_undo(sample: Sample, found: Matching) -> bool:
    """Whether a domain of this partition was renamed in this session."""
    return bool(_names(sample, found.labels).before)


def undo(sample: Sample, found: Matching, run: Run | None) -> None:
    """Take back the last change of a name of this partition."""
    with guards.kept_for_the_page():
        *before, last = _names(sample, found.labels).before
        _store(sample, found, _Names(last, tuple(before)), run)


def _store(sample: Sample, found: Matching, names: _Names, run: Run | None) -> None:
    if run is not None:
        known_runs.change(record().name_domains(run.id, names.given))
    key = _key(sample, found.labels)
    others = {known: value for known, value in _all().items() if known != key}
    st.session_state[_NAMES] = dict([*list(others.items())[1 - MAX_NAMED :], (key, names)])


def _names(sample: Sample, labels: np.ndarray) -> _Names:
    return _all().get(_key(sample, labels), _Names())


def _all() -> dict[tuple[str, str], _Names]:
    stored: dict[tuple[str, str], _Names] = st.session_state.get(_NAMES, {})
    return stored


def _key(sample: Sample, labels: np.ndarray) -> tuple[str, str]:
    return sample.content_hash, labels_hash(labels)
