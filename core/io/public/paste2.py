"""Public, labelled tissue with a free licence: downloaded in its archive and rewritten in the lab's format.

The archive is checked against a known sha256 before anything is unpacked. Its sections are read with h5py as plain
numbers and text; nothing of the package in the archive is imported or run.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from scipy import sparse

from core.errors import FetchError, SampleError
from core.io import OnProgress, genes, lab
from core.sample import UNANNOTATED, Sample

PASTE2_SECTIONS = ("151673", "151674", "151675", "151676")
"""The sections in the archive, all of donor Br8100."""

PASTE2_SHA256 = "464dc77317e28df96e34ab2cd82d057411c5d62bf015faf774c926beef1b663a"
"""sha256 of `paste2-1.0.1.tar.gz`, as the Python package index lists it."""

N_TOP_GENES = 2000
"""How many of the most variable genes are kept, so that a section stays below 4 MB."""

_ARCHIVE = "paste2-1.0.1"
_REQUIREMENT = "paste2==1.0.1"
_MAX_SECTION_BYTES = 128 << 20  # the largest is 66 MB
_DOWNLOAD_SECONDS = 1800
_SECONDS_BETWEEN_LOOKS = 0.1


def fetch_paste2(
    folder: str | os.PathLike[str], *, sections: Sequence[str] | None = None, progress: OnProgress | None = None
) -> list[Path]:
    """Fetch the DLPFC sections of the `paste2` source archive and write them as samples.

    Parameters
    ----------
    folder : path-like
        Where `<section>.h5` are written; made if it is not there.
    sections : sequence of str, optional
        Some of :data:`PASTE2_SECTIONS`; all by default.
    progress : callable, optional
        Called with the share done (0 to 1) and what is being done.

    Returns
    -------
    list of Path
        The files written, in the order of `sections`.

    Raises
    ------
    FetchError
        If pip cannot download the archive, if it is not the expected one, or if a file of the same name that this
        function did not write is in the way.
    SampleFileError
        If a file cannot be written.

    See Also
    --------
    unpack_paste2 : the same from an archive that is already here.
    """
    _check_folder(Path(folder), _checked_sections(sections))
    _tell(progress, 0.0, "Downloading 47 MB")
    with tempfile.TemporaryDirectory() as scratch:
        archive = download_paste2(scratch, progress=progress)
        return unpack_paste2(archive, folder, sections=sections, progress=progress)


def download_paste2(folder: str | os.PathLike[str], *, progress: OnProgress | None = None) -> Path:
    """Download the source archive with pip, which checks its sha256 against the known one.

    Parameters
    ----------
    folder : path-like
        Where the archive is put.
    progress : callable, optional
        Called while pip works; what it raises ends pip.

    Returns
    -------
    Path
        `paste2-1.0.1.tar.gz` in `folder`.

    Raises
    ------
    FetchError
        If pip is missing or reports an error.

    Notes
    -----
    pip reads the metadata of a source archive through its build backend, hatchling. Without build isolation it takes
    the installed one, so that nothing unhashed is downloaded.
    """
    folder = Path(folder)
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{_REQUIREMENT} --hash=sha256:{PASTE2_SHA256}\n", encoding="ascii")
    _run_pip("download", "--no-deps", "--no-binary", "paste2", "--no-build-isolation", "--require-hashes",
             "--requirement", str(requirement), "--dest", str(folder), folder=folder, progress=progress)  # fmt: skip
    archive = folder / f"{_ARCHIVE}.tar.gz"
    if not archive.is_file():
        raise FetchError(f"pip downloaded no {archive.name}: do pip's settings offer a wheel of paste2 instead?")
    return archive


def unpack_paste2(
    archive: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    sections: Sequence[str] | None = None,
    sha256: str = PASTE2_SHA256,
    progress: OnProgress | None = None,
) -> list[Path]:
    """Write the sections of an archive that is already here as samples.

    Parameters
    ----------
    archive : path-like
        `paste2-1.0.1.tar.gz`.
    folder, sections, progress
        As for :func:`fetch_paste2`.
    sha256 : str
        What the archive must hash to, in hexadecimal digits.

    Returns
    -------
    list of Path
        The files written, in the order of `sections`.

    Raises
    ------
    FetchError
        If the archive is not the expected one, or if a file of the same name that this function did not write is in
        the way.
    SampleFileError
        If a file cannot be written.
    """
    chosen, archive, folder = _checked_sections(sections), Path(archive), Path(folder)
    _check_folder(folder, chosen)
    _check_sha256(archive, sha256)
    written = []
    with tempfile.TemporaryDirectory() as scratch:
        _extract(archive, chosen, Path(scratch))
        for number, section in enumerate(chosen):
            _tell(progress, number / len(chosen), f"Writing {section}")
            sample = read_paste2_section(Path(scratch) / f"{section}.h5ad")
            written.append(folder / f"{section}.h5")
            lab.write(sample, written[-1])
    _tell(progress, 1.0, "Done")
    return written


def read_paste2_section(path: str | os.PathLike[str]) -> Sample:
    """Read one section of the archive, cut down to its most variable genes.

    Parameters
    ----------
    path : path-like
        `<section>.h5ad` of the archive.

    Returns
    -------
    Sample
        Counts as int32, :data:`N_TOP_GENES` genes named by symbol, labels `Layer1` .. `Layer6` and `WM`, lattice,
        barcodes, pixel positions and colours.

    Raises
    ------
    FetchError
        If the file is damaged or laid out differently.
    """
    path = Path(path)
    with _expected_layout(path.name), h5py.File(path, "r") as file:
        counts = _counts(file)
        kept = genes.most_variable(counts, N_TOP_GENES)
        obs, pixels = file["obs"], file["obsm/spatial"][:]
        return Sample(
            name=path.stem,
            expression=counts[:, kept].toarray(),
            lattice=np.column_stack([obs["array_row"][:], obs["array_col"][:]]).astype(np.int32),
            labels_true=_labels(obs["layer_guess_reordered_short"]),
            gene_names=_index(file["var"])[kept],
            barcodes=_barcodes(obs),
            # The archive has (x, y); a sample has (row, column), which is exchanged here and only here.
            coords_px=pixels[:, ::-1].astype(np.float64),
            spot_rgb=np.rint(file["obsm/rgb"][:]).astype(np.uint8),
            source=_source(path.stem, counts.shape[1]),
        )


def _tell(progress: OnProgress | None, share: float, doing: str) -> None:
    if progress is not None:
        progress(share, doing)


def _checked_sections(sections: Sequence[str] | None) -> list[str]:
    chosen = list(PASTE2_SECTIONS if sections is None else sections)
    unknown = [section for section in chosen if section not in PASTE2_SECTIONS]
    if unknown:
        raise FetchError(f"The archive has no section {unknown[0]!r}; it has {', '.join(PASTE2_SECTIONS)}.")
    return chosen


def _run_pip(*arguments: str, folder: Path, progress: OnProgress | None) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check", *arguments]
    try:
        # Run in the scratch folder: `-m` imports from where it is started, before anything installed.
        with (
            (folder / "pip.log").open("w+b") as log,
            subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as pip,  # noqa: S603 - our own arguments, no shell
        ):
            status = _wait_for(pip, progress)
            log.seek(0)
            message = log.read().decode(errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"pip could not download {_REQUIREMENT} ({type(error).__name__}): try again later.") from error
    if status:
        raise FetchError(_pip_problem(message))


def _wait_for(pip: "subprocess.Popen[bytes]", progress: OnProgress | None) -> int:
    until = time.monotonic() + _DOWNLOAD_SECONDS
    try:
        while pip.poll() is None:
            _tell(progress, 0.0, "Downloading 47 MB")
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(pip.args, _DOWNLOAD_SECONDS)
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    except BaseException:
        pip.kill()  # leaving the block waits for it
        raise
    return pip.returncode


def _pip_problem(message: str) -> str:
    """Summarize pip's output in one sentence."""
    if "No module named pip" in message:
        return "The public data are downloaded by pip, which this Python lacks: run `python -m ensurepip` first."
    if "DO NOT MATCH THE HASHES" in message:
        return (
            f"pip was offered another archive than the known one as {_REQUIREMENT} (its sha256 differs) and refused it: "
            "check which package index pip is set to use."
        )
    if "hatchling" in message:
        return (
            f"pip needs the package hatchling to read the archive of {_REQUIREMENT}: install it with "
            "`python -m pip install -r requirements.txt`."
        )
    errors = [line.removeprefix("ERROR: ") for line in message.splitlines() if line.startswith("ERROR: ")]
    reason = errors[-1][:200].rstrip(".") if errors else "it gave no reason"
    return f"pip could not download {_REQUIREMENT} ({reason}): check the network connection and pip's package index."


