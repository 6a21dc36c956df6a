"""What guides the runs of a sweep: named in its plan, kept whole beside it, read by its workers.

The plan has a digest, and the file has that name: a sweep that is guided by anything else is another sweep.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.errors import ParameterError
from core.files import written_whole
from core.guidance import MAX_BYTES, Guidance, Kind, from_json
from core.knobs import KnobPath, names, takes_part
from core.params import MethodParams
from core.work.cluster import depot

_X_WEIGHT: KnobPath = ("clustering", "x_weight")
_SEED: KnobPath = ("clustering", "random_state")
_OF_LABEL_FREE = {path for path in names() if path[0] in ("clustering", "refinement")} - {_X_WEIGHT}
_DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidedBy:
    """What guides the runs of a section, in short.

    Parameters
    ----------
    digest : str
        As :attr:`core.guidance.Guidance.digest`.
    kind : {"strokes", "reference", "markers"}
    n_painted : int
        Number of painted spots.
    others : bool
        Whether domains that nobody painted may exist.
    words : str
        As :meth:`core.guidance.Guidance.in_words`.

    Raises
    ------
    ParameterError
        If the digest is none: a file has its name.
    """

    digest: str
    kind: Kind
    n_painted: int = 0
    others: bool = False
    words: str = ""

    def __post_init__(self) -> None:
        if _DIGEST.fullmatch(self.digest) is None:
            raise ParameterError("What guides its runs is not named by a digest")

    @classmethod
    def of(cls, guidance: Guidance) -> "GuidedBy":
        """Name a guidance by its content."""
        return cls(
            digest=guidance.digest,
            kind=guidance.kind,
            n_painted=guidance.n_painted,
            others=guidance.others,
            words=guidance.in_words(),
        )

    @property
    def learns(self) -> bool:
        """Whether a seed plays a part: what is painted or marked is learnt from label-free fits, a reference is not."""
        return self.kind != "reference" or self.n_painted > 0

    def takes_part(self, params: MethodParams, path: KnobPath) -> bool:
        """Check whether a knob counts in guided runs, as :func:`core.knobs.takes_part` does in others."""
        if path == _X_WEIGHT:  # against depth: there is no other distance here
            return params.direction.method != "off"
        if path == _SEED and self.learns:
            return True
        # Label-free domains stay beside the painted ones, or tell the direction.
        found_first = self.others or (path[0] == "clustering" and params.direction.method == "preclustering")
        return (found_first or path not in _OF_LABEL_FREE) and takes_part(params, path)

    def check_takes_part(self, path: KnobPath, settings: Iterable[MethodParams]) -> None:
        """Refuse to turn a knob that does not count, as :func:`core.knobs.check_takes_part` does in others."""
        if any(self.takes_part(params, path) for params in settings):
            return
        if path == _X_WEIGHT:
            raise ParameterError("x_weight changes nothing in guided domains without a direction: leave it out.")
        if path == _SEED:
            raise ParameterError("A reference gives the same domains whatever the seed is: leave seed out.")
        raise ParameterError(
            f"{names()[path]} is of label-free domains, and guided ones are those that were painted or taught: leave it out, or "
            "let domains that nobody painted exist (--others)."
        )


@dataclass(frozen=True, slots=True)
class GuidanceFile:
    """A guidance, for a process that has none.

    Parameters
    ----------
    path : Path
        On the client.
    digest : str
        Of its content.
    """

    path: Path
    digest: str

    @classmethod
    def within(cls, folder: Path, digest: str) -> "GuidanceFile":
        """Name the file of a guidance in a folder."""
        return cls(folder / f"{digest}.json", digest)

    def write(self, guidance: Guidance) -> None:
        """Write a guidance, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(self.path) as draft:
            draft.write_bytes(guidance.to_json())

    def read(self, n_spots: int) -> Guidance:
        """Read it, here or on a worker that shares no folder with the client.

        Parameters
        ----------
        n_spots : int
            Of the sample.

        Raises
        ------
        ParameterError
            If it is missing, damaged, or another guidance.
        """
        try:
            with self.here().open("rb") as file:
                guidance = from_json(file.read(MAX_BYTES + 1), n_spots)
        except OSError as error:
            raise ParameterError(
                f"What guides the runs of this sweep is not here: {error.strerror}. {_AGAIN}"
            ) from error
        except ParameterError as error:
            raise ParameterError(f"What guides the runs of this sweep is damaged. {error} {_AGAIN}") from error
        if guidance.digest != self.digest:
            raise ParameterError(f"What guides the runs of this sweep was changed since it was started. {_AGAIN}")
        return guidance

    def here(self) -> Path:
        """Name the file on this machine, where the client may have to send it first."""
        if (own := depot.own_depot()) is None:
            return self.path
        name = f"{self.digest}-guidance.json"
        own.bring((self.path,), (name,))
        return own.folder / name


_AGAIN = "Start the sweep again from what guides it: runs that are recorded are not made again."
