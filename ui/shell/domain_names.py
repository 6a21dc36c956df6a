"""What people call domains: remembered in the session by partition, and in the record with a kept run."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from core.evaluation.matching import Matching, domains_of, kept_domains
from core.io.export import renamed
from core.recent import with_latest
from core.sample import Sample
from core.work.runs import Run
from core.work.runs.artifacts import labels_hash
from ui.data.kept_runs import KeptRun
from ui.data.record import record
from ui.shell import guards, known_runs

_NAMES = "names of domains"
MAX_NAMED = 200
"""Most partitions with names in a session."""


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Domains that people can rename, of one section or of several that were clustered as one.

    Parameters
    ----------
    key : (str, str)
        Names their partition.
    found : Matching
        With the names that people gave.
    runs : tuple of Run
        Kept runs of the partition, which have the names, too: one for each section.
    """

    key: tuple[str, str]
    found: Matching
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True)
class _Names:
    """Names by cluster, and what they were before each change."""

    given: Mapping[int, str] = field(default_factory=dict)
    before: tuple[Mapping[int, str], ...] = ()


def domains(sample: Sample, labels: np.ndarray, run: Run | None = None) -> Matching:
    """Look up what all pages call the domains of a partition, which is that of a kept run if one is given."""
    kept = () if run is None else run.domains
    if run is None or not kept:
        found = domains_of(sample, labels)
    else:
        found = kept_domains(sample, labels, kept, run.annotation_hash, together=bool(run.together))
    return found if found.given else found.named(_names(_key([sample], labels)).given)


def of_section(sample: Sample, found: Matching, run: Run | None) -> Named:
    """Offer the domains of a section to be renamed."""
    return Named(_key([sample], found.labels), found, () if run is None else (run,))


def of_sections(samples: Sequence[Sample], found: Matching, runs: Sequence[Run] = ()) -> Named:
    """Offer the domains of several sections, whose labels stand one after another, to be renamed, with the names that they have."""
    key = _key(samples, found.labels)
    return Named(key, found.named(_names(key).given), tuple(runs))


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


def rename(domains: Named, cluster: int, name: str) -> None:
    """Give a domain another name, or with no name its own again; a name that files cannot hold is refused on the page."""
    rename_all(domains, {cluster: name})


def rename_all(domains: Named, names: Mapping[int, str]) -> None:
    """Give several domains other names, as one change."""
    found = domains.found
    with guards.kept_for_the_page():
        wanted = {cluster: name.strip() or found.own_names[cluster] for cluster, name in names.items()}
        renamed(np.array(list(found.layers)), wanted)
        given = {
            cluster: name for cluster, name in {**found.given, **wanted}.items() if name != found.own_names[cluster]
        }
        _store(domains, _Names(given, (*_names(domains.key).before, found.given)))


def can_undo(domains: Named) -> bool:
    """Whether a domain of this partition was renamed in this session."""
    return bool(_names(domains.key).before)


def undo(domains: Named) -> None:
    """Take back the last change of a name of this partition."""
    with guards.kept_for_the_page():
        *before, last = _names(domains.key).before
        _store(domains, _Names(last, tuple(before)))


def _store(domains: Named, names: _Names) -> None:
    for run in domains.runs:
        known_runs.change(record().name_domains(run.id, _in_run(names.given, run)))
    st.session_state[_NAMES] = with_latest(_all(), domains.key, names, MAX_NAMED)


def _in_run(given: Mapping[int, str], run: Run) -> dict[int, str]:
    """Choose the names of domains that the run has: one of several sections need not have all."""
    there = {domain.cluster for domain in run.domains} or set(given)  # an older version kept none
    return {cluster: name for cluster, name in given.items() if cluster in there}


def _names(key: tuple[str, str]) -> _Names:
    return _all().get(key, _Names())


def _all() -> dict[tuple[str, str], _Names]:
    stored: dict[tuple[str, str], _Names] = st.session_state.get(_NAMES, {})
    return stored


def _key(samples: Sequence[Sample], labels: np.ndarray) -> tuple[str, str]:
    return "+".join(sample.content_hash for sample in samples), labels_hash(labels)