def _check_sha256(archive: Path, expected: str) -> None:
    try:
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FetchError(f"The archive {archive} cannot be read ({error.strerror}).") from error
    if found != expected:
        raise FetchError(
            f"{archive.name} is not the known archive (its sha256 begins with {found[:12]}, not with {expected[:12]}): "
            "it was not unpacked. Download it again."
        )


def _check_folder(folder: Path, sections: Sequence[str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"The folder {folder} cannot be made ({error.strerror}): choose another.") from error
    for section in sections:
        path = folder / f"{section}.h5"
        if path.exists() and not _is_ours(path, section):
            raise FetchError(
                f"{path} is in the way: it was not written by this command. Rename it or choose another folder."
            )


def _is_ours(path: Path, section: str) -> bool:
    try:
        return lab.read(path).source.startswith(_source_start(section))
    except SampleError:
        return False


def _extract(archive: Path, sections: Sequence[str], scratch: Path) -> None:
    """Copy the named members out of the archive, under new names."""
    wanted = {f"{_ARCHIVE}/sample_data/{section}.h5ad": scratch / f"{section}.h5ad" for section in sections}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                if member.name in wanted:
                    _copy_member(tar, member, wanted[member.name])
    # A damaged stream comes out of gzip as any of the last three.
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise FetchError(f"{archive.name} cannot be unpacked ({type(error).__name__}): download it again.") from error
    missing = [path.name for path in wanted.values() if not path.exists()]
    if missing:
        raise FetchError(f"{archive.name} does not hold {missing[0]}: it is not the archive that was expected.")


def _copy_member(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    content = tar.extractfile(member) if member.isreg() else None
    if content is None or member.size > _MAX_SECTION_BYTES:
        raise FetchError(f"{target.name} in the archive is no plain file of the expected size: it was not unpacked.")
    with content, target.open("wb") as out:
        shutil.copyfileobj(content, out)


@contextmanager
def _expected_layout(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, LookupError, TypeError, ValueError, RuntimeError, SampleError) as error:
        raise FetchError(
            f"{name} in the archive cannot be read as a section ({type(error).__name__}: {str(error)[:120]}): "
            "it is damaged or laid out differently."
        ) from error


def _counts(file: h5py.File) -> sparse.csr_array:
    group = file["X"]
    values = group["data"][:]
    if not (np.isfinite(values).all() and (values == np.rint(values)).all()):
        raise ValueError("X holds no whole counts")
    parts = (values.astype(np.int32), group["indices"][:], group["indptr"][:])
    n_spots, n_genes = group.attrs["shape"]
    counts = sparse.csr_array(parts, shape=(int(n_spots), int(n_genes)))
    counts.check_format(full_check=True)
    return counts


def _index(table: h5py.Group) -> np.ndarray:
    return np.asarray(table[table.attrs["_index"]].asstr()[:], dtype=str)


def _labels(column: h5py.Group) -> np.ndarray:
    categories = [str(name).replace("L", "Layer") for name in column["categories"].asstr()[:]]
    # The code of a spot without a layer is -1: the last entry.
    codes = np.asarray(column["codes"][:])
    labels: np.ndarray = np.array([*categories, UNANNOTATED])[codes]
    return labels


def _barcodes(obs: h5py.Group) -> np.ndarray:
    # anndata made barcodes unique over sections (AAACAATCTACTAGCA-1.3); Space Ranger's are AAACAATCTACTAGCA-1.
    return np.array([barcode.partition(".")[0] for barcode in _index(obs)])


def _source(section: str, n_genes: int) -> str:
    return (
        f"{_source_start(section)} human dorsolateral prefrontal cortex, donor Br8100, Visium: not all of its spots, and "
        f"the {N_TOP_GENES} most variable of {n_genes} genes. Maynard et al., Nature Neuroscience 2021, "
        "doi 10.1038/s41593-020-00787-0; from the source archive of paste2 1.0.1, Copyright (c) 2023 Princeton "
        "University, BSD-3-Clause."
    )


def _source_start(section: str) -> str:
    return f"Part of section {section} of the"
