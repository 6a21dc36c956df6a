"""Background jobs of the Add data page: survey a source, prepare the sample, fetch public sections."""

from collections.abc import Callable
from typing import Any

from core.folders import samples_folder
from core.io.public.dlpfc import Sources
from core.params import params_key
from core.text import counted
from core.work import bringing
from core.work.board.board import About, Job
from ui.add_data.state import Incoming
from ui.data import jobs


def survey(incoming: Incoming, *, anew: bool = False) -> Job:
    """Survey a source, or find the job that did (its result is a `core.io.incoming.Survey`); `anew` repeats it after a failure."""
    key = _incoming_key(incoming, "look", *_labels(incoming))
    about = About(what="Check", sample=incoming.source.called)
    return _found_or_started(key, anew, about, bringing.look, incoming.source)


def prepare(incoming: Incoming, *, anew: bool = False) -> Job:
    """Make the sample from a source and its choices, or find the job that did: a lab file in the private folder of `incoming`."""
    key = _incoming_key(incoming, "prepare", params_key(incoming.choices, *_labels(incoming)))
    out = incoming.draft.folder / key / "preview.h5"
    about = About(what="Import", sample=incoming.source.called)
    return _found_or_started(key, anew, about, bringing.prepare, incoming.source, incoming.choices, out)


def bring_each(incoming: Incoming, sections: tuple[str, ...], *, anew: bool = False) -> Job:
    """Save every section of a source as a sample, or find the job that does."""
    key = _incoming_key(incoming, "each", params_key(incoming.choices, *_labels(incoming)))
    about = About(what=f"Import of {counted(len(sections), 'section')}", sample=incoming.source.called)
    return _found_or_started(
        key, anew, about, bringing.bring_each, incoming.source, incoming.choices, sections, samples_folder()
    )


def _labels(incoming: Incoming) -> tuple[str, ...]:
    source = incoming.source
    return str(source.annotation_csv), str(source.table_section), str(source.section), str(source.axes)


def end_work_on(incoming: Incoming) -> None:
    """Cancel the jobs of a source."""
    for job in jobs.board().jobs():
        if job.key.startswith(_incoming_key(incoming)) and not job.finished:
            jobs.cancel(job.id)


def fetch(collection: str, sections: tuple[str, ...]) -> None:
    """Start to fetch public sections; each collection has one fetch at a time."""
    folder = samples_folder()
    key = _fetch_key(collection)
    sources = Sources.configured()
    jobs.board().submit(
        key,
        bringing.fetch,
        collection,
        sections,
        folder,
        sources,
        owner=jobs.owner(),
        again=True,
        at_home=True,
        lasting=True,
        about=About(what=f"Fetch of {counted(len(sections), 'section')}"),
    )


def fetching(collection: str) -> Job | None:
    """Look up the last fetch of a collection, whoever started it."""
    return jobs.board().find(_fetch_key(collection))


def _fetch_key(collection: str) -> str:
    return params_key("fetch", collection, str(samples_folder()))


def _incoming_key(incoming: Incoming, *parts: str) -> str:
    return "-".join(("incoming", incoming.draft.folder.name, *(params_key(part) for part in parts)))


def _found_or_started(key: str, anew: bool, about: About, task: Callable[..., Any], *args: Any) -> Job:
    known = jobs.board().find(key)
    if known is not None and not anew:
        return known
    started = jobs.board().job(jobs.board().submit(key, task, *args, owner=jobs.owner(), at_home=True, about=about))
    return started or Job(id=key, key=key)
