"""The 12 whole sections of human cortex (DLPFC) from their public addresses, rewritten in the lab's format.

Counts and images lie in the bucket of spatialLIBD, positions, scale factors and layers in the repository
LieberInstitute/HumanPilot. Downloaded files stay until their section is written, so that a fetch that broke off resumes.
"""

import csv
import dataclasses
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import FetchError, SampleError
from core.io import OnProgress, lab
from core.io.incoming import ImportChoices
from core.io.public.download import OnBytes, Patience, Remote, download
from core.io.visium import spaceranger
from core.sample import UNANNOTATED, Sample
from core.text import shown

DONORS = {
    "Br5292": ("151507", "151508", "151509", "151510"),
    "Br5595": ("151669", "151670", "151671", "151672"),
    "Br8100": ("151673", "151674", "151675", "151676"),
}
"""Sections by donor; the second one has only layers 3 to 6 and white matter."""

DLPFC_SECTIONS = tuple(section for sections in DONORS.values() for section in sections)

KNOWN_SHA256: dict[str, str] = {}
"""sha256 of files by the end of their address; files listed here are checked."""

UNCHECKED = "No checksum is published for these files: their lengths were checked, and that they can be read."
"""Warning to show as long as :data:`KNOWN_SHA256` is empty."""

SCRATCH = ".dlpfc"
"""Folder inside the samples' folder that keeps files until their section is complete."""

_LAYERS = "10X/barcode_level_layer_map.tsv"
_LAYER_NAMES = {"WM": "WM", **{f"L{number}": f"Layer{number}" for number in range(1, 7)}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Addresses of the files: the public ones, or mirrors of them.

    Parameters
    ----------
    counts : str
        Holds `h5/` and `images/`.
    positions : str
        Holds `10X/`.
    """

    counts: str = "https://spatial-dlpfc.s3.us-east-2.amazonaws.com"
    positions: str = "https://raw.githubusercontent.com/LieberInstitute/HumanPilot/master"

    @classmethod
    def configured(cls) -> "Sources":
        """Take the addresses that `SPCA_DLPFC_COUNTS` and `SPCA_DLPFC_POSITIONS` name, else the public ones.

        Returns
        -------
        Sources
        """
        default = cls()
        counts = os.environ.get("SPCA_DLPFC_COUNTS") or default.counts
        positions = os.environ.get("SPCA_DLPFC_POSITIONS") or default.positions
        return cls(counts=counts.rstrip("/"), positions=positions.rstrip("/"))


@dataclass(frozen=True, slots=True)
class _Piece:
    """One file of a section: its name in Space Ranger's layout, and roughly how large it is."""

    name: str
    remote: Remote
    typical_bytes: int


def fetch_dlpfc(
    folder: str | os.PathLike[str],
    *,
    sections: Sequence[str] | None = None,
    progress: OnProgress | None = None,
    sources: Sources | None = None,
    patience: Patience | None = None,
) -> list[Path]:
    """Fetch whole sections and write them as samples.

    Parameters
    ----------
    folder : path-like
        Where `<section>_full.h5` are written; made if it is not there. Files that this function wrote before are kept
        and not downloaded again.
    sections : sequence of str, optional
        Some of :data:`DLPFC_SECTIONS`; all by default.
    progress : callable, optional
        Called with the share done (0 to 1) and what is being done; what it raises ends the fetch.
    sources : Sources, optional
        Those of the environment by default.
    patience : Patience, optional
        With bad connections.

    Returns
    -------
    list of Path
        The files, in the order of `sections`.

    Raises
    ------
    FetchError
        If a section is unknown, if a file cannot be downloaded or is not what was expected, or if a file of the same name
        that this function did not write is in the way.
    SampleFileError
        If a file cannot be written.
    """
    folder, chosen = Path(folder), _checked(sections)
    missing = [section for section in chosen if not _is_here(folder, section)]
    fetched = _Section(folder / SCRATCH, sources or Sources.configured(), patience)
    for number, section in enumerate(missing):
        fetched.write(section, sample_path(folder, section), _part_of(progress, number, len(missing)))
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    if progress is not None:
        progress(1.0, "Done")
    return [sample_path(folder, section) for section in chosen]


def sample_path(folder: Path, section: str) -> Path:
    """Name the file of a whole section; parts of four sections come with the product as `<section>.h5`.

    Parameters
    ----------
    folder : Path
    section : str

    Returns
    -------
    Path
    """
    return folder / f"{section}_full.h5"


class _Section:
    """Downloads the files of one section after another, and reads them."""

    def __init__(self, scratch: Path, sources: Sources, patience: Patience | None) -> None:
        self._scratch, self._places, self._patience = scratch, sources, patience

    def write(self, section: str, path: Path, tell: OnProgress) -> None:
        self._download(section, tell)
        tell(0.95, f"{section}: reading and writing")
        lab.write(self._read(section), path)
        shutil.rmtree(self._scratch / section, ignore_errors=True)

    def _download(self, section: str, tell: OnProgress) -> None:
        pieces = self._pieces(section)
        whole, before = sum(piece.typical_bytes for piece in pieces), 0
        for piece in pieces:
            path = self._scratch / piece.name
            report = _report_of_bytes(
                tell, section, path.name, 0.95 * before / whole, 0.95 * piece.typical_bytes / whole
            )
            if not path.exists():
                download(piece.remote, path, on_bytes=report, patience=self._patience)
            before += piece.typical_bytes

    def _pieces(self, section: str) -> list[_Piece]:
        """In Space Ranger's layout, where the table of positions has another name than in the repository."""
        counts, positions = self._places.counts, f"{self._places.positions}/10X/{section}"
        spatial = f"{section}/spatial"
        return [
            _piece("layers.tsv", f"{self._places.positions}/{_LAYERS}", 1_400_000, 64 << 20),
            _piece(f"{spatial}/scalefactors_json.json", f"{positions}/scalefactors_json.json", 200, 1 << 20),
            _piece(f"{spatial}/tissue_positions_list.csv", f"{positions}/tissue_positions_list.txt", 200_000, 64 << 20),
            _piece(f"{spatial}/tissue_lowres_image.png", f"{counts}/images/{section}_tissue_lowres_image.png", 500_000, 64 << 20),
            _piece(f"{section}/filtered_feature_bc_matrix.h5", f"{counts}/h5/{section}_filtered_feature_bc_matrix.h5", 20_000_000, 1 << 30),
        ]  # fmt: skip

    def _read(self, section: str) -> Sample:
        folder = self._scratch / section
        try:
            sample = spaceranger.read(folder, ImportChoices())
            return dataclasses.replace(
                sample,
                name=f"{section}_full",
                labels_true=_labels(sample, _layers(self._scratch / "layers.tsv", section)),
                source=_source(section),
            )
        except SampleError as error:
            # Otherwise the same damaged files would be read again each time.
            shutil.rmtree(folder, ignore_errors=True)
            (self._scratch / "layers.tsv").unlink(missing_ok=True)
            raise FetchError(f"The files of section {section} cannot be read, and were deleted: {error}") from error


def _piece(name: str, address: str, typical_bytes: int, max_bytes: int) -> _Piece:
    sha256 = next((value for end, value in KNOWN_SHA256.items() if address.endswith(end)), "")
    return _Piece(name, Remote(address=address, max_bytes=max_bytes, sha256=sha256), typical_bytes)


def _checked(sections: Sequence[str] | None) -> list[str]:
    chosen = list(dict.fromkeys(DLPFC_SECTIONS if sections is None else sections))
    unknown = [section for section in chosen if section not in DLPFC_SECTIONS]
    if unknown:
        raise FetchError(f"There is no section {shown(unknown[0], 40)!r}; there are {', '.join(DLPFC_SECTIONS)}.")
    return chosen


def _is_here(folder: Path, section: str) -> bool:
    path = sample_path(folder, section)
    if not path.exists():
        return False
    try:
        ours = lab.read(path).source.startswith(_source_start(section))
    except SampleError:
        ours = False
    if not ours:
        raise FetchError(
            f"{path} is in the way: it was not written by this command. Rename it or choose another folder."
        )
    return True


def _part_of(progress: OnProgress | None, number: int, n_parts: int) -> OnProgress:
    def tell(share: float, text: str) -> None:
        if progress is not None:
            progress((number + share) / n_parts, text)

    return tell


def _report_of_bytes(tell: OnProgress, section: str, name: str, start: float, width: float) -> OnBytes:
    def on_bytes(done: int, total: int | None) -> None:
        of = "" if total is None else f" of {total / 1e6:.1f}"
        tell(start + width * (done / total if total else 0.0), f"{section}: {name}, {done / 1e6:.1f}{of} MB")

    return on_bytes


def _layers(path: Path, section: str) -> dict[str, str]:
    """Read the layer of each annotated spot of a section: barcode, section and layer in each line, without a header."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file, delimiter="\t") if len(row) == 3 and row[1] == section]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SampleError(f"the table of layers is damaged ({type(error).__name__}).") from error
    layers = {barcode: _LAYER_NAMES.get(layer, UNANNOTATED) for barcode, _, layer in rows}
    if not layers:
        raise SampleError(f"the table of layers has none for section {section}.")
    return layers


def _labels(sample: Sample, layers: dict[str, str]) -> np.ndarray:
    barcodes = [] if sample.barcodes is None else sample.barcodes.tolist()
    labels = np.array([layers.get(barcode, UNANNOTATED) for barcode in barcodes])
    if not (labels != UNANNOTATED).any():
        raise SampleError("no spot is in the table of layers.")
    return labels


def _source(section: str) -> str:
    donor = next(name for name, sections in DONORS.items() if section in sections)
    return (
        f"{_source_start(section)} human dorsolateral prefrontal cortex, donor {donor}, Visium: the genes in at least 10% of "
        "its spots. Maynard et al., Nature Neuroscience 2021, doi 10.1038/s41593-020-00787-0; counts and image as "
        "spatialLIBD publishes them, positions and layers from LieberInstitute/HumanPilot (Artistic-2.0)."
    )


def _source_start(section: str) -> str:
    return f"Whole section {section} of the"
